//! `transcripts/NAME/`: runs that were recorded from real connections, to be replayed anywhere.
//!
//! Only finds them; what a run directory holds is for verification and replay to say.

use std::path::{Path, PathBuf};

use super::LoadError;
use super::listing::{Malformed, entries, is_kebab_case};

/// Their folder below the corpus root.
pub const FOLDER: &str = "transcripts";

/// The directories of the recorded runs below the corpus root, sorted by name.
///
/// # Errors
/// The folder cannot be read, there is nothing in it, or something in it is no directory with a
/// name in kebab-case.
pub fn transcripts(root: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let folder = root.join(FOLDER);
    let (mut runs, mut malformed) = (Vec::new(), Vec::new());
    for entry in entries(&folder)? {
        if entry.is_directory && is_kebab_case(&entry.name) {
            runs.push(folder.join(&entry.name));
        } else {
            malformed.push(Malformed {
                place: format!("{FOLDER}/{}", entry.name),
                reason: "not a directory with a name in kebab-case".into(),
            });
        }
    }
    // A check of no recordings would pass.
    if runs.is_empty() && malformed.is_empty() {
        malformed.push(Malformed {
            place: FOLDER.to_owned(),
            reason: "no recorded run".into(),
        });
    }
    match malformed.is_empty() {
        true => Ok(runs),
        false => Err(LoadError::Malformed(malformed)),
    }
}
