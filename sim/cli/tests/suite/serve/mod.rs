//! `sim serve` as its clients see it: real connections on loopback, a client that nobody here
//! wrote, and the bus as the judge of what came.

mod client;
mod command;
mod limits;
mod order;
mod protocols;
mod recordings;
mod trouble;
