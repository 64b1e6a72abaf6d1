//! Live providers on loopback: requests, replies, and hostile servers.

mod command;
mod commands;
mod fork;
mod hostile;
mod lanes;
mod server;
mod stopped;
