//! The directory manifold: cases that need a real file system and real processes.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod commands;
mod git;
mod launched;
mod links;
mod opening;
mod races;
mod replacement;
mod special_files;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use turingos::Digest;
use turingos::Manifold;
use turingos::manifold::{WorldFault, WorldFaultCode};
use turingos_workspace::{Limits, Workspace};

/// True in a process that has a key, `canary`, in its environment. Otherwise runs the test of this
/// name again in such a process.
pub(crate) fn has_key(test: &str) -> bool {
    const KEY: &str = "PROVIDER_API_KEY";
    if std::env::vars_os().any(|(name, _)| name == KEY) {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(KEY, "canary")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    false
}

/// The text outside of the workspace, which must neither be seen nor changed.
pub(crate) const SECRET: &str = "outside";

/// A workspace `inside` beside a directory `outside` with one file, `secret`.
pub(crate) struct Scene {
    scratch: TempDir,
    pub(crate) workspace: Workspace,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits {
            command_time: Duration::from_secs(20),
            ..Limits::default()
        })
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("outside")).unwrap();
        fs::write(scratch.path().join("outside/secret"), SECRET).unwrap();
        let workspace = Workspace::create(&scratch.path().join("inside"), limits).unwrap();
        Self { scratch, workspace }
    }

    /// The real path of a file of the workspace.
    pub(crate) fn inside(&self, name: &str) -> PathBuf {
        self.scratch.path().join("inside").join(name)
    }

    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.scratch.path().join("outside").join(name)
    }

    pub(crate) fn read(&mut self, name: &str) -> Result<String, WorldFault> {
        let mut content = String::new();
        self.workspace
            .read(&name.parse().unwrap(), &mut content)
            .map(|()| content)
    }

    pub(crate) fn write(&mut self, name: &str, content: &str) -> Result<(), WorldFault> {
        let path = name.parse().unwrap();
        self.workspace.write(&path, content, Digest::EMPTY, 0)
    }

    pub(crate) fn list(&mut self, directory: &str) -> Result<Vec<String>, WorldFault> {
        let directory = (directory != ".").then(|| directory.parse().unwrap());
        self.workspace.list(directory.as_ref(), 100)
    }

    /// The standard output of a command that must succeed.
    pub(crate) fn stdout(&mut self, line: &str) -> String {
        let outcome = self.workspace.exec(line, 0);
        assert_eq!(outcome.exit_code, 0, "{line}: {}", outcome.stderr);
        outcome.stdout
    }

    /// That nothing outside of the workspace was changed.
    pub(crate) fn check_outside(&self) {
        let names: Vec<_> = walk(&self.scratch.path().join("outside"));
        assert_eq!(names, ["secret"]);
        assert_eq!(fs::read_to_string(self.outside("secret")).unwrap(), SECRET);
    }
}

/// The names in a real directory, sorted.
#[expect(clippy::disallowed_methods, reason = "sorted right after")]
pub(crate) fn walk(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, WorldFault>) -> WorldFaultCode {
    result.unwrap_err().code
}
