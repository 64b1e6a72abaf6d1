//! A report says what the journal says, whatever the length of the run, and the same each time.

use std::fs::File;

use turingos_explain::{
    Detail, MAX_BUCKETS, Report, RunSummary, Verdict, examine_journal, examine_run,
};
use turingos_run::on_virtual_time;
use turingos_testkit::fuzzing::turingos_journal::Composer;

use crate::recorded::{log_hunt, soak};

fn examined(run: &std::path::Path) -> RunSummary {
    on_virtual_time(examine_run(run, |_| {})).unwrap()
}

fn page(runs: impl IntoIterator<Item = RunSummary>) -> String {
    let mut report = Report::default();
    runs.into_iter().for_each(|run| report.push(run, None));
    report.to_html()
}

#[test]
fn report_counts_what_the_files_hold() {
    let scratch = tempfile::tempdir().unwrap();
    let run = soak(scratch.path(), "run", 42, 700);
    let subject = examined(&run);
    assert_eq!((subject.ticks, subject.verdict), (700, Verdict::Unfinished));
    let total = subject.series.total().unwrap();
    assert_eq!(total.ticks, 700);
    assert!(subject.series.buckets().len() <= MAX_BUCKETS);
    let frames = std::fs::read_to_string(run.join("traps.jsonl")).unwrap();
    let counted: u64 = subject.traps.rows().iter().map(|row| row.count).sum();
    assert_eq!(counted, frames.lines().count() as u64);
    let injected: u64 = subject.injected.values().sum();
    assert_eq!(
        injected,
        total.noise + total.provider_faults + total.world_faults
    );
    assert!(injected > 0 && total.hard_traps > 0 && total.called_us > 0 && total.waited_us > 0);
    assert_eq!(total.called_us + total.waited_us, subject.time_us);
}

#[test]
fn windows_hold_their_ticks_and_the_focus_is_explained() {
    let scratch = tempfile::tempdir().unwrap();
    let subject = examined(&soak(scratch.path(), "run", 42, 300));
    let (focus, detail) = subject.focus.unwrap();
    let Detail::Run(detail) = detail else {
        panic!("a tick of a run");
    };
    assert_eq!(detail.entry.tick, focus.tick);
    assert!(!detail.trap_frames.is_empty());
    for (window, entries) in &subject.windows {
        let ticks: Vec<u64> = entries.iter().map(|entry| entry.tick).collect();
        let expected: Vec<u64> = (window.from..=window.to.min(299)).collect();
        assert_eq!(ticks, expected);
    }
    let shown = subject.windows.iter().flat_map(|(_, entries)| entries);
    assert!({ shown }.any(|entry| entry.tick == focus.tick));
}

#[test]
fn same_runs_give_the_same_bytes_wherever_they_are() {
    let scratch = tempfile::tempdir().unwrap();
    let first = page([examined(&soak(scratch.path(), "one", 7, 120))]);
    let second = page([examined(&soak(scratch.path(), "two", 7, 120))]);
    assert_eq!(first, second);
    assert_ne!(
        first,
        page([examined(&soak(scratch.path(), "three", 8, 120))])
    );
    assert!(!first.contains(scratch.path().to_str().unwrap()));
}

/// A killed run's trap frames may be ahead of its journal.
#[test]
fn focus_of_a_killed_run_is_a_tick_that_it_has() {
    let scratch = tempfile::tempdir().unwrap();
    let run = log_hunt(scratch.path());
    let journal = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let first: String = journal.split_inclusive('\n').take(3).collect();
    std::fs::write(run.join("journal.jsonl"), first).unwrap();
    let subject = examined(&run);
    assert_eq!((subject.ticks, subject.verdict), (3, Verdict::Unfinished));
    let (focus, _) = subject.focus.unwrap();
    assert!(focus.tick < 3, "{focus:?}");
    assert!(
        subject
            .windows
            .iter()
            .all(|(_, entries)| !entries.is_empty())
    );
}

#[test]
fn page_refers_to_nothing_outside_and_has_no_script() {
    let scratch = tempfile::tempdir().unwrap();
    let html = page([
        examined(&soak(scratch.path(), "run", 42, 400)),
        examined(&log_hunt(scratch.path())),
    ]);
    for absent in [
        "<script", "http:", "https:", "src=", "href=", "url(", "@import", " style=", " on",
    ] {
        let found = html.match_indices(absent).next();
        let around = found.map(|(at, _)| &html[html.floor_char_boundary(at.saturating_sub(60))..]);
        let around = around.map(|text| text.chars().take(140).collect::<String>());
        // ` on` is part of sentences; as an attribute it would have a value.
        let is_attribute = absent != " on" || { html.split(" on") }.skip(1).any(|rest| {
            let name = rest.trim_start_matches(|it: char| it.is_ascii_lowercase());
            name.len() < rest.len() && name.starts_with("=\"")
        });
        assert!(found.is_none() || !is_attribute, "{absent}: {around:?}");
    }
    assert!(html.contains("default-src 'none'"));
    assert!(html.len() < 512 * 1024, "{}", html.len());
}

#[test]
fn every_element_is_closed() {
    let scratch = tempfile::tempdir().unwrap();
    let html = page([
        examined(&soak(scratch.path(), "run", 42, 400)),
        examined(&log_hunt(scratch.path())),
    ]);
    let mut open = Vec::new();
    let mut rest = html.as_str();
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed.to_owned()), "</{closed}>");
        } else if !tag.ends_with('/') && !matches!(name, "!doctype" | "meta" | "br") {
            open.push(name.to_owned());
        }
        rest = &rest[end..];
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn journal_of_turingos_is_reported_from_its_tuples() {
    let scratch = tempfile::tempdir().unwrap();
    let mut composer = Composer::default();
    composer.tuple("<b>the frame</b>\u{202e}", "SYS_GOTO", "notes");
    composer.trap("it <i>failed</i>");
    composer.tuple("the next frame", "SYS_GOTO", "notes");
    let path = scratch.path().join("x.journal.log");
    std::fs::write(&path, composer.finish()).unwrap();
    let subject = examine_journal("journal", || File::open(&path)).unwrap();
    assert_eq!((subject.ticks, subject.verdict), (2, Verdict::NotJudged));
    let (focus, detail) = subject.focus.as_ref().unwrap();
    assert_eq!(focus.tick, 0);
    assert!(matches!(detail, Detail::Journal(_)));
    let html = page([subject]);
    assert!(html.contains("it &lt;i&gt;failed&lt;/i&gt;"));
    assert!(html.contains("&lt;b&gt;the frame&lt;/b&gt;\\u{202e}"));
    assert!(!html.contains('\u{202e}'));
}
