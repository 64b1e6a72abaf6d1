//! `sim serve` as a process; shared by the tests of several verbs.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::shell::Said;

/// A server until it is dropped.
pub(crate) struct ServeProcess {
    pub(crate) child: Child,
    out: BufReader<ChildStdout>,
    /// The address in its first line.
    pub(crate) url: String,
}

impl ServeProcess {
    /// Starts `sim serve` with these options, and waits until it listens.
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
            .arg("serve")
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line);
        // A recording's service has its name behind the address.
        let url = address.split(' ').next().unwrap().to_owned();
        Self { child, out, url }
    }

    /// Waits for its end, and gives what it said after its first line.
    pub(crate) fn end(mut self) -> Said {
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        let mut err = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

impl Drop for ServeProcess {
    fn drop(&mut self) {
        // Either fails if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
