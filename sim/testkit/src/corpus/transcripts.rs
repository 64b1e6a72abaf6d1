//! `transcripts/NAME/`: runs that were recorded from real connections, to be replayed anywhere.
//!
//! Only finds them; verification and replay check their content.

use std::path::{Path, PathBuf};

use super::listing::{Malformed, entries, is_kebab_case};
use super::{Corpus, LoadError, embedded};

/// Their folder below the corpus root.
pub const FOLDER: &str = "transcripts";

impl Corpus {
    /// The directories of the recorded runs, sorted by name. Those of the built-in corpus are
    /// written into the directory `scratch` first.
    ///
    /// # Errors
    /// As [`transcripts`]; or a built-in run cannot be written.
    pub fn transcripts(&self, scratch: &Path) -> Result<Vec<PathBuf>, LoadError> {
        match self {
            Self::BuiltIn => {
                embedded::unpack_transcripts(scratch).map_err(|source| LoadError::System {
                    path: scratch.to_path_buf(),
                    source,
                })?;
                transcripts(scratch)
            }
            Self::Directory(root) => transcripts(root),
        }
    }
}

/// The directories of the recorded runs below the corpus root, sorted by name.
///
/// # Errors
/// The folder cannot be read, is empty, or has an entry that is not a directory with a
/// name in kebab-case.
pub fn transcripts(root: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let folder = root.join(FOLDER);
    let (mut runs, mut malformed) = (Vec::new(), Vec::new());
    for entry in entries(&folder)? {
        if entry.is_directory && is_kebab_case(&entry.name) {
            runs.push(folder.join(&entry.name));
        } else {
            let place = format!("{FOLDER}/{}", entry.name);
            let reason = "not a directory with a name in kebab-case";
            malformed.push(Malformed::file(place, reason));
        }
    }
    // A check of no recordings would pass.
    if runs.is_empty() && malformed.is_empty() {
        malformed.push(Malformed::file(FOLDER.to_owned(), "no recorded run"));
    }
    match malformed.is_empty() {
        true => Ok(runs),
        false => Err(LoadError::Malformed(malformed)),
    }
}
