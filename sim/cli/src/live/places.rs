//! The scenario or mission of a live run, and its workspace.
//!
//! Never overwrites a file that was in a workspace before, and never lets a workspace contain the
//! recording of its own run.

use std::io;
use std::path::{Path, PathBuf};

use turingos::contract::CONTRACT_FILE;
use turingos::manifold::{Manifold, WorldFault, WorldFaultCode};
use turingos::pointer::WorkspacePath;

use super::arguments::read;
use crate::exit::{Exit, Failure};
use crate::scenario_choice::choose;
use turingos_run::providers::mission::{MISSION_PATH, mission};
use turingos_run::scenario::{BuiltIn, MAX_CONTENT_BYTES, Scenario};
use turingos_workspace::{Limits, Workspace, WorkspaceError};

/// A scenario and its open workspace.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) scenario: Scenario,
    workspace: Workspace,
    /// The files that the run begins with and the workspace does not have yet.
    files: Vec<(WorkspacePath, String)>,
}

impl Assignment {
    /// Finds the scenario or mission that `text` names; writes no file.
    pub(crate) fn find(text: &str, workspace: &Path, limits: Limits) -> Result<Self, Failure> {
        let path = Path::new(text);
        let is_mission = BuiltIn::named(text).is_none()
            && path.exists()
            && path.extension().is_none_or(|ending| ending != "json");
        if is_mission {
            return Self::mission(path, workspace, limits);
        }
        let scenario = choose(text)?;
        let workspace = Workspace::create(workspace, limits).map_err(no_workspace)?;
        Ok(Self {
            files: scenario.files().to_vec(),
            workspace,
            scenario,
        })
    }

    /// The workspace of a fork of a run of this scenario: a new or empty directory, or a copy of the
    /// one in which the mission of the run began.
    pub(crate) fn again(scenario: &Scenario, path: &Path, limits: Limits) -> Result<Self, Failure> {
        let mut workspace = match Workspace::create(path, limits) {
            Err(WorkspaceError::NotEmpty { .. }) if scenario.mission().as_str() == MISSION_PATH => {
                Workspace::open(path, limits)
            }
            created => created,
        }
        .map_err(no_workspace)?;
        let mut files = Vec::new();
        for (path, text) in scenario.files() {
            match existing(&mut workspace, path.as_str())? {
                None => files.push((path.clone(), text.clone())),
                Some(same) if same == *text => {}
                Some(_) => return Err(different(path.as_str())),
            }
        }
        Ok(Self {
            scenario: scenario.clone(),
            workspace,
            files,
        })
    }

    fn mission(path: &Path, workspace: &Path, limits: Limits) -> Result<Self, Failure> {
        let refused =
            |reason: String| Failure::new(Exit::Corrupt, format!("{}: {reason}", path.display()));
        let text = String::from_utf8(read(path, MAX_CONTENT_BYTES)?)
            .map_err(|error| refused(format!("not UTF-8: {error}")))?;
        let mut workspace = Workspace::open(workspace, limits).map_err(no_workspace)?;
        let contract = existing(&mut workspace, CONTRACT_FILE)?;
        let scenario = mission(&text, contract.as_deref());
        let scenario = scenario.map_err(|error| refused(error.to_string()))?;
        let files = match existing(&mut workspace, MISSION_PATH)? {
            None => vec![(scenario.mission().clone(), text)],
            Some(same) if same == text => Vec::new(),
            Some(_) => return Err(different(MISSION_PATH)),
        };
        Ok(Self {
            scenario,
            workspace,
            files,
        })
    }

    /// The workspace, with the files in it that the run begins with.
    pub(crate) fn prepare(mut self) -> Result<Workspace, Failure> {
        let files = (self.files.iter()).map(|(path, text)| (path.as_str(), text.as_str()));
        self.workspace.populate(files).map_err(broken)?;
        Ok(self.workspace)
    }
}

fn different(path: &str) -> Failure {
    let message = format!("the workspace already has a different {path}; move it away");
    Failure::new(Exit::Usage, message)
}

/// The workspace of a resumed run.
pub(crate) fn reopened(path: &Path, limits: Limits) -> Result<Workspace, Failure> {
    Workspace::open(path, limits).map_err(no_workspace)
}

/// The text of a file, if there is one.
fn existing(workspace: &mut Workspace, path: &str) -> Result<Option<String>, Failure> {
    let Ok(path) = path.parse::<WorkspacePath>() else {
        return Ok(None);
    };
    let mut text = String::new();
    match workspace.read(&path, &mut text) {
        Ok(()) => Ok(Some(text)),
        Err(fault) if fault.code == WorldFaultCode::NotFound => Ok(None),
        Err(fault) => Err(broken(fault)),
    }
}

/// Makes sure that the recording is not where commands and writes of the run may change it.
pub(crate) fn apart(workspace: &Path, out: &Path) -> Result<(), Failure> {
    let of =
        |path: &Path| canonical(path).map_err(|cause| Failure::of_file("inspect", path, &cause));
    let (workspace, out) = (of(workspace)?, of(out)?);
    if out.starts_with(&workspace) || workspace.starts_with(&out) {
        return Err(Failure::new(
            Exit::Usage,
            "--out and --workspace must not contain each other: the run could change its recording",
        ));
    }
    Ok(())
}

/// The path with every link followed, as far as it exists.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    for ancestor in absolute.ancestors() {
        if let Ok(canonical) = ancestor.canonicalize() {
            let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
            return Ok(canonical.join(rest));
        }
    }
    Ok(absolute)
}

pub(crate) fn no_workspace(error: WorkspaceError) -> Failure {
    let exit = match error {
        WorkspaceError::NotADirectory { .. }
        | WorkspaceError::NotEmpty { .. }
        | WorkspaceError::InUse { .. } => Exit::Usage,
        WorkspaceError::System { ref source, .. } if source.kind() == io::ErrorKind::NotFound => {
            Exit::Usage
        }
        _ => Exit::System,
    };
    Failure::new(exit, error.to_string())
}

pub(crate) fn broken(fault: WorldFault) -> Failure {
    Failure::new(Exit::System, format!("the workspace: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recording_must_be_outside_the_workspace() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        assert_eq!(apart(&at("work"), &at("run")), Ok(()));
        assert_eq!(apart(&at("work"), &at("workshop")), Ok(()));
        for (workspace, out) in [("work", "work"), ("work", "work/run"), ("run/work", "run")] {
            let failure = apart(&at(workspace), &at(out)).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
        }
        std::fs::create_dir(at("work")).unwrap();
        std::os::unix::fs::symlink(at("work"), at("link")).unwrap();
        assert!(apart(&at("work"), &at("link/new/run")).is_err());
    }
}
