//! Every file the program writes is what its schema says; with one thing changed, schema and typed
//! parser refuse it both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use turingos::Digest;
use turingos::dispatch::RouteEntry;
use turingos::journal::{Chain, Record};
use turingos::trap::TrapFrame;
use turingos_run::soak::{Settings, Soak, judge, on_virtual_time};
use turingos_run::{Header, Manifest, Profile, Tick};

use super::checker;
use super::mutants::{Change, Mutant, mutants};
use super::tree::Tree;

const TICKS: u64 = 600;

/// One soak of each profile.
static ROUTINE: LazyLock<Run> = LazyLock::new(|| run(Profile::Routine));
static HOSTILE: LazyLock<Run> = LazyLock::new(|| run(Profile::Hostile));

/// What one soak writes, document by document.
struct Run {
    header: String,
    lines: Vec<String>,
    records: Vec<String>,
    routes: Vec<String>,
    trap_frames: Vec<String>,
    manifest: String,
}

fn run(profile: Profile) -> Run {
    let header = Settings::header(profile, 7, TICKS);
    let mut run = Run {
        header: String::from_utf8(header.to_bytes()).unwrap(),
        lines: Vec::new(),
        records: Vec::new(),
        routes: Vec::new(),
        trap_frames: Vec::new(),
        manifest: String::new(),
    };
    on_virtual_time(async {
        let (lines, records) = (&mut run.lines, &mut run.records);
        let (routes, trap_frames) = (&mut run.routes, &mut run.trap_frames);
        let look = |tick: &Tick<'_>| {
            let line = std::str::from_utf8(tick.line).unwrap();
            lines.push(line.trim_end().to_owned());
            records.push(tick.record.to_owned());
            routes.push(serde_json::to_string(&tick.committed.record.route).unwrap());
            for frame in &tick.committed.trap_frames {
                trap_frames.push(serde_json::to_string(frame).unwrap());
            }
        };
        let mut soak = Soak::start_into(&header, look);
        soak.drive().await.unwrap();
        let outcome = soak.outcome();
        let manifest = Manifest::new(7, profile, TICKS, outcome.root, "sim soak".into())
            .with_gates(judge(&header, &outcome.tally))
            .with_counts(outcome.tally.injections);
        run.manifest = String::from_utf8(manifest.to_bytes()).unwrap();
    });
    run
}

#[test]
fn soak_files_are_valid() {
    for (profile, run) in [(Profile::Routine, &*ROUTINE), (Profile::Hostile, &*HOSTILE)] {
        assert_eq!(run.lines.len(), 600);
        assert!(!run.trap_frames.is_empty(), "{profile} has no trap");
        for (schema, documents) in [
            ("run-header.v1", std::slice::from_ref(&run.header)),
            ("journal-line.v1", &run.lines),
            ("journal-record.v1", &run.records),
            ("route-entry.v1", &run.routes),
            ("trap-frame.v1", &run.trap_frames),
            ("run-manifest.v1", std::slice::from_ref(&run.manifest)),
        ] {
            let checker = checker(schema);
            for document in documents {
                let violation = checker.violation(&serde_json::from_str(document).unwrap());
                assert_eq!(violation, None, "{profile} {schema} {document}");
            }
        }
    }
}

/// Members that may be null. Where there is a text, code takes any, a schema only known words.
const NULLABLE: [&str; 7] = [
    "/op",
    "/fault",
    "/actual",
    "/route/actual",
    "/failover",
    "/route/failover",
    "/scenario",
];

/// Where names are free: how often each thing of interest happened.
const FREE_NAMES: &str = "/counts";

/// The one member that may be absent: what was refused, if anything was.
const OPTIONAL: &str = "/cause/signature";

/// Changes a document in every way and holds schema and parser to one another. Returns how many
/// changes both refuse.
fn refused_by_both(schema: &str, text: &str, parse: &dyn Fn(&str) -> bool) -> usize {
    let checker = checker(schema);
    let original = Tree::of(text);
    assert_eq!(checker.violation(&original.value()), None, "{text}");
    assert!(parse(text), "{text}");
    let mut refused = 0;
    for mutant in mutants(&original) {
        let by_schema = !checker.accepts(&mutant.tree.value());
        let by_parser = !parse(&mutant.tree.to_string());
        let Mutant {
            tree,
            change,
            pointer,
        } = mutant;
        let may_pass = match &change {
            Change::Revalued => true,
            Change::Retyped(value) => {
                NULLABLE.contains(&pointer.as_str()) && (value.is_null() || value.is_string())
            }
            Change::Added => pointer == FREE_NAMES,
            Change::Dropped if pointer == OPTIONAL => true,
            Change::Dropped | Change::Renamed => {
                pointer.starts_with(FREE_NAMES) && pointer != FREE_NAMES
            }
            Change::Nested => false,
        };
        // A new name may be out of order, which no schema sees.
        if !matches!(change, Change::Renamed | Change::Added) {
            assert!(
                by_schema || !by_parser,
                "only the schema accepts {change:?} at {pointer}: {tree}"
            );
        }
        if !may_pass {
            assert!(
                by_schema,
                "the schema accepts {change:?} at {pointer}: {tree}"
            );
            assert!(
                by_parser,
                "the parser accepts {change:?} at {pointer}: {tree}"
            );
        }
        refused += usize::from(by_schema && by_parser);
    }
    refused
}

#[test]
fn changed_header_is_refused_by_both() {
    let header =
        |text: &str| Header::<Settings>::from_bytes(format!("{text}\n").as_bytes()).is_ok();
    let run = &*ROUTINE;
    let refused = refused_by_both("run-header.v1", run.header.trim_end(), &header);
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn changed_manifest_is_refused_by_both() {
    // A changed text has another seal, which says nothing about its form: it is made anew.
    let manifest = |text: &str| {
        let sealed = match text.rsplit_once(",\"seal\":\"") {
            Some((members, seal)) if seal.len() == 66 => {
                format!(
                    "{members},\"seal\":\"{}\"}}\n",
                    Digest::of(members.as_bytes())
                )
            }
            _ => format!("{text}\n"),
        };
        Manifest::from_bytes(sealed.as_bytes()).is_ok()
    };
    let run = &*HOSTILE;
    let refused = refused_by_both("run-manifest.v1", run.manifest.trim_end(), &manifest);
    assert!(refused > 500, "{refused}");
}

#[test]
fn changed_record_or_route_is_refused_by_both() {
    let record = |text: &str| serde_json::from_str::<Record>(text).is_ok();
    let route = |text: &str| serde_json::from_str::<RouteEntry>(text).is_ok();
    let run = &*HOSTILE;
    // One record of each opcode says as much as six hundred.
    let mut kinds = BTreeMap::new();
    for text in &run.records {
        let read: Record = serde_json::from_str(text).unwrap();
        kinds.insert(read.op, text);
    }
    assert!(kinds.len() > 5, "{}", kinds.len());
    for text in kinds.values() {
        let refused = refused_by_both("journal-record.v1", text, &record);
        assert!(refused > 300, "{refused}");
    }
    let routes: BTreeSet<_> = run.routes.iter().take(30).collect();
    for text in routes {
        let refused = refused_by_both("route-entry.v1", text, &route);
        assert!(refused > 100, "{refused}");
    }
}

#[test]
fn changed_line_is_refused_by_both() {
    let run = &*ROUTINE;
    let genesis = Digest::of(run.header.as_bytes());
    let line = |text: &str| Chain::new(genesis).verify_line(text.as_bytes()).is_ok();
    let checker = checker("journal-line.v1");
    let text = &run.lines[0];
    assert!(line(text));
    for mutant in mutants(&Tree::of(text)) {
        assert!(!line(&mutant.tree.to_string()), "{}", mutant.tree);
        // Inside the record the chain sees every change, a schema what alters its form.
        let in_record = mutant.pointer.starts_with("/record/");
        if !in_record && mutant.change != Change::Revalued {
            assert!(!checker.accepts(&mutant.tree.value()), "{}", mutant.tree);
        }
    }
}

#[test]
fn changed_trap_frame_is_refused_by_both() {
    let frame = |text: &str| TrapFrame::parse(text.as_bytes()).is_ok();
    let run = &*HOSTILE;
    let kinds: BTreeMap<_, _> = run
        .trap_frames
        .iter()
        .map(|text| (Tree::of(text).value()["trap_base"].to_string(), text))
        .collect();
    assert!(kinds.len() > 8, "{}", kinds.len());
    for text in kinds.values() {
        let refused = refused_by_both("trap-frame.v1", text, &frame);
        assert!(refused > 100, "{refused}");
    }
}

/// A member that may be null was read as null where it was missing.
#[test]
fn missing_nullable_member_is_refused() {
    let run = &*ROUTINE;
    for (member, place) in [
        ("op", ""),
        ("fault", ""),
        ("actual", "route"),
        ("failover", "route"),
    ] {
        let mut document: serde_json::Value = serde_json::from_str(&run.records[0]).unwrap();
        let holder = if place.is_empty() {
            &mut document
        } else {
            &mut document[place]
        };
        holder.as_object_mut().unwrap().remove(member).unwrap();
        let error = serde_json::from_value::<Record>(document).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{member}`"));
    }
}
