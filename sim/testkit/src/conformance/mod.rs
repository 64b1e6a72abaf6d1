//! Conformance cases for every implementation of `Manifold`.
//!
//! The cases cover what an in-memory world and a real directory with a POSIX shell share, so not
//! durations, histories or the wording of a command's errors. A failure is a returned message, not a
//! panic.

mod channels;
mod commands;
mod files;
mod limits;

use std::fmt::Debug;

use turingos::Digest;
use turingos::manifold::{Manifold, WorldFaultCode};
use turingos::pointer::WorkspacePath;

/// What was found instead of the expected result.
pub type Mismatch = String;

/// One requirement and its check.
#[derive(Debug)]
pub struct Case<M> {
    /// The requirement, in a few words.
    pub name: &'static str,
    run: fn(&mut M) -> Result<(), Mismatch>,
}

impl<M: Manifold> Case<M> {
    /// Every case. Each needs a new manifold without files and with the limits of
    /// [`Quota::default`](turingos_world::Quota).
    #[must_use]
    pub fn all() -> Vec<Self> {
        [
            files::cases().as_slice(),
            commands::cases().as_slice(),
            channels::cases().as_slice(),
            limits::cases().as_slice(),
        ]
        .concat()
    }

    /// Checks a new manifold.
    ///
    /// # Errors
    /// The first mismatch; the rest of the case is not checked.
    pub fn check(&self, manifold: &mut M) -> Result<(), Mismatch> {
        (self.run)(manifold)
    }
}

// Not derived, because the manifold need not be `Clone`.
impl<M> Clone for Case<M> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            run: self.run,
        }
    }
}

fn same<T: Debug + PartialEq>(what: &str, found: T, expected: T) -> Result<(), Mismatch> {
    if found == expected {
        return Ok(());
    }
    let shown = |value: T| {
        let text = format!("{value:?}");
        let clipped = turingos::pointer::clip_bytes(&text, 300);
        if clipped.len() < text.len() {
            format!("{clipped}… ({} bytes)", text.len())
        } else {
            text
        }
    };
    let (found, expected) = (shown(found), shown(expected));
    Err(format!("{what}: found {found}, expected {expected}"))
}

fn path(text: &str) -> Result<WorkspacePath, Mismatch> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

fn read<M: Manifold>(
    world: &mut M,
    name: &str,
) -> Result<Result<String, WorldFaultCode>, Mismatch> {
    let mut content = String::new();
    match world.read(&path(name)?, &mut content) {
        Ok(()) => Ok(Ok(content)),
        Err(fault) => {
            same("the text after a failed read", content, String::new())?;
            Ok(Err(fault.code))
        }
    }
}

fn write<M: Manifold>(
    world: &mut M,
    name: &str,
    content: &str,
) -> Result<Result<(), WorldFaultCode>, Mismatch> {
    let written = world.write(&path(name)?, content, Digest::of(content.as_bytes()), 1);
    Ok(written.map_err(|fault| fault.code))
}

/// Writes an initial file of a case.
fn given<M: Manifold>(world: &mut M, name: &str, content: &str) -> Result<(), Mismatch> {
    same(name, write(world, name, content)?, Ok(()))
}

fn holds<M: Manifold>(world: &mut M, name: &str, content: &str) -> Result<(), Mismatch> {
    same(name, read(world, name)?, Ok(content.to_owned()))
}

fn lists<M: Manifold>(
    world: &mut M,
    directory: Option<&str>,
    limit: usize,
    expected: &[&str],
) -> Result<(), Mismatch> {
    let parsed = directory.map(path).transpose()?;
    let found = world.list(parsed.as_ref(), limit);
    let expected = expected.iter().map(|name| (*name).to_owned()).collect();
    same(directory.unwrap_or("."), found, Ok(expected))
}
