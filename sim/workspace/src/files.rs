//! Reading files and listing directories.
//!
//! Never opens what is not a regular file, never reads more than it was told, and never follows a
//! link out of the root.

use std::io::Read as _;

use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;
use turingos::manifold::{WorldFault, WorldFaultCode};

use super::fault::{because, plain, system};
use super::replacement::STAGING_NAME;

/// How many entries a directory may have to be listed; beyond it TOO_LARGE.
const MAX_ENTRIES: usize = 65_536;

/// The text of a file of at most `limit` bytes.
pub(super) fn read(root: &Dir, path: &str, limit: usize) -> Result<String, WorldFault> {
    // Looked at before it is opened, because opening a device can have effects; and again after,
    // because something else may have come in between. Until then the open must not wait.
    check_regular(&root.metadata(path).map_err(system(path))?, path)?;
    let mut options = OpenOptions::new();
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options.read(true).custom_flags(flags.bits().cast_signed());
    let file = root.open_with(path, &options).map_err(system(path))?;
    let metadata = file.metadata().map_err(system(path))?;
    check_regular(&metadata, path)?;
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    if metadata.len() > limit {
        return Err(plain(WorldFaultCode::TooLarge, path));
    }
    let mut bytes = Vec::new();
    // It may be growing.
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    let read = read.map_err(system(path))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > limit {
        return Err(plain(WorldFaultCode::TooLarge, path));
    }
    String::from_utf8(bytes).map_err(|_| plain(WorldFaultCode::NotText, path))
}

fn check_regular(metadata: &Metadata, path: &str) -> Result<(), WorldFault> {
    if metadata.is_dir() {
        Err(plain(WorldFaultCode::IsDirectory, path))
    } else if metadata.is_file() {
        Ok(())
    } else {
        Err(because(
            WorldFaultCode::Denied,
            path,
            "a pipe, a socket or a device is no file",
        ))
    }
}

/// The names in a directory as [`turingos::Manifold::list`] gives them. What no pointer can have
/// in a name (control characters, bytes that are not UTF-8) is shown as U+FFFD: a name that a
/// command made up must not look like a line of a frame.
pub(super) fn list(
    root: &Dir,
    directory: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, WorldFault> {
    let subject = directory.unwrap_or(".");
    let entries = match directory {
        None => root.entries(),
        Some(path) => root.read_dir(path),
    };
    let mut names = Vec::new();
    for entry in entries.map_err(system(subject))? {
        let entry = entry.map_err(system(subject))?;
        let name = entry.file_name();
        if name == STAGING_NAME {
            continue;
        }
        if names.len() == MAX_ENTRIES {
            return Err(plain(WorldFaultCode::TooLarge, subject));
        }
        let kind = entry.file_type().map_err(system(subject))?;
        let is_directory = kind.is_dir()
            || kind.is_symlink() && {
                let path = directory.map_or_else(
                    || name.clone().into(),
                    |it| std::path::Path::new(it).join(&name),
                );
                // A link to nowhere, or out of the workspace, is shown as the file it is.
                root.metadata(path).is_ok_and(|target| target.is_dir())
            };
        let mut shown: String = name
            .to_string_lossy()
            .chars()
            .map(|character| match character.is_control() {
                true => char::REPLACEMENT_CHARACTER,
                false => character,
            })
            .collect();
        if is_directory {
            shown.push('/');
        }
        names.push(shown);
    }
    // The slash takes part in the order of the names as they are returned.
    names.sort_unstable();
    names.truncate(limit);
    Ok(names)
}
