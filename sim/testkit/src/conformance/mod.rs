//! What every manifold promises, as cases that any implementation can be put through.
//!
//! The cases use only what an in-memory world and a real directory with a POSIX shell share, so
//! they never look at durations, at histories, or at the wording of what a command complains of.
//! They never panic: a promise that is not kept is a sentence.

mod channels;
mod commands;
mod files;
mod limits;

use std::fmt::Debug;

use turingos::manifold::{Manifold, WorldFaultCode};
use turingos::pointer::WorkspacePath;

/// What was found instead of what was promised, for people.
pub type Disagreement = String;

/// One promise, with the means to check it.
#[derive(Debug)]
pub struct Case<M> {
    /// The promise, in a few words.
    pub name: &'static str,
    run: fn(&mut M) -> Result<(), Disagreement>,
}

impl<M: Manifold> Case<M> {
    /// Every case. Each needs a fresh manifold without files and with the limits of
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

    /// Puts a fresh manifold through the case.
    ///
    /// # Errors
    /// What was found instead; the rest of the case was not looked at.
    pub fn check(&self, manifold: &mut M) -> Result<(), Disagreement> {
        (self.run)(manifold)
    }
}

// Not derived: the manifold itself need not be copied.
impl<M> Clone for Case<M> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            run: self.run,
        }
    }
}

fn same<T: Debug + PartialEq>(what: &str, found: T, promised: T) -> Result<(), Disagreement> {
    if found == promised {
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
    let (found, promised) = (shown(found), shown(promised));
    Err(format!("{what}: {found} where {promised} was promised"))
}

fn path(text: &str) -> Result<WorkspacePath, Disagreement> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

fn read<M: Manifold>(
    world: &mut M,
    name: &str,
) -> Result<Result<String, WorldFaultCode>, Disagreement> {
    let mut content = String::new();
    match world.read(&path(name)?, &mut content) {
        Ok(()) => Ok(Ok(content)),
        Err(fault) => {
            same("the text that a failed read leaves", content, String::new())?;
            Ok(Err(fault.code))
        }
    }
}

fn write<M: Manifold>(
    world: &mut M,
    name: &str,
    content: &str,
) -> Result<Result<(), WorldFaultCode>, Disagreement> {
    let written = world.write(&path(name)?, content, 1);
    Ok(written.map_err(|fault| fault.code))
}

/// Writes a file that a case starts from.
fn given<M: Manifold>(world: &mut M, name: &str, content: &str) -> Result<(), Disagreement> {
    same(name, write(world, name, content)?, Ok(()))
}

fn holds<M: Manifold>(world: &mut M, name: &str, content: &str) -> Result<(), Disagreement> {
    same(name, read(world, name)?, Ok(content.to_owned()))
}

fn lists<M: Manifold>(
    world: &mut M,
    directory: Option<&str>,
    limit: usize,
    promised: &[&str],
) -> Result<(), Disagreement> {
    let parsed = directory.map(path).transpose()?;
    let found = world.list(parsed.as_ref(), limit);
    let promised = promised.iter().map(|name| (*name).to_owned()).collect();
    same(directory.unwrap_or("."), found, Ok(promised))
}
