//! A `sim` process that is killed when its run has grown to a certain size.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use turingos_run::RunDirectory;

/// Every file of a run.
pub(crate) fn files(run: &Path) -> Vec<Vec<u8>> {
    RunDirectory::FILES
        .map(|name| fs::read(run.join(name)).unwrap_or_default())
        .into()
}

pub(crate) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

pub(crate) fn sim(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(arguments).output().unwrap()
}

/// Runs to the end and asserts success.
pub(crate) fn succeed(arguments: &[&str]) -> Output {
    let output = sim(arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}");
    output
}

/// Starts a process and kills it `delay_us` after `file` has grown to `bytes`. Returns false if it
/// ended before that.
pub(crate) fn killed_at(arguments: &[&str], file: &Path, bytes: u64, delay_us: u64) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while size(file) < bytes && child.try_wait().unwrap().is_none() {
        wait(50);
    }
    wait(delay_us);
    // On Unix this is SIGKILL: the process gets no chance to clean up.
    child.kill().unwrap();
    let status = child.wait().unwrap();
    !status.success()
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process runs meanwhile, on the wall clock"
)]
fn wait(micros: u64) {
    std::thread::sleep(Duration::from_micros(micros));
}
