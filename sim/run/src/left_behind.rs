//! What a process leaves that is killed before its run has a header.
//!
//! Removes nothing that could hold anything: the files of a run are empty until there is a header.

use std::fs::{self, DirEntry, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::directory::RunDirectory;
use super::error::RunIoError;

/// The files that are empty before there is a header. The journal is made first and removed last,
/// because its lock keeps other processes away.
const EMPTY: [&str; 4] = [
    RunDirectory::TAPE,
    RunDirectory::INJECTIONS,
    RunDirectory::TRAPS,
    RunDirectory::JOURNAL,
];

/// The header while it is being written.
const HEADER: &str = ".header.json.unfinished";

/// Makes sure that a directory is empty: removes what a killed process left there.
///
/// # Errors
/// It holds something else, and nothing in it is touched; another process is at work in it; or the
/// file system refuses.
pub(super) fn clear(path: &Path) -> Result<(), RunIoError> {
    let system = || RunIoError::system("read", path);
    #[expect(
        clippy::disallowed_methods,
        reason = "the entries are judged one by one, so that their order does not matter"
    )]
    let entries = fs::read_dir(path).map_err(system())?;
    let mut is_empty = true;
    for entry in entries {
        let entry = entry.map_err(system())?;
        if !is_left_behind(&entry).map_err(system())? {
            return Err(RunIoError::NotEmpty { path: path.into() });
        }
        is_empty = false;
    }
    if is_empty {
        return Ok(());
    }
    let journal = path.join(RunDirectory::JOURNAL);
    let Ok(locked) = OpenOptions::new().write(true).open(&journal) else {
        return Err(RunIoError::NotEmpty { path: path.into() });
    };
    match locked.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(RunIoError::Busy { path: journal }),
        Err(TryLockError::Error(error)) => return Err(RunIoError::system("lock", &journal)(error)),
    }
    for name in [&[HEADER], &EMPTY[..]].concat() {
        let file = path.join(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(RunIoError::system("remove", &file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_left_behind(entry: &DirEntry) -> io::Result<bool> {
    let name = entry.file_name();
    let data = entry.metadata()?;
    let is_empty = data.len() == 0 && EMPTY.iter().any(|it| name == **it);
    Ok(data.is_file() && (is_empty || name == *HEADER))
}
