//! What a process leaves that is killed before its recording has a header.
//!
//! Removes nothing that could hold anything: the files are empty until there is a header.

use std::fs::{self, DirEntry, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::error::RunIoError;

/// The header while it is being written.
const HEADER: &str = ".header.json.unfinished";

/// Makes sure that a directory is empty: removes what a killed process left there. `names` are the
/// files that are empty before there is a header; the first is made first and removed last, because
/// its lock keeps other processes away.
///
/// # Errors
/// It holds something else, and nothing in it is touched; another process is at work in it; or the
/// file system refuses.
pub(super) fn clear(path: &Path, names: &[&str]) -> Result<(), RunIoError> {
    let system = || RunIoError::system("read", path);
    #[expect(
        clippy::disallowed_methods,
        reason = "the entries are judged one by one, so that their order does not matter"
    )]
    let entries = fs::read_dir(path).map_err(system())?;
    let mut is_empty = true;
    for entry in entries {
        let entry = entry.map_err(system())?;
        if !is_left_behind(&entry, names).map_err(system())? {
            return Err(RunIoError::NotEmpty { path: path.into() });
        }
        is_empty = false;
    }
    if is_empty {
        return Ok(());
    }
    let first = path.join(names[0]);
    let Ok(locked) = OpenOptions::new().write(true).open(&first) else {
        return Err(RunIoError::NotEmpty { path: path.into() });
    };
    match locked.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(RunIoError::Busy { path: first }),
        Err(TryLockError::Error(error)) => return Err(RunIoError::system("lock", &first)(error)),
    }
    for name in [HEADER].iter().chain(names.iter().rev()) {
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

fn is_left_behind(entry: &DirEntry, names: &[&str]) -> io::Result<bool> {
    let name = entry.file_name();
    let data = entry.metadata()?;
    let is_empty = data.len() == 0 && names.iter().any(|it| name == **it);
    Ok(data.is_file() && (is_empty || name == *HEADER))
}
