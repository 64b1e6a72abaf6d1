//! Reading files and listing directories. Only regular files are opened.

use std::io::Read as _;

use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;
use turingos::manifold::{WorldFault, WorldFaultCode};

use super::fault::{because, plain, system};
use super::replacement::is_staging_name;

/// The most entries of a directory that can be listed; beyond it TOO_LARGE.
const MAX_ENTRIES: usize = 65_536;

/// The text of a file of at most `limit` bytes.
pub(super) fn read(root: &Dir, path: &str, limit: usize) -> Result<String, WorldFault> {
    // Check the type before opening, because opening a device can have effects, and again after,
    // because the entry may have been replaced. The open itself must not block.
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
    // The file may be growing.
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
            "a pipe, a socket or a device is not a file",
        ))
    }
}

/// The names in a directory as [`turingos::Manifold::list`] returns them. Characters that no pointer
/// can contain (control characters, invalid UTF-8) become U+FFFD, so that no file name can imitate
/// a line of a frame.
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
        let kind = entry.file_type().map_err(system(subject))?;
        if !kind.is_dir() && name.to_str().is_some_and(is_staging_name) {
            continue;
        }
        if names.len() == MAX_ENTRIES {
            return Err(plain(WorldFaultCode::TooLarge, subject));
        }
        let is_directory = kind.is_dir()
            || kind.is_symlink() && {
                let path = directory.map_or_else(
                    || name.clone().into(),
                    |it| std::path::Path::new(it).join(&name),
                );
                // A dangling link, or one that leads out of the workspace, is listed as a file.
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
    // The trailing slash counts in the sort order.
    names.sort_unstable();
    names.truncate(limit);
    Ok(names)
}
