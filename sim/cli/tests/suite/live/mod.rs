//! Live providers on loopback: what is sent, what comes back, and servers that mean harm.

mod command;
mod hostile;
mod lanes;
mod server;
