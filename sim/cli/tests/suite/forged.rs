//! A verdict that was edited and sealed anew, where files and commands were real.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos::Digest;
use turingos_run::RunDirectory;

use crate::shell::sim;

/// Makes every gate pass, and seals the manifest anew.
fn forge(run: &Path) {
    let path = run.join(RunDirectory::MANIFEST);
    let text = fs::read_to_string(&path).unwrap();
    let (members, _) = text.rsplit_once(",\"seal\":").unwrap();
    let forged = members
        .replace("\"verdict\":\"fail\"", "\"verdict\":\"pass\"")
        .replace("\"passed\":false", "\"passed\":true");
    assert_ne!(members, forged);
    let seal = Digest::of(forged.as_bytes());
    fs::write(path, format!("{forged},\"seal\":\"{seal}\"}}\n")).unwrap();
}

#[test]
fn forged_gates_of_a_real_workspace_are_a_divergence() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (work, run) = (at("work"), at("run"));
    // The soak's agent fails a scenario.
    let words = [
        "run",
        "log-hunt",
        "--agent",
        "clerk",
        "--workspace",
        &work,
        "--out",
        &run,
    ];
    let (code, out, err) = sim(&words);
    assert!(matches!(code, Some(1 | 3)), "{out}{err}");
    let (code, out, err) = sim(&["replay", &run]);
    assert_eq!(code, Some(0), "{out}{err}");
    // The verdict does not hang on the workspace.
    fs::remove_dir_all(&work).unwrap();
    forge(directory.path().join("run").as_path());
    assert_eq!(sim(&["verify", &run]).0, Some(0));
    let (code, out, err) = sim(&["replay", &run]);
    assert_eq!(code, Some(5), "{out}{err}");
    for part in [
        "MANIFEST_CHANGED",
        "/gates/0/verdict",
        "    - \"pass\"",
        "    + \"fail\"",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
}
