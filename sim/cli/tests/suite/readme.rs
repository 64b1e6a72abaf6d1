//! The commands of README.md and of pages in docs/, run one after another in one directory each,
//! print what the text says.
//!
//! A `console` block holds `$ command` lines, each followed by its output, standard error included.
//! `[..]` stands for any text in a line, a line `...` for any lines; a status other than 0 is the
//! last line, as `[exit N]`. `cargo sim` is this build of `sim`, and nothing else of Cargo is run.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../../../README.md");

/// The commands of every `console` block with the output that follows each.
fn commands(document: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut is_console = false;
    for line in document.lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => is_console = true,
            ("```", _) => is_console = false,
            (_, Some(command)) if is_console => commands.push((command.into(), String::new())),
            (output, None) if is_console => {
                let (_, expected) = commands.last_mut().expect("a block begins with a command");
                writeln!(expected, "{output}").unwrap();
            }
            _ => {}
        }
    }
    commands
}

/// Makes a folder for PATH with `sim`, and a `cargo` that only knows `cargo sim`.
fn make_programs(folder: &Path) {
    fs::create_dir(folder).unwrap();
    symlink(env!("CARGO_BIN_EXE_sim"), folder.join("sim")).unwrap();
    let cargo = folder.join("cargo");
    let shim = "#!/bin/sh\n[ \"$1\" = sim ] || exit 127\nshift\nexec sim \"$@\"\n";
    fs::write(&cargo, shim).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn readme_commands_print_what_it_says() {
    run_document(README, 12);
}

#[test]
fn commands_of_the_page_about_explaining_print_what_it_says() {
    run_document(include_str!("../../../../docs/explaining-a-run.md"), 7);
}

#[test]
fn commands_of_the_page_about_forking_print_what_it_says() {
    run_document(include_str!("../../../../docs/forking-and-shrinking.md"), 8);
}

#[test]
fn commands_of_the_page_about_recording_print_what_it_says() {
    run_document(include_str!("../../../../docs/recording-any-agent.md"), 3);
}

#[test]
fn commands_of_the_page_about_replaying_print_what_it_says() {
    run_document(include_str!("../../../../docs/replaying-an-agent.md"), 4);
}

#[test]
fn commands_of_the_page_about_sweeping_print_what_it_says() {
    run_document(include_str!("../../../../docs/sweeping-seeds.md"), 9);
}

/// Runs every command of a document that has at least so many.
fn run_document(document: &str, least: usize) {
    let scratch = tempfile::tempdir().unwrap();
    let programs = scratch.path().join("programs");
    make_programs(&programs);
    let directory = scratch.path().join("work");
    fs::create_dir(&directory).unwrap();
    let commands = commands(document);
    assert!(commands.len() >= least, "{} commands", commands.len());
    for (command, expected) in commands {
        let script = format!("PATH='{}':\"$PATH\"\n{command}", programs.display());
        let printed = output_of(&script, &directory);
        let transcript = |output: &str| format!("$ {command}\n{output}");
        // A backslash is part of a command or of JSON here, never a path's.
        let assert = snapbox::Assert::new().normalize_paths(false);
        assert.eq(transcript(&printed), transcript(&expected));
    }
}

/// What a shell prints for `script`, with its status at the end if it is not 0.
fn output_of(script: &str, directory: &Path) -> String {
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(directory)
        .output()
        .unwrap();
    let mut printed = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        writeln!(printed, "[exit {}]", output.status.code().unwrap()).unwrap();
    }
    printed
}
