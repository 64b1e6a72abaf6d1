//! The protocols as their clients see them, without a socket.

mod answers;
mod schema_values;
mod tools;
