//! `sim schema` as a shell sees it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use turingos_run::system_prompt::system_prompt;
use turingos_schema::Schema;

use crate::shell::{Said, output, sim};

const POP: &str = r#"{"q_next":"go on","a_t":{"op":"SYS_POP"}}"#;

fn sim_in(arguments: &[&str], directory: &Path) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    output(command.args(arguments).current_dir(directory))
}

fn check(files: &[(&str, &[u8])], schema: &str, options: &[&str]) -> (Option<i32>, String) {
    let directory = TempDir::new().unwrap();
    let mut arguments = vec!["schema", "check", schema];
    arguments.extend(options);
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
        arguments.push(name);
    }
    let (code, out, err) = sim_in(&arguments, directory.path());
    assert_eq!(err, "");
    (code, out)
}

#[test]
fn list_names_every_schema_and_show_prints_it() {
    let (code, out, _) = sim(&["schema", "list"]);
    assert_eq!(code, Some(0));
    let names: Vec<_> = out
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let known: Vec<_> = Schema::ALL.iter().map(Schema::name).collect();
    assert_eq!(names, known);
    let (code, out, _) = sim(&["schema", "list", "--json"]);
    let listing: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, out.lines().count()), (Some(0), 1));
    let listed = listing["schemas"].as_array().unwrap();
    let ids: Vec<_> = listed.iter().map(|schema| schema["id"].clone()).collect();
    assert_eq!(ids, Schema::ALL.iter().map(Schema::id).collect::<Vec<_>>());
    for schema in Schema::ALL {
        let shown = sim(&["schema", "show", schema.name()]);
        assert_eq!(shown, (Some(0), schema.text().to_owned(), String::new()));
    }
}

#[test]
fn prompt_prints_the_system_prompt() {
    let printed = sim(&["schema", "prompt"]);
    assert_eq!(printed, (Some(0), system_prompt(), String::new()));
}

#[test]
fn unknown_schema_lists_the_known_ones() {
    for words in [
        ["schema", "show", "syscall"].as_slice(),
        &["schema", "check", "syscall", "file.json"],
    ] {
        let (code, out, err) = sim(words);
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1));
        for schema in Schema::ALL {
            assert!(err.contains(schema.name()), "{err}");
        }
    }
    let (code, _, err) = sim(&["schema"]);
    assert_eq!(code, Some(2));
    assert_eq!(err, "sim: a verb is missing; see --help\n");
    let (code, _, err) = sim(&["schema", "chekc"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("did you mean: check"), "{err}");
    let (code, _, err) = sim(&["schema", "check", "trap-frame.v1"]);
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    let (code, _, err) = sim(&["schema", "list", "--yaml"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("unknown argument `--yaml`"), "{err}");
}

#[test]
fn valid_files_are_one_line_each() {
    let lines = format!("{POP}\n{POP}\n");
    let files = [
        ("one.json", POP.as_bytes()),
        ("two.jsonl", lines.as_bytes()),
        ("none.jsonl", b""),
    ];
    let (code, out) = check(&files, "syscall-model.v4", &[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        out,
        "one.json: valid\ntwo.jsonl: valid, 2 documents\nnone.jsonl: valid, 0 documents\n"
    );
}

#[test]
fn invalid_file_names_line_pointer_and_rule() {
    let bad = POP.replace("SYS_POP\"", "SYS_POP\",\"cmd\":\"ls\"");
    let lines = format!("{POP}\n{bad}\n{POP}\n");
    let files = [
        ("bad.json", bad.as_bytes()),
        ("bad.jsonl", lines.as_bytes()),
        ("good.json", POP.as_bytes()),
    ];
    let (code, out) = check(&files, "syscall-canonical.v4", &[]);
    assert_eq!(code, Some(6));
    let rule = "invalid at \"/a_t\" by /properties/a_t/oneOf/7/$ref/additionalProperties: \
                Additional properties are not allowed ('cmd' was unexpected)";
    assert_eq!(
        out,
        format!("bad.json: {rule}\nbad.jsonl: line 2: {rule}\ngood.json: valid\n")
    );

    let (code, out) = check(&files, "syscall-canonical.v4", &["--json"]);
    assert_eq!((code, out.lines().count()), (Some(6), 1));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["schema"], "syscall-canonical.v4");
    assert_eq!(report["passed"], false);
    assert_eq!(report["files"][1]["line"], 2);
    assert_eq!(report["files"][1]["pointer"], "/a_t");
    assert_eq!(report["files"][2]["valid"], true);
    assert_eq!(report["files"][2]["documents"], 1);
}

#[test]
fn unreadable_file_does_not_stop_the_others() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("good.json"), POP).unwrap();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty.json", b"", "EOF while parsing a value"),
        ("torn.json", &POP.as_bytes()[..20], "EOF while parsing"),
        ("bytes.json", b"\"\xff\"", "invalid unicode code point"),
        (
            "twice.json",
            br#"{"q_next":"a","q_next":"b"}"#,
            "duplicate key `q_next`",
        ),
        ("two.json", b"{} {}", "trailing characters"),
        (
            "torn.jsonl",
            &POP.as_bytes()[..20],
            "line 1: unreadable: EOF while parsing",
        ),
    ];
    for (name, bytes, reason) in cases {
        fs::write(directory.path().join(name), bytes).unwrap();
        let (code, out, err) = sim_in(
            &["schema", "check", "syscall-model.v4", name, "good.json"],
            directory.path(),
        );
        assert_eq!(
            (code, err.as_str(), out.lines().count()),
            (Some(6), "", 2),
            "{name}"
        );
        assert!(out.starts_with(&format!("{name}: ")), "{out}");
        assert!(out.contains(reason) && out.contains("unreadable"), "{out}");
        assert!(out.ends_with("good.json: valid\n"), "{out}");
    }
    let (code, out, _) = sim_in(
        &["schema", "check", "syscall-model.v4", "."],
        directory.path(),
    );
    assert_eq!((code, out.lines().count()), (Some(6), 1), "{out}");
    assert!(out.starts_with(".: unreadable: "), "{out}");
}

#[test]
fn run_files_match_their_schemas() {
    let directory = TempDir::new().unwrap();
    let soak = "soak --ticks 50 --profile hostile --quiet --out RUN";
    let words: Vec<_> = soak.split(' ').collect();
    sim_in(&words, directory.path());
    for (schema, file) in [
        ("run-header.v1", "RUN/header.json"),
        ("journal-line.v1", "RUN/journal.jsonl"),
        ("run-manifest.v1", "RUN/manifest.json"),
    ] {
        let (code, out, _) = sim_in(&["schema", "check", schema, file], directory.path());
        assert_eq!(code, Some(0), "{out}");
    }
}
