//! Live providers on loopback: requests, replies, and hostile servers.

mod command;
mod commands;
mod hostile;
mod lanes;
mod served;
mod server;
mod stopped;
