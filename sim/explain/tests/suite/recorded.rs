//! Recorded runs for the other files.

use std::path::{Path, PathBuf};

use turingos_run::scenario::{self, AgentKind, BuiltIn, ScenarioRun};
use turingos_run::soak::{Settings, Soak};
use turingos_run::{Header, Profile, RunConfig, RunDirectory, RunWriter, on_virtual_time};

/// Records a hostile soak below `scratch`, without a manifest.
pub(crate) fn soak(scratch: &Path, name: &str, seed: u64, ticks: u64) -> PathBuf {
    let header = Settings::header(Profile::Hostile, seed, ticks);
    let (directory, writer) = create(scratch, name, &header);
    on_virtual_time(Soak::start_into(&header, writer).drive()).unwrap();
    directory
}

/// Records a scenario of an agent with a little noise.
pub(crate) fn log_hunt(scratch: &Path) -> PathBuf {
    let scenario = BuiltIn::named("log-hunt").unwrap().scenario();
    let profile = Profile::Routine;
    let settings = scenario::Settings::of(scenario, profile, AgentKind::Worker, 500);
    let header = settings.into_header(profile, 42);
    let (directory, writer) = create(scratch, "log-hunt", &header);
    on_virtual_time(ScenarioRun::seeded_into(&header, writer).drive()).unwrap();
    directory
}

fn create<C: RunConfig>(scratch: &Path, name: &str, header: &Header<C>) -> (PathBuf, RunWriter) {
    let directory = scratch.join(name);
    let writer = RunDirectory::create(&directory, header).unwrap();
    (directory, writer)
}
