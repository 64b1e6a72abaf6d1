//! Atomic writes: a whole file replaces another, or nothing changes.
//!
//! The content goes into a staging file in the same directory, is flushed to disk and renamed over
//! the target. A reader sees the old content or the new, never a part. Hard links to the old file
//! keep the old content, and the new file belongs to the user of this program. A symbolic link is
//! never written through. If the process is killed during a write, the next write in the directory
//! removes the staging file. What belongs to a git repository is not written: it could make the
//! workspace's history another one.

use std::io::{self, ErrorKind, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{Dir, File, OpenOptions, Permissions, PermissionsExt as _};
use turingos::manifold::{WorldFault, WorldFaultCode};

use turingos_world::is_git_path;

use super::fault::{because, plain, system};

/// The usual name of a staging file. If something else has it, a number follows. Such names cannot
/// be written, and files that have one are not listed.
pub const STAGING_NAME: &str = ".turingos-staging";

/// The most names that are tried for one staging file.
const MAX_NAMES: u64 = 1_000;

/// True if a staging file may have this name.
pub(super) fn is_staging_name(name: &str) -> bool {
    name.strip_prefix(STAGING_NAME)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Replaces a file, or creates it with its parents.
pub(super) fn write(root: &Dir, path: &str, content: &str) -> Result<(), WorldFault> {
    let (parent, name) = match path.rsplit_once('/') {
        Some((parent, name)) => (Some(parent), name),
        None => (None, path),
    };
    if is_staging_name(name) {
        return Err(because(
            WorldFaultCode::Denied,
            path,
            "this name is kept for files that are being written",
        ));
    }
    check_repository(root, parent, path)?;
    let mut made = Vec::new();
    let written = match parent {
        None => replace(root, name, path, content),
        Some(parent) => open_or_make(root, parent, &mut made)
            .map_err(system(path))
            .and_then(|directory| replace(&directory, name, path, content)),
    };
    if written.is_err() {
        // Report the first error only. A directory that is in use by now stays.
        for directory in made.iter().rev() {
            let _ = root.remove_dir(directory);
        }
    }
    written
}

/// Refuses a path that leads into a repository's own files, by its name or through a link.
fn check_repository(root: &Dir, parent: Option<&str>, path: &str) -> Result<(), WorldFault> {
    let is_led_there = || {
        // The nearest directory that exists; what is missing below it is named in the path.
        let mut directory = parent;
        while let Some(path) = directory {
            if let Ok(target) = root.canonicalize(path) {
                return is_git_path(&target.to_string_lossy());
            }
            directory = path.rsplit_once('/').map(|(parent, _)| parent);
        }
        false
    };
    if is_git_path(path) || is_led_there() {
        let reason = "the files of a git repository are changed by git only";
        return Err(because(WorldFaultCode::Denied, path, reason));
    }
    Ok(())
}

/// Opens a directory, creating missing ones on the way and listing them in `made`.
fn open_or_make<'a>(root: &Dir, path: &'a str, made: &mut Vec<&'a str>) -> io::Result<Dir> {
    match root.open_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => return opened,
    }
    let ends = path.match_indices('/').map(|(end, _)| end);
    for end in ends.chain([path.len()]) {
        let directory = &path[..end];
        match root.create_dir(directory) {
            Ok(()) => made.push(directory),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    root.open_dir(path)
}

/// Writes `content` to `name` in an open directory. Both names are single segments, so no parent can
/// be swapped for a link any more.
fn replace(directory: &Dir, name: &str, path: &str, content: &str) -> Result<(), WorldFault> {
    let permissions = permissions_of_target(directory, name, path)?;
    let (staging, staging_name) = create_staging(directory).map_err(system(path))?;
    let replaced = fill(staging, content, permissions)
        .and_then(|()| directory.rename(&staging_name, directory, name));
    if let Err(error) = replaced {
        let _ = directory.remove_file(&staging_name);
        return Err(system(path)(error));
    }
    // The content is in place and cannot be taken back, so syncing the name is best effort.
    if let Ok(handle) = directory.open(".") {
        let _ = handle.sync_all();
    }
    Ok(())
}

/// The permissions of the file to replace; `None` if there is none.
fn permissions_of_target(
    directory: &Dir,
    name: &str,
    path: &str,
) -> Result<Option<Permissions>, WorldFault> {
    let target = match directory.symlink_metadata(name) {
        Ok(target) => target,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(path)(error)),
    };
    let denied = |reason| Err(because(WorldFaultCode::Denied, path, reason));
    if target.is_dir() {
        Err(plain(WorldFaultCode::IsDirectory, path))
    } else if target.is_symlink() {
        denied("a symbolic link is not written through")
    } else if !target.is_file() {
        denied("a pipe, a socket or a device is not a file")
    } else if target.permissions().mode() & 0o222 == 0 {
        denied("the file is read-only")
    } else {
        // Other bits (set-user-ID) must not pass to new content.
        let mode = target.permissions().mode() & 0o777;
        Ok(Some(Permissions::from_mode(mode)))
    }
}

/// A new staging file and its name.
fn create_staging(directory: &Dir) -> io::Result<(File, String)> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // A file of this name was left by a process that was killed. Anything else stays.
    let _ = directory.remove_file(STAGING_NAME);
    let mut name = STAGING_NAME.to_owned();
    for _ in 0..MAX_NAMES {
        match directory.open_with(&name, &options) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                name = format!("{STAGING_NAME}-{}-{number}", std::process::id());
            }
            opened => return opened.map(|file| (file, name)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn fill(mut staging: File, content: &str, permissions: Option<Permissions>) -> io::Result<()> {
    staging.write_all(content.as_bytes())?;
    if let Some(permissions) = permissions {
        staging.set_permissions(permissions)?;
    }
    staging.sync_all()
}
