//! A folder of the corpus as files: each is a group of cases, or the folder does not load.
//!
//! Reports everything that is wrong, not only the first.

use std::borrow::Cow;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Case, Corpus, Expectation, embedded, group};

/// A file that is not in the expected form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Malformed {
    /// The file, below the corpus root, with `/` between the parts.
    pub place: String,
    /// The line, from 1, if it is about one.
    pub line: Option<usize>,
    /// One line for people.
    pub reason: String,
}

impl Malformed {
    /// A fault of a whole file.
    pub(super) fn file(place: String, reason: impl Into<String>) -> Self {
        Self {
            place,
            line: None,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.place, self.reason),
            None => write!(f, "{}: {}", self.place, self.reason),
        }
    }
}

/// A folder that cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file system refused.
    #[error("cannot access {path}: {source}")]
    System {
        /// The file or directory.
        path: PathBuf,
        /// The cause, as the operating system says it.
        source: io::Error,
    },
    /// Files are not in the expected form: all of them, sorted by place.
    #[error("the corpus is not in the expected form:{}", listed(.0))]
    Malformed(Vec<Malformed>),
}

fn listed(malformed: &[Malformed]) -> String {
    malformed.iter().map(|file| format!("\n  {file}")).collect()
}

/// Loads every case of a folder, sorted by group and name.
///
/// # Errors
/// [`LoadError`]; nothing is loaded from a folder in which anything is out of place.
pub fn load<E: Expectation>(corpus: &Corpus) -> Result<Vec<Case<E>>, LoadError> {
    let (groups, mut malformed) = match corpus {
        Corpus::BuiltIn => (embedded::groups(E::FOLDER), Vec::new()),
        Corpus::Directory(root) => groups(root, E::FOLDER)?,
    };
    // A check of no cases would pass.
    if groups.is_empty() && malformed.is_empty() {
        malformed.push(Malformed::file(E::FOLDER.into(), "no group of cases"));
    }
    let mut cases = Vec::new();
    for Group { name, text } in groups {
        match group::cases(E::FOLDER, &name, &text) {
            Ok(found) => cases.extend(found),
            Err(faults) => malformed.extend(faults),
        }
    }
    if malformed.is_empty() {
        Ok(cases)
    } else {
        malformed.sort();
        Err(LoadError::Malformed(malformed))
    }
}

/// The name of a group and the text of its file.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) text: Cow<'static, str>,
}

/// The groups of a folder, sorted by name, and the malformed files.
fn groups(root: &Path, folder: &str) -> Result<(Vec<Group>, Vec<Malformed>), LoadError> {
    let (mut groups, mut malformed) = (Vec::new(), Vec::new());
    for file in entries(&root.join(folder))? {
        let place = format!("{folder}/{}", file.name);
        let name = match group_name(&file) {
            Ok(name) => name.to_owned(),
            Err(reason) => {
                malformed.push(Malformed::file(place, reason));
                continue;
            }
        };
        let path = root.join(&place);
        let bytes = fs::read(&path).map_err(|source| LoadError::System { path, source })?;
        match String::from_utf8(bytes) {
            Ok(text) => groups.push(Group {
                name,
                text: text.into(),
            }),
            Err(error) => malformed.push(Malformed::file(place, format!("not UTF-8: {error}"))),
        }
    }
    Ok((groups, malformed))
}

/// The group whose cases a file holds.
fn group_name(file: &Entry) -> Result<&str, &'static str> {
    if file.is_directory {
        return Err("a directory inside a folder");
    }
    let name = file.name.strip_suffix(".toml");
    let name = name.ok_or("its name does not end in .toml")?;
    match is_kebab_case(name) {
        true => Ok(name),
        false => Err("its name is not in kebab-case"),
    }
}

/// A name in a directory.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_directory: bool,
}

/// The entries of a directory, sorted by name.
pub(super) fn entries(directory: &Path) -> Result<Vec<Entry>, LoadError> {
    let system = |source| LoadError::System {
        path: directory.to_path_buf(),
        source,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the entries are collected and sorted below"
    )]
    let found = fs::read_dir(directory).map_err(system)?;
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry.map_err(system)?;
        entries.push(Entry {
            // A name that is not UTF-8 is not kebab-case either, and is reported as that.
            name: entry.file_name().to_string_lossy().into_owned(),
            is_directory: entry.file_type().map_err(system)?.is_dir(),
        });
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

/// Lower-case letters and digits in words joined by single hyphens.
pub(super) fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.split('-').all(is_word)
}
