//! A folder of the corpus as files: every file belongs to a case, or the folder does not load.
//!
//! Never follows a name that it does not understand, and reports all that is wrong, not the first.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Case, Expectation, Recipe, Source};

/// The largest `.in` file, in bytes; whatever is longer is written as a recipe.
pub const MAX_INPUT_FILE_BYTES: usize = 64 * 1024;

/// A file that is not in the expected form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Malformed {
    /// The file, below the corpus root, with `/` between the parts.
    pub place: String,
    /// One line for people.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// A folder that cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
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

/// Loads every case of a folder below the corpus root, sorted by name.
///
/// # Errors
/// [`LoadError`]; nothing is loaded from a folder in which anything is out of place.
pub fn load<E: Expectation>(root: &Path) -> Result<Vec<Case<E>>, LoadError> {
    let folder = root.join(E::FOLDER);
    let mut malformed = Vec::new();
    let mut cases = Vec::new();
    for group in entries(&folder)? {
        let place = format!("{}/{}", E::FOLDER, group.name);
        if !group.is_directory {
            malformed.push(Malformed {
                place,
                reason: "a file beside the group directories".into(),
            });
            continue;
        }
        if !is_kebab_case(&group.name) {
            malformed.push(Malformed {
                place: place.clone(),
                reason: "its name is not in kebab-case".into(),
            });
        }
        let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
        for file in entries(&folder.join(&group.name))? {
            let place = format!("{place}/{}", file.name);
            match file_role(&file) {
                Ok((stem, role)) => drafts.entry(stem).or_default().add(role, place),
                Err(reason) => malformed.push(Malformed { place, reason }),
            }
        }
        for (stem, draft) in drafts {
            match draft.case(root, &group.name, &stem) {
                Ok(case) => cases.push(case),
                Err(LoadError::Malformed(files)) => malformed.extend(files),
                Err(refused @ LoadError::System { .. }) => return Err(refused),
            }
        }
    }
    if malformed.is_empty() {
        Ok(cases)
    } else {
        malformed.sort();
        Err(LoadError::Malformed(malformed))
    }
}

/// What a file is to its case.
#[derive(Clone, Copy)]
enum Role {
    Input,
    Recipe,
    Expectation,
}

fn file_role(file: &Entry) -> Result<(String, Role), String> {
    if file.is_directory {
        return Err("a directory inside a group".into());
    }
    let (stem, extension) = file.name.rsplit_once('.').unwrap_or((&file.name, ""));
    let role = match extension {
        "in" => Role::Input,
        "recipe" => Role::Recipe,
        "out" => Role::Expectation,
        _ => return Err("its name does not end in .in, .recipe or .out".into()),
    };
    if !is_kebab_case(stem) {
        return Err("its name is not in kebab-case".into());
    }
    Ok((stem.to_owned(), role))
}

/// The files of one case, by their places below the corpus root.
#[derive(Default)]
struct Draft {
    input: Option<String>,
    recipe: Option<String>,
    expectation: Option<String>,
}

impl Draft {
    fn add(&mut self, role: Role, place: String) {
        let slot = match role {
            Role::Input => &mut self.input,
            Role::Recipe => &mut self.recipe,
            Role::Expectation => &mut self.expectation,
        };
        *slot = Some(place);
    }

    /// Reads and checks the files.
    fn case<E: Expectation>(
        self,
        root: &Path,
        group: &str,
        stem: &str,
    ) -> Result<Case<E>, LoadError> {
        let (place, is_recipe) = match (self.input, self.recipe) {
            (Some(_), Some(recipe)) => {
                return Err(malformed(&recipe, "there is an input of that name already"));
            }
            (Some(input), None) => (input, false),
            (None, Some(recipe)) => (recipe, true),
            (None, None) => {
                let place = self.expectation.unwrap_or_default();
                return Err(malformed(&place, "an expectation without an input"));
            }
        };
        let Some(out) = self.expectation else {
            return Err(malformed(&place, "an input without an expectation"));
        };
        let source = if is_recipe {
            let recipe = Recipe::parse(&text(root, &place)?);
            Source::Recipe(recipe.map_err(|reason| malformed(&place, reason))?)
        } else {
            let bytes = bytes(root, &place)?;
            if bytes.len() > MAX_INPUT_FILE_BYTES {
                let reason = format!("longer than {MAX_INPUT_FILE_BYTES} bytes; write a recipe");
                return Err(malformed(&place, reason));
            }
            Source::Bytes(bytes)
        };
        let expectation = E::parse(group, &text(root, &out)?);
        Ok(Case {
            name: format!("{group}/{stem}"),
            expectation: expectation.map_err(|reason| malformed(&out, reason))?,
            source,
        })
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

fn bytes(root: &Path, place: &str) -> Result<Vec<u8>, LoadError> {
    let path = root.join(place);
    fs::read(&path).map_err(|source| LoadError::System { path, source })
}

fn text(root: &Path, place: &str) -> Result<String, LoadError> {
    String::from_utf8(bytes(root, place)?)
        .map_err(|error| malformed(place, format!("not UTF-8: {error}")))
}

fn malformed(place: &str, reason: impl Into<String>) -> LoadError {
    LoadError::Malformed(vec![Malformed {
        place: place.to_owned(),
        reason: reason.into(),
    }])
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
