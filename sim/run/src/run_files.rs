//! Where the files of a run are read from: a directory, or memory.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::open_folder::OpenFolder;

/// The files of one run, by the names of [`RunDirectory`](crate::RunDirectory).
pub trait RunFiles {
    /// The file of that name; nothing if there is none.
    ///
    /// # Errors
    /// There may be one, but it cannot be opened.
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>>;

    /// The path of that file, as errors name it.
    fn path(&self, name: &str) -> PathBuf;
}

/// A run directory. No name in it leads to another place, and only regular files are read.
#[derive(Clone, Debug)]
pub struct RunFolder(
    /// Its path.
    pub PathBuf,
);

impl RunFiles for RunFolder {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        match OpenFolder::open(&self.0).and_then(|folder| folder.read(name)) {
            Ok(file) => Ok(Some(Box::new(file))),
            // In a file or a link to nowhere there are no files; in a directory that is missing there may have been.
            Err(_) if self.0.symlink_metadata().is_ok() && !self.0.is_dir() => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.0.is_dir() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl RunFiles for OpenFolder {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        match self.read(name) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path_of(name)
    }
}

impl RunFiles for BTreeMap<String, Vec<u8>> {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        let bytes = self.get(name);
        Ok(bytes.map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read>))
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(name).to_path_buf()
    }
}

impl<F: RunFiles> RunFiles for &F {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        (**self).open(name)
    }

    fn path(&self, name: &str) -> PathBuf {
        (**self).path(name)
    }
}
