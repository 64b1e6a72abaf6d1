//! Opening files that others may have put in their place: those of a run through its open
//! directory, and those that a user names.
//!
//! A pipe blocks, `/dev/zero` does not end, and a link in a run leads to another file of its user.
//! None of them is read or written. Whatever a run makes is a new file.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use thiserror::Error;

/// Why something is not opened as a file. It is the inner error of an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotAFile {
    /// A directory, a pipe, a device, a socket or, in a run, a symbolic link.
    #[error("not a regular file")]
    NotRegular,
    /// A file that is to be changed, and is known under a second name.
    #[error("has a second name (a hard link), and both would change; remove one of them")]
    SecondName,
}

impl NotAFile {
    /// The reason in an error of this module, if it is one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<NotAFile> for io::Error {
    fn from(reason: NotAFile) -> Self {
        Self::new(io::ErrorKind::InvalidInput, reason)
    }
}

/// Opening neither waits for a writer of a pipe nor makes a terminal the controlling one.
const AT_ONCE: OFlags = OFlags::CLOEXEC
    .union(OFlags::NOCTTY)
    .union(OFlags::NONBLOCK);

/// Opens a file that a user named, for reading. Its path may lead through links.
///
/// # Errors
/// It cannot be opened, or is [not a file](NotAFile).
pub fn open_regular(path: &Path) -> io::Result<File> {
    regular(rustix::fs::openat(
        CWD,
        path,
        OFlags::RDONLY | AT_ONCE,
        Mode::empty(),
    ))
}

/// The open directory of a run. Its files are found in it wherever it is moved, and no name in it
/// leads elsewhere.
#[derive(Clone, Debug)]
pub struct OpenFolder {
    handle: Arc<OwnedFd>,
    path: PathBuf,
}

impl OpenFolder {
    /// Opens a directory that a user named.
    ///
    /// # Errors
    /// It is not a directory, or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self {
            handle: Arc::new(handle),
            path: path.to_path_buf(),
        })
    }

    /// The path of a file, as errors name it.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// It cannot be opened, or is [not a file](NotAFile).
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.existing(name, OFlags::RDONLY)
    }

    /// Opens a file to change it. It must have no other name, which could be that of a file outside.
    ///
    /// # Errors
    /// As [`OpenFolder::read`], or it has another name.
    pub fn write(&self, name: &str) -> io::Result<File> {
        let file = self.existing(name, OFlags::WRONLY)?;
        match file.metadata()?.nlink() {
            0 | 1 => Ok(file),
            _ => Err(NotAFile::SecondName.into()),
        }
    }

    fn existing(&self, name: &str, access: OFlags) -> io::Result<File> {
        let flags = access | OFlags::NOFOLLOW | AT_ONCE;
        regular(rustix::fs::openat(
            &*self.handle,
            name,
            flags,
            Mode::empty(),
        ))
    }

    /// Makes a file that is not there yet: of two processes that do so, the second one fails.
    ///
    /// # Errors
    /// Something has that name, or the file system refuses.
    pub fn create_new(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | AT_ONCE;
        let mode = Mode::from_raw_mode(0o666);
        let file = rustix::fs::openat(&*self.handle, name, flags, mode)?;
        Ok(file.into())
    }

    /// Makes a file in place of one that an earlier process may have left; a link goes, not what it
    /// leads to.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create_again(&self, name: &str) -> io::Result<File> {
        match self.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.create_new(name),
        }
    }

    /// Gives a file another name, in place of whatever has it.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(
            &*self.handle,
            from,
            &*self.handle,
            to,
        )?)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&*self.handle, name, AtFlags::empty())?)
    }

    /// Forces the names in the directory onto the disk.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn synchronise(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&*self.handle)?)
    }
}

/// The file that was opened, if it is a regular one.
fn regular(opened: Result<OwnedFd, Errno>) -> io::Result<File> {
    let file = match opened {
        Ok(file) => File::from(file),
        // A link that is not followed; a pipe without a reader, a socket; a directory to write.
        Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => return Err(NotAFile::NotRegular.into()),
        Err(error) => return Err(error.into()),
    };
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(NotAFile::NotRegular.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{FileType, mknodat};
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    const NAME: &str = "journal.jsonl";

    fn folder() -> (TempDir, OpenFolder) {
        let directory = tempfile::tempdir().unwrap();
        let folder = OpenFolder::open(directory.path()).unwrap();
        (directory, folder)
    }

    fn refused<T>(result: io::Result<T>) -> Option<NotAFile> {
        NotAFile::of(&result.err().expect("refused"))
    }

    #[test]
    fn only_regular_files_are_opened() {
        let (directory, folder) = folder();
        let path = directory.path().join(NAME);
        let not_regular = Some(NotAFile::NotRegular);
        fs::create_dir(&path).unwrap();
        assert_eq!(refused(folder.read(NAME)), not_regular);
        assert_eq!(refused(folder.write(NAME)), not_regular);
        assert_eq!(refused(open_regular(&path)), not_regular);
        fs::remove_dir(&path).unwrap();
        let mode = Mode::from_raw_mode(0o600);
        mknodat(CWD, &path, FileType::Fifo, mode, 0).unwrap();
        assert_eq!(refused(folder.read(NAME)), not_regular);
        assert_eq!(refused(folder.write(NAME)), not_regular);
        assert_eq!(refused(open_regular(&path)), not_regular);
        assert_eq!(refused(open_regular(Path::new("/dev/zero"))), not_regular);
        let circle = directory.path().join("circle");
        symlink(&circle, &circle).unwrap();
        assert_eq!(refused(open_regular(&circle)), not_regular);
    }

    #[test]
    fn no_name_of_a_run_leads_to_another_file() {
        let (directory, folder) = folder();
        let outside = tempfile::tempdir().unwrap();
        let precious = outside.path().join("precious");
        fs::write(&precious, "kept").unwrap();
        let path = directory.path().join(NAME);
        symlink(&precious, &path).unwrap();
        assert_eq!(refused(folder.read(NAME)), Some(NotAFile::NotRegular));
        assert_eq!(refused(folder.write(NAME)), Some(NotAFile::NotRegular));
        assert_eq!(
            folder.create_new(NAME).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        // A user may name a file through a link.
        assert!(open_regular(&path).is_ok());
        folder.create_again(NAME).unwrap().write_all(b"x").unwrap();
        assert!(path.symlink_metadata().unwrap().is_file());
        fs::remove_file(&path).unwrap();
        fs::hard_link(&precious, &path).unwrap();
        assert_eq!(refused(folder.write(NAME)), Some(NotAFile::SecondName));
        folder.create_again(NAME).unwrap().write_all(b"x").unwrap();
        assert_eq!(fs::read(&precious).unwrap(), b"kept");
    }

    #[test]
    fn files_are_found_in_a_directory_that_was_moved() {
        let (directory, folder) = folder();
        let moved = directory.path().with_extension("moved");
        fs::rename(directory.path(), &moved).unwrap();
        symlink("/", directory.path()).unwrap();
        folder.create_new(NAME).unwrap();
        assert!(moved.join(NAME).exists());
        fs::remove_file(directory.path()).unwrap();
        fs::rename(&moved, directory.path()).unwrap();
    }

    #[test]
    fn only_a_directory_is_opened_as_one() {
        let (directory, _) = folder();
        let path = directory.path().join("file");
        fs::write(&path, "").unwrap();
        let error = OpenFolder::open(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
        fs::remove_file(&path).unwrap();
        // A pipe without a writer would be waited for.
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(OpenFolder::open(&path).is_err());
    }
}
