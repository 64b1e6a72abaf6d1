//! What a manifest says of the files beside it.

use std::collections::BTreeMap;

use turingos::isa::Opcode;
use turingos::trap::TrapKind;
use turingos_run::{Manifest, RunDirectory};

use super::{invalid, verdict};
use crate::in_memory::{Files, TICKS, finished, forged, manifest, text};

fn judged(files: &Files) -> turingos_run::verify::Verdict {
    verdict(files, RunDirectory::MANIFEST)
}

fn disagrees(claim: &str, claimed: impl ToString, found: impl ToString) -> String {
    let (claimed, found) = (claimed.to_string(), found.to_string());
    format!("{claim} says {claimed}, but the files beside it say {found}")
}

fn with_counts(change: impl FnOnce(&mut BTreeMap<String, u64>)) -> Files {
    let mut files = finished();
    let mut counts = manifest(&files).counts().clone();
    change(&mut counts);
    let manifest: Manifest = manifest(&files).with_counts(counts);
    files.insert(RunDirectory::MANIFEST.to_owned(), manifest.to_bytes());
    files
}

fn names() -> Vec<&'static str> {
    let opcodes = Opcode::ALL.iter().map(|opcode| opcode.name());
    let traps = TrapKind::ALL.iter().map(|trap| trap.name());
    opcodes.chain(traps).collect()
}

#[test]
fn every_count_is_compared_with_the_records() {
    for name in names() {
        let manifest = manifest(&finished());
        let found = manifest.counts().get(name).copied().unwrap_or_default();
        let files = with_counts(|counts| {
            counts.insert(name.to_owned(), found + 1);
        });
        let reason = disagrees(name, found + 1, found);
        assert_eq!(judged(&files), invalid(None, reason));
        if found > 0 {
            // A count that lacks beside others is none.
            let files = with_counts(|counts| {
                counts.remove(name);
            });
            assert_eq!(judged(&files), invalid(None, disagrees(name, 0, found)));
        }
    }
}

/// A scenario's manifest counts traps, a foreign one nothing.
#[test]
fn counts_that_are_left_out_are_not_compared() {
    for left_out in [
        Opcode::ALL.map(Opcode::name).to_vec(),
        TrapKind::ALL.map(TrapKind::name).to_vec(),
        names(),
    ] {
        let files = with_counts(|counts| counts.retain(|name, _| !left_out.contains(&&**name)));
        assert!(judged(&files).is_valid(), "without {left_out:?}");
    }
}

#[test]
fn every_end_is_compared_with_its_file() {
    let files = finished();
    let manifest = manifest(&files);
    let none = turingos::Digest::EMPTY;
    let (tape, injections, traps) = (manifest.tape(), manifest.injections(), manifest.traps());
    assert_eq!(manifest.records(), TICKS);
    for (from, to, reason) in [
        (
            "\"seed\":5".to_owned(),
            "\"seed\":6".to_owned(),
            disagrees("seed", 6, 5),
        ),
        (
            "\"profile\":\"hostile\"".to_owned(),
            "\"profile\":\"routine\"".to_owned(),
            disagrees("profile", "routine", "hostile"),
        ),
        (
            format!("\"records\":{TICKS},"),
            format!("\"records\":{},", TICKS + 1),
            disagrees("records, at most", TICKS + 1, TICKS),
        ),
        (
            format!("\"records\":{TICKS},"),
            format!("\"records\":{},", TICKS - 1),
            disagrees("records", TICKS - 1, TICKS),
        ),
        (
            format!("\"root\":\"{}\"", manifest.root()),
            format!("\"root\":\"{none}\""),
            disagrees("root", none, manifest.root()),
        ),
        (
            "\"entries\":0".to_owned(),
            "\"entries\":1".to_owned(),
            disagrees("tape entries", 1, 0),
        ),
        (
            tape.head.to_string(),
            none.to_string(),
            disagrees("tape head", none, tape.head),
        ),
        (
            format!(
                "\"lines\":{},\"head\":\"{}\"",
                injections.lines, injections.head
            ),
            format!("\"lines\":0,\"head\":\"{}\"", injections.head),
            disagrees("injections lines", 0, injections.lines),
        ),
        (
            injections.head.to_string(),
            none.to_string(),
            disagrees("injections head", none, injections.head),
        ),
        (
            format!("\"lines\":{},\"head\":\"{}\"", traps.lines, traps.head),
            format!("\"lines\":0,\"head\":\"{}\"", traps.head),
            disagrees("traps lines", 0, traps.lines),
        ),
        (
            traps.head.to_string(),
            none.to_string(),
            disagrees("traps head", none, traps.head),
        ),
    ] {
        let forged = forged(files.clone(), &from, &to);
        assert_eq!(judged(&forged), invalid(None, reason), "{from} -> {to}");
    }
}

#[test]
fn manifest_that_is_none_is_named() {
    let mut files = finished();
    let bytes = text(&files, RunDirectory::MANIFEST).replacen(':', ": ", 1);
    files.insert(RunDirectory::MANIFEST.to_owned(), bytes.into_bytes());
    let reason = "not canonical from byte 10 on; it was edited or written by something else";
    assert_eq!(judged(&files), invalid(None, reason));
}
