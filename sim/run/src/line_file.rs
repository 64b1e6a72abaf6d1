//! A file of plain lines beside a journal: injections, trap frames.
//!
//! A resumed run writes it again from its first line, under another name until its journal is
//! appended to.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use serde::Serialize;
use turingos::journal::Chain;

use crate::error::RunIoError;
use crate::line_chain::LineChain;
use crate::line_writer::LineWriter;
use crate::open_folder::OpenFolder;
use crate::tape::SecretScan;

/// The name of a file until it is whole.
pub(crate) fn unfinished(name: &str) -> String {
    format!(".{name}.unfinished")
}

/// A file of plain lines that is being written.
#[derive(Debug)]
pub(crate) struct LineFile {
    path: PathBuf,
    name: &'static str,
    lines: LineWriter<File>,
    chain: LineChain,
    /// Where a resumed run writes it under another name.
    resumed: Option<OpenFolder>,
    /// One line, kept for its memory only.
    line: Vec<u8>,
}

impl LineFile {
    /// Writes into `file`, which is empty; `name` is its name in `folder`.
    pub(crate) fn new(folder: &OpenFolder, name: &'static str, file: File) -> Self {
        Self {
            path: folder.path_of(name),
            name,
            lines: LineWriter::new(file),
            chain: LineChain::default(),
            resumed: None,
            line: Vec::new(),
        }
    }

    /// Writes the file `name` of the run in `folder` again.
    pub(crate) fn again(folder: &OpenFolder, name: &'static str) -> Result<Self, RunIoError> {
        let resumed = unfinished(name);
        let file = { folder.create_again(&resumed) }
            .map_err(RunIoError::system("create", &folder.path_of(&resumed)))?;
        Ok(Self {
            resumed: Some(folder.clone()),
            ..Self::new(folder, name, file)
        })
    }

    /// Writes `value` as one line of JSON.
    pub(crate) fn take(
        &mut self,
        value: &impl Serialize,
        scan: Option<&SecretScan>,
    ) -> Result<(), RunIoError> {
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, value);
        written.expect("numbers and text are always JSON");
        if let Some(secret) = scan.and_then(|scan| scan.find(&self.line)) {
            let path = self.path.clone();
            return Err(RunIoError::Secret { path, secret });
        }
        self.chain.line(&self.line);
        self.line.push(b'\n');
        let written = self.lines.write_lines(&self.line);
        written.map_err(|error| self.error(error))
    }

    /// Replaces what an earlier process wrote, if this run is resumed.
    pub(crate) fn replace(&mut self) -> Result<(), RunIoError> {
        match self.resumed.take() {
            Some(folder) => {
                let resumed = unfinished(self.name);
                { folder.rename(&resumed, self.name) }
                    .map_err(RunIoError::system("rename", &folder.path_of(&resumed)))
            }
            None => Ok(()),
        }
    }

    /// Leaves what an earlier process wrote as it is.
    pub(crate) fn discard(&mut self) -> Result<(), RunIoError> {
        match self.resumed.take() {
            Some(folder) => {
                let resumed = unfinished(self.name);
                { folder.remove(&resumed) }
                    .map_err(RunIoError::system("remove", &folder.path_of(&resumed)))
            }
            None => Ok(()),
        }
    }

    /// Hands every line so far to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), RunIoError> {
        let flushed = self.lines.flush();
        flushed.map_err(|error| self.error(error))
    }

    /// How many lines there are, and the last hash of their chain.
    pub(crate) const fn chain(&self) -> Chain {
        self.chain.chain()
    }

    fn error(&self, error: io::Error) -> RunIoError {
        RunIoError::system("write", &self.path)(error)
    }
}
