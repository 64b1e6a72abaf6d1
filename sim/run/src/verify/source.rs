//! Where the files of a run are read from: a directory, or memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// The files of one run, by the names of [`RunDirectory`](crate::RunDirectory).
pub trait RunFiles {
    /// The file of that name; nothing if there is none.
    ///
    /// # Errors
    /// There may be one, but it cannot be opened.
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>>;
}

/// A run directory.
#[derive(Clone, Debug)]
pub struct RunFolder(
    /// Its path.
    pub PathBuf,
);

impl RunFiles for RunFolder {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        match File::open(self.0.join(name)) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl RunFiles for BTreeMap<String, Vec<u8>> {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        let bytes = self.get(name);
        Ok(bytes.map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read>))
    }
}
