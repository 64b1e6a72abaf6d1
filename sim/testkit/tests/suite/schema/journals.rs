//! The lines of TuringOS journals and the rows of data sets: whatever is read or written is what
//! its schema says, and with one thing changed, schema and reader say the same.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use turingos_dataset::{Collector, from_journal, from_run};
use turingos_run::line_reader::Line;
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::turingos_journal::{FaultCode, Journal, verify_line_chain};
use turingos_run::{Profile, RunDirectory};
use turingos_testkit::corpus::turingos_journals::JournalExpectation;
use turingos_testkit::corpus::{Corpus, load};
use turingos_testkit::fuzzing::turingos_journal::{Composer, line_chain};

use super::checker;
use super::mutants::mutants;
use super::tree::Tree;

const KINDS: [(&str, &str); 3] = [
    ("REPLAY_TUPLE", "turingos-tuple.v1"),
    ("TRAP_FRAME", "turingos-trap-frame.v1"),
    ("BUS_ROUTE", "turingos-route.v1"),
];

fn journal() -> String {
    let mut composer = Composer::default();
    composer.tuple("a frame", "SYS_WRITE", "payload");
    composer.trap("something failed");
    composer.line(
        "BUS_ROUTE",
        "{\"lane\":\"P\",\"reason\":\"TRAP\",\"failover\":false,\"x\":1}",
    );
    composer.unrecoverable();
    composer.tuple("another", "SYS_GOTO", "notes");
    composer.finish()
}

/// The kind and the JSON of a line.
fn parts(line: &str) -> (&str, &str) {
    line[28..].split_once("] ").unwrap()
}

/// Why a line alone is refused.
fn refusal(kind: &str, json: &str) -> Option<FaultCode> {
    let text = format!("[2026-01-31T23:59:59.999Z] [{kind}] {json}");
    let line = Line {
        number: 1,
        bytes: text.as_bytes(),
        is_whole: true,
    };
    Journal::new().line(line).err().map(|fault| fault.code)
}

/// True for what is about one line and can be seen in a parsed document. A hash of another text and
/// a member out of order cannot.
fn is_about_form(code: FaultCode) -> bool {
    matches!(
        code,
        FaultCode::MissingMember
            | FaultCode::BadMember
            | FaultCode::UnknownMember
            | FaultCode::BadTrapPointer
            | FaultCode::Syntax
    )
}

#[test]
fn parsed_lines_are_valid() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
    let cases = load::<JournalExpectation>(&Corpus::Directory(corpus)).unwrap();
    let mut checked = BTreeSet::new();
    for case in cases {
        if let JournalExpectation::Accept(_) = case.expectation {
            let input = case.input();
            let text = std::str::from_utf8(&input).unwrap();
            for (kind, schema) in KINDS {
                let mark = format!("] [{kind}] ");
                for (_, json) in text.lines().filter_map(|line| line.split_once(&mark)) {
                    let document = serde_json::from_str(json).unwrap();
                    assert_eq!(checker(schema).violation(&document), None, "{}", case.name);
                    checked.insert(schema);
                }
            }
        }
    }
    assert_eq!(checked.len(), KINDS.len());
}

#[test]
fn agree_on_a_changed_line() {
    for line in journal().lines().take(4) {
        let (kind, json) = parts(line);
        // A line alone is the first of its journal.
        let json = &json.replace("\"seq\":1,", "\"seq\":0,");
        let (_, schema) = KINDS.into_iter().find(|(known, _)| *known == kind).unwrap();
        let checker = checker(schema);
        assert_eq!(refusal(kind, json), None);
        let mut refused = 0;
        for mutant in mutants(&Tree::of(json)) {
            let by_schema = !checker.accepts(&mutant.tree.value());
            let code = refusal(kind, &mutant.tree.to_string());
            let by_reader = code.is_some_and(is_about_form);
            assert_eq!(
                by_schema, by_reader,
                "{:?} at {}: {code:?}: {}",
                mutant.change, mutant.pointer, mutant.tree
            );
            refused += usize::from(by_schema);
        }
        assert!(refused > 20, "{kind}: {refused}");
    }
}

#[test]
fn agree_on_a_changed_line_of_a_line_chain() {
    let journal = journal();
    let journal = journal.split_inclusive('\n').next().unwrap();
    let chain = line_chain(journal);
    let checker = checker("turingos-line-chain.v1");
    let refusal = |line: &str| {
        let verdict = verify_line_chain(format!("{line}\n").as_bytes(), journal.as_bytes());
        verdict.err().map(|fault| fault.code)
    };
    assert_eq!(refusal(chain.trim_end()), None);
    let mut refused = 0;
    for mutant in mutants(&Tree::of(&chain)) {
        let by_schema = !checker.accepts(&mutant.tree.value());
        let code = refusal(&mutant.tree.to_string());
        assert_eq!(
            by_schema,
            code.is_some_and(is_about_form),
            "{:?} at {}: {code:?}: {}",
            mutant.change,
            mutant.pointer,
            mutant.tree
        );
        refused += usize::from(by_schema);
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn dataset_rows_are_valid() {
    let directory = tempfile::TempDir::new().unwrap();
    let header = Settings::header(Profile::Hostile, 7, 200);
    let writer = RunDirectory::create(directory.path(), &header).unwrap();
    let mut soak = Soak::start_into(&header, writer);
    on_virtual_time(soak.drive()).unwrap();
    soak.into_sink().flush().unwrap();
    let (mut policy, mut reflex) = (Vec::new(), Vec::new());
    let (policy_file, reflex_file) = (Cursor::new(&mut policy), Cursor::new(&mut reflex));
    let mut rows = Collector::new(policy_file, reflex_file, false);
    rows.begin("run", "RUN/journal.jsonl");
    from_run(directory.path(), &mut rows).unwrap();
    rows.begin("turingos-journal", "x.journal.log");
    from_journal(journal().as_bytes(), &mut rows).unwrap();
    let figures = rows.finish().unwrap().summary.figures;
    assert!(
        figures.policy_rows > 100 && figures.reflex_rows > 20,
        "{figures:?}"
    );
    for (schema, rows, count) in [
        ("dataset-policy-row.v1", policy, figures.policy_rows),
        ("dataset-reflex-row.v1", reflex, figures.reflex_rows),
    ] {
        let checker = checker(schema);
        let text = String::from_utf8(rows).unwrap();
        assert_eq!(text.lines().count() as u64, count);
        for row in text.lines() {
            let violation = checker.violation(&serde_json::from_str(row).unwrap());
            assert_eq!(violation, None, "{row}");
        }
        let first = Tree::of(text.lines().next().unwrap());
        assert!(
            mutants(&first)
                .iter()
                .any(|mutant| !checker.accepts(&mutant.tree.value()))
        );
    }
}
