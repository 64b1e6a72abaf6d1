//! Rows from runs, seeded and live, and from scenarios.

use std::fs;
use std::path::Path;

use serde_json::Value;
use turingos::Digest;
use turingos::isa::decode_canonical;
use turingos::journal::Chain;
use turingos_run::RunDirectory;

use super::{Scene, composed};
use crate::shell::sim;

/// Every transition of the run in `run` is a row, with the texts whose digests are in the journal.
fn hold_to_journal(policy: &[Value], run: &Path) {
    let journal = fs::read_to_string(run.join(RunDirectory::JOURNAL)).unwrap();
    let name = run.file_name().unwrap().to_str().unwrap();
    let records: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].take())
        .collect();
    let decoded: Vec<_> = records
        .iter()
        .filter(|record| !record["op"].is_null())
        .collect();
    assert_eq!(policy.len(), decoded.len());
    let mut whole = 0;
    for (row, record) in policy.iter().zip(decoded) {
        let digest = |key: &str| Digest::of(row[key].as_str().unwrap().as_bytes()).to_string();
        assert_eq!(row["from"]["tick"], record["tick"]);
        assert_eq!(row["from"]["file"], format!("{name}/journal.jsonl"));
        assert_eq!(row["from"]["line"], record["tick"].as_u64().unwrap() + 1);
        assert_eq!(row["a_t"]["op"], record["op"]);
        assert_eq!(digest("q_t"), record["q"].as_str().unwrap());
        if let Some(slice) = whole_slice(row["s_t"].as_str().unwrap()) {
            let digest = Digest::of(slice.as_bytes()).to_string();
            assert_eq!(digest, record["slice"].as_str().unwrap());
            whole += 1;
        }
        let transition = serde_json::json!({"q_next": row["q_next"], "a_t": row["a_t"]});
        decode_canonical(transition.to_string().as_bytes()).unwrap();
    }
    assert!(2 * whole > policy.len(), "{whole} of {}", policy.len());
}

/// The observed slice in a frame that shows it whole, without the notes of traps.
fn whole_slice(frame: &str) -> Option<&str> {
    let (_, shown) = frame.split_once("\n\n[OBSERVED_SLICE]\n")?;
    let slice = shown
        .rsplit_once("\n\n[OS_GUARD]\n")
        .map_or(shown, |it| it.0);
    let slice = ["NO_PROGRESS", "PLAN_CONTRACT"]
        .iter()
        .fold(slice, |slice, trap| {
            let note = format!("\n\n[OS_TRAP: {trap}] ");
            slice.rsplit_once(&note).map_or(slice, |it| it.0)
        });
    let is_part = slice.starts_with("[PAGE_TABLE]") || frame.contains("[OS_SECTION_CLIPPED]");
    (!is_part).then_some(slice)
}

/// Real provider replies, with retries, streams and two lanes, replayed from the tapes.
#[test]
fn live_run_gives_rows() {
    let scene = Scene::new();
    let transcripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/transcripts");
    for (number, name) in ["kimi-streamed", "openai-streamed-chaos", "two-providers"]
        .into_iter()
        .enumerate()
    {
        let run = transcripts.join(name);
        let out = format!("out-{number}");
        let words = ["--keep-duplicates", run.to_str().unwrap()];
        let (code, said, err) = scene.dataset(&out, &words);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{said}");
        let policy = scene.rows(&out, "policy.jsonl");
        assert!(policy.len() >= 3, "{name}");
        hold_to_journal(&policy, &run);
        assert_eq!(scene.rows(&out, "reflex.jsonl").len(), 1, "{name}");
    }
}

#[test]
fn run_rows_hold_frame_and_reply() {
    let scene = Scene::new();
    let run = scene.soak("RUN");
    let (code, out, err) = scene.dataset("out", &["--keep-duplicates", &run]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    hold_to_journal(&scene.rows("out", "policy.jsonl"), Path::new(&run));
    let reflex = scene.rows("out", "reflex.jsonl");
    assert!(reflex.len() > 10, "{}", reflex.len());
    for row in reflex {
        // A trap that only adds to the frame is answered in its own tick, any other later.
        let trapped = row["trap_frame"]["tick"].as_u64().unwrap();
        let answered = row["from"]["tick"].as_u64().unwrap();
        let base = row["trap_frame"]["trap_base"].as_str().unwrap();
        let is_soft = ["page_fault", "no_progress", "eacces"]
            .iter()
            .any(|it| base.ends_with(it));
        assert_eq!(row["from"]["line"], trapped + 1);
        assert!(
            if is_soft {
                answered >= trapped
            } else {
                answered > trapped
            },
            "{row}"
        );
    }
}

#[test]
fn scenario_run_gives_rows() {
    let scene = Scene::new();
    let scenario =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/scenarios/fault-recovery.json");
    let (scenario, run) = (scenario.to_str().unwrap(), scene.path("RUN"));
    let run = run.to_str().unwrap();
    assert_eq!(sim(&["run", scenario, "--quiet", "--out", run]).0, Some(0));
    let (code, out, _) = sim(&["verify", run]);
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(scene.dataset("out", &["--keep-duplicates", run]).0, Some(0));
    let journal = fs::read_to_string(Path::new(run).join(RunDirectory::JOURNAL)).unwrap();
    let decoded = journal
        .lines()
        .filter(|line| line.contains("\"fault\":null"))
        .count();
    assert_eq!(scene.rows("out", "policy.jsonl").len(), decoded);
    assert!(!scene.rows("out", "reflex.jsonl").is_empty());
}

/// A run with a valid chain that does not follow from its header.
#[test]
fn changed_run_is_a_divergence_at_its_tick() {
    let scene = Scene::new();
    let run = scene.soak("RUN");
    let path = Path::new(&run).join(RunDirectory::JOURNAL);
    let header = fs::read(Path::new(&run).join(RunDirectory::HEADER)).unwrap();
    let mut chain = Chain::new(Digest::of(&header));
    let mut lines = Vec::new();
    for (tick, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
        let mut record = line[84..line.len() - 1].to_owned();
        if tick == 50 {
            let (before, _) = record.split_once("\"reply\":\"").unwrap();
            let reply = Digest::of(b"another reply");
            let after = &record[before.len() + 9 + 64..];
            record = format!("{before}\"reply\":\"{reply}{after}");
        }
        chain.append(record.as_bytes(), &mut lines);
    }
    fs::write(&path, lines).unwrap();
    fs::remove_file(Path::new(&run).join(RunDirectory::MANIFEST)).unwrap();
    assert_eq!(sim(&["verify", &run]).0, Some(0));
    let (code, _, err) = scene.dataset("out", &["--strict", &run]);
    assert_eq!(code, Some(5), "{err}");
    assert!(err.contains("tick 50"), "{err}");
    assert!(!scene.path("out").exists());

    // Its rows up to tick 50 were written, and are taken back.
    let journal = scene.journal("z.journal.log", &composed());
    assert_eq!(scene.dataset("alone", &[&journal]).0, Some(0));
    let (code, out, _) = scene.dataset("both", &[&journal, &run]);
    assert_eq!(code, Some(0), "{out}");
    for name in ["policy.jsonl", "reflex.jsonl"] {
        assert_eq!(
            scene.read("both", name),
            scene.read("alone", name),
            "{name}"
        );
    }
    assert!(out.contains("RUN/journal.jsonl: skipped: "), "{out}");
    assert!(out.contains("tick 50"), "{out}");
}
