//! A run: the driver that makes it, and its header, tape, journal and manifest on disk.
//!
//! Never decides what a record says. Bytes written here are read back strictly: a file that is
//! not exactly what this version writes is an error that names the place.

pub mod chain_reader;
pub mod directory;
pub mod discipline;
pub mod document;
pub mod draws_chain;
pub mod driver;
pub mod error;
pub mod header;
mod line_writer;
pub mod manifest;
pub mod prefix;
pub mod retry;
pub mod tape;

pub use directory::{RunDirectory, RunWriter};
pub use document::DocumentError;
pub use draws_chain::DrawsChain;
pub use driver::{Driver, DriverConfig};
pub use error::{Blame, RunIoError};
pub use header::{Header, Profile};
pub use manifest::{Gate, Manifest};
pub use prefix::{Prefix, read_parts, read_prefix, truncate_torn};
