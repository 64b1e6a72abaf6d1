//! `sim serve` as its clients see it: real connections on loopback, a third-party
//! client, and the bus as the judge of every response.

mod client;
mod command;
mod limits;
mod order;
mod protocols;
mod recordings;
mod trouble;
