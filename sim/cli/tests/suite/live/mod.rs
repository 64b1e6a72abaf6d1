//! `sim live` against a scripted provider on loopback.

mod command;
mod commands;
mod fork;
mod served;
#[path = "../../../../live/tests/suite/server.rs"]
mod server;
mod stopped;
