//! Quotas, faults, history and the bounds of the in-memory world.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod faults;
mod history;
mod properties;
mod quotas;
mod shell_cases;

use turingos::manifold::WorldFaultCode;
use turingos::pointer::WorkspacePath;
use turingos::{Digest, Manifold};

fn path(text: &str) -> WorkspacePath {
    text.parse().unwrap()
}

fn write(world: &mut impl Manifold, name: &str, content: &str) -> Result<(), WorldFaultCode> {
    world
        .write(&path(name), content, Digest::of(content.as_bytes()), 5)
        .map_err(|fault| fault.code)
}

fn read(world: &mut impl Manifold, name: &str) -> Result<String, WorldFaultCode> {
    let mut content = String::new();
    world
        .read(&path(name), &mut content)
        .map_err(|fault| fault.code)?;
    Ok(content)
}
