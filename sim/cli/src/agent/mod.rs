//! The agent: a command of the user's that is run against a server of this program.
//!
//! [`AgentCommand`] finds the program before anything else is done, [`environment`] says which
//! variables lead its clients here, [`Agent`] runs it and ends it in order.

pub(crate) mod environment;
pub(crate) mod process;
pub(crate) mod services;

pub(crate) use process::{Agent, AgentCommand};
