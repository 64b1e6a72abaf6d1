//! Names and texts that others chose reach no terminal as they are: every verb prints them escaped.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use turingos_run::RunDirectory;

use crate::shell::{Said, sim};

/// Clears the screen, forges a line and turns the text around.
const EVIL: &str = "evil\u{1b}[2J\u{9b}1m\rx\nforged: valid\u{202e}\u{2028}\u{200b}";

struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    /// A path with a hostile name, and this ending.
    fn evil(&self, ending: &str) -> PathBuf {
        self.directory.path().join(format!("{EVIL}{ending}"))
    }

    /// A file with a hostile name.
    fn file(&self, ending: &str, content: &str) -> String {
        let path = self.evil(ending);
        fs::write(&path, content).unwrap();
        text(&path)
    }

    /// A run in a directory with a hostile name.
    fn run(&self) -> PathBuf {
        let path = self.evil(" run");
        let said = sim(&["soak", "--ticks", "20", "--out", &text(&path)]);
        assert_eq!(said.0, Some(0), "{said:?}");
        path
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Runs the command and checks that nothing it prints acts on a terminal, whether it fails or not.
fn shown(words: &[&str]) -> Said {
    let said = sim(words);
    let (code, out, err) = &said;
    for stream in [out, err] {
        let raw = stream.chars().find(|it| {
            *it != '\n'
                && (it.is_control()
                    || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'))
        });
        assert_eq!(raw, None, "{words:?}: {code:?} {stream:?}");
        let forged = stream.lines().find(|line| line.starts_with("forged"));
        assert_eq!(forged, None, "{words:?}: {code:?} {stream}");
    }
    let printed = format!("{out}{err}");
    assert!(
        printed.contains("evil\\u001b[2J") || printed.contains("evil\\u{1b}[2J"),
        "{words:?} does not show the hostile text: {printed}"
    );
    said
}

#[test]
fn hostile_names_of_files_are_escaped_by_every_verb() {
    let scene = Scene::new();
    let run = scene.run();
    let run_path = text(&run);
    assert_eq!(shown(&["verify", &run_path]).0, Some(0));
    assert_eq!(shown(&["verify", "--json", &run_path]).0, Some(0));
    assert_eq!(shown(&["soak", "--resume", &run_path]).0, Some(0));
    assert_eq!(shown(&["run", "--resume", &run_path]).0, Some(0));
    assert_eq!(shown(&["soak", "--out", &run_path]).0, Some(2));
    assert_eq!(
        shown(&["replay", &text(&scene.evil(" nowhere"))]).0,
        Some(2)
    );
    let forked = text(&scene.evil(" fork"));
    let fork = [
        "fork", &run_path, "--at", "3", "--reseed", "1", "--out", &forked,
    ];
    assert_eq!(shown(&fork).0, Some(0));
    assert_eq!(shown(&fork).0, Some(2));
    assert_eq!(shown(&["fork", "--resume", &forked]).0, Some(0));
    assert_eq!(
        shown(&["shrink", &text(&scene.evil(" nowhere"))]).0,
        Some(2)
    );
    let rows = text(&scene.evil(" rows"));
    assert_eq!(shown(&["dataset", &run_path, "--out", &rows]).0, Some(0));
    assert_eq!(shown(&["dataset", &run_path, "--out", &rows]).0, Some(2));

    let page = text(&scene.evil(" page.html"));
    assert_eq!(shown(&["report", &run_path, "--out", &page]).0, Some(0));
    assert_eq!(shown(&["report", &run_path, "--out", &page]).0, Some(2));
    shown(&["report", &run_path, "--out", &page, "--force", "--json"]);

    let json = scene.file(".json", "{}");
    shown(&["schema", "check", "run-header.v1", &json]);
    shown(&["schema", "check", "--json", "run-header.v1", &json]);
    shown(&["lint", &json]);
    shown(&["lint", "--json", &json]);
    shown(&["run", &json]);
    shown(&["new", "scenario", &json]);
    shown(&["new", "contract", &text(&scene.evil(" new.json"))]);
    shown(&["gate", "schema", "--corpus", &json]);
    let journal = scene.file(".journal.log", "no journal");
    shown(&["verify", &journal]);
    shown(&[
        "dataset",
        &journal,
        "--out",
        &text(&scene.evil(" more rows")),
    ]);
    shown(&["serve", "--tape", &journal]);
    shown(&[
        "decode",
        &text(&scene.directory.path().join(format!("{EVIL}.none"))),
    ]);
    shown(&["man", "--out", &json]);
    let settings = scene.file(".toml", "no settings");
    let work = text(&scene.directory.path().join("work"));
    shown(&["lint", &settings]);
    let live = ["live", &json, "--workspace", &work, "--out", &rows];
    shown(&[&live[..], &["--settings", &settings]].concat());
    shown(&[&live[..], &["--kind", "ollama", "--model", "m"]].concat());
    shown(&["longrun", "--seeds", EVIL]);
    shown(&["sweep", "--seeds", EVIL]);
    shown(&["sweep", "--seeds", "0..1", "--scenario", &json]);
    let sweep = ["sweep", "--seeds", "0..1", "--ticks", "9", "--out"];
    let shards = text(&scene.evil(" shards"));
    sim(&[&sweep[..], &[&shards, "--shard", "0/2"]].concat());
    shown(&["sweep", "merge", &shards]);
    shown(&[&sweep[..], &[&json]].concat());
    let page = format!("{shards}.html");
    shown(&["report", &shards, "--out", &page]);
    sim(&[&sweep[..], &[&shards]].concat());
    shown(&["report", &shards, "--out", &page]);
    shown(&["report", &shards, &json, "--out", &page]);
    shown(&[EVIL]);
}

#[test]
fn hostile_names_and_words_of_agents_are_escaped() {
    let scene = Scene::new();
    let tape = text(&scene.evil(" tape"));
    let record = |words: &[&str]| shown(&[&["record", "--out", &tape], words].concat());
    assert_eq!(record(&["--", EVIL]).0, Some(2));
    assert_eq!(record(&["--upstream", EVIL, "--", "true"]).0, Some(2));
    assert_eq!(record(&["--header", EVIL, "--", "true"]).0, Some(2));
    assert_eq!(record(&["--", "sh", "-c", "true", EVIL]).0, Some(0));
    assert_eq!(record(&["--", "true"]).0, Some(2));
    for words in [
        &["verify", &tape][..],
        &["show", &tape],
        &["show", &tape, "--json"],
        &["show", &tape, "--call", "3"],
    ] {
        shown(words);
    }
}

#[test]
fn hostile_text_in_recordings_is_escaped() {
    let scene = Scene::new();
    let run = scene.run();
    let path = text(&run);
    let key = EVIL
        .replace('\u{1b}', "\\u001b")
        .replace('\u{9b}', "\\u009b");
    let key = key.replace('\r', "\\r").replace('\n', "\\n");
    for (name, from, to) in [
        (
            RunDirectory::HEADER,
            "\"seed\":",
            format!("\"{key}\":1,\"seed\":"),
        ),
        (RunDirectory::HEADER, "\"soak\"", format!("\"{key}\"")),
        (
            RunDirectory::MANIFEST,
            "\"seed\":",
            format!("\"{key}\":1,\"seed\":"),
        ),
    ] {
        let file = run.join(name);
        let before = fs::read_to_string(&file).unwrap();
        assert!(before.contains(from), "{before}");
        fs::write(&file, before.replacen(from, &to, 1)).unwrap();
        for words in [
            ["verify", &path].as_slice(),
            &["verify", "--json", &path],
            &["replay", &path],
            &["replay", "--json", &path],
            &["soak", "--resume", &path],
            &["serve", "--tape", &path, "--for", "1"],
        ] {
            shown(words);
        }
        fs::write(&file, before).unwrap();
    }
}

#[test]
fn hostile_text_in_scenarios_and_replies_is_escaped() {
    let scene = Scene::new();
    let about = serde_json::to_string(EVIL).unwrap();
    let scenario = scene.directory.path().join("scenario.json");
    let example = scene.directory.path().join("example.json");
    assert_eq!(sim(&["new", "scenario", &text(&example)]).0, Some(0));
    let document = fs::read_to_string(&example).unwrap();
    let evil = document.replacen("\"The open", &format!("{about},\"x\":\"The open"), 1);
    fs::write(&scenario, &evil).unwrap();
    let said = sim(&["run", &text(&scenario)]);
    assert_eq!(said.0, Some(6), "{said:?}");
    // Bidirectional controls are allowed in a line of a scenario, and shown escaped.
    let turned = document.replacen("The open", "evil\\u202e open", 1);
    fs::write(&scenario, turned).unwrap();
    let (code, out, err) = sim(&["run", "-v", &text(&scenario)]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("evil\\u202e open") && !out.contains('\u{202e}'),
        "{out}"
    );

    let reply = scene.directory.path().join("reply");
    fs::write(
        &reply,
        format!("{{\"q_next\":{about},\"a_t\":{{\"op\":\"SYS_POP\"}}}}"),
    )
    .unwrap();
    let reply = text(&reply);
    for words in [["decode", &reply].as_slice(), &["decode", &reply, "--json"]] {
        let (_, out, err) = sim(words);
        let raw = out
            .trim_end()
            .chars()
            .find(|it| it.is_control() || *it == '\u{202e}');
        assert_eq!((raw, err.as_str()), (None, ""), "{out:?}");
    }
}
