//! A playback shows what the journal says, and looking at it changes nothing.

use std::fs;

use serde_json::Value;
use turingos::trap::TrapKind;
use turingos_explain::{Playback, Reading, TickDetail, TimelineEntry};
use turingos_run::{RunIoError, on_virtual_time};

use crate::recorded::{log_hunt, soak};

fn every_detail(playback: &mut Playback) -> Result<Vec<TickDetail>, RunIoError> {
    on_virtual_time(async {
        let mut details = Vec::new();
        while let Some(detail) = playback.explain().await? {
            details.push(detail);
        }
        Ok(details)
    })
}

fn every_entry(playback: &mut Playback) -> Vec<TimelineEntry> {
    on_virtual_time(async {
        let mut entries = Vec::new();
        while let Some(step) = playback.step().await.unwrap() {
            entries.push(TimelineEntry::of(&step.committed, &step.injections));
        }
        entries
    })
}

#[test]
fn timeline_is_the_journal() {
    let scratch = tempfile::tempdir().unwrap();
    let run = soak(scratch.path(), "run", 42, 120);
    let entries = every_entry(&mut Playback::open(&run).unwrap());
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    assert_eq!(entries.len(), 120);
    for (entry, line) in entries.iter().zip(journal.lines()) {
        let line: Value = serde_json::from_str(line).unwrap();
        let record = &line["record"];
        assert_eq!(record["tick"], entry.tick);
        assert_eq!(record["pointer"], entry.pointer.as_str());
        assert_eq!(record["op"].as_str(), entry.op);
        let traps: Vec<_> = entry
            .traps
            .iter()
            .map(|trap| Value::from(&**trap))
            .collect();
        assert_eq!(record["traps"], Value::Array(traps));
    }
    let injections = fs::read_to_string(run.join("injections.jsonl")).unwrap();
    let injected = entries.iter().filter(|entry| !entry.injected.is_empty());
    assert_eq!(injected.count(), injections.lines().count());
}

#[test]
fn explaining_every_tick_changes_no_tick() {
    let scratch = tempfile::tempdir().unwrap();
    let run = soak(scratch.path(), "run", 7, 150);
    let mut plain = Playback::open(&run).unwrap();
    every_entry(&mut plain);
    let mut explained = Playback::open(&run).unwrap();
    let details = every_detail(&mut explained).unwrap();
    assert_eq!(details.len(), 150);
    assert_eq!(explained.root(), plain.root());
    // Each state is the one that the tick before left, unless the machine was rebooted.
    for pair in details.windows(2) {
        if pair[0].entry.status == "RUNNING" {
            assert_eq!(pair[0].q_after, pair[1].q_before);
            assert_eq!(pair[0].queue_after, pair[1].queue_before);
        }
    }
}

#[test]
fn every_cpu_fault_names_its_reading_and_every_syscall_its_transition() {
    let scratch = tempfile::tempdir().unwrap();
    let run = soak(scratch.path(), "run", 42, 200);
    let details = every_detail(&mut Playback::open(&run).unwrap()).unwrap();
    let mut refused_at_a_byte = 0;
    for detail in &details {
        let last = &detail.attempts.last().unwrap().reading;
        match &detail.entry.fault {
            None => {
                assert!(matches!(last, Reading::Transition { .. }), "{detail:?}");
                let syscall = detail.syscall.as_deref().unwrap();
                assert!(syscall.contains(detail.entry.op.unwrap()), "{syscall}");
            }
            Some(fault) => {
                assert!(
                    detail
                        .entry
                        .traps
                        .iter()
                        .any(|trap| trap == TrapKind::CpuFault.name())
                );
                match last {
                    Reading::NotATransition {
                        code, text, place, ..
                    } => {
                        assert_eq!(code, fault);
                        if let Some(place) = place {
                            assert!(place.byte <= text.len());
                            refused_at_a_byte += 1;
                        }
                    }
                    Reading::NotAReply { code, .. } => assert_eq!(code, fault),
                    Reading::NoResponse { .. } => {}
                    Reading::Transition { .. } => panic!("{detail:?}"),
                }
            }
        }
        let frames = detail
            .trap_frames
            .iter()
            .map(|frame| frame.trap_base.0.name());
        assert_eq!(frames.collect::<Vec<_>>(), detail.entry.traps);
    }
    assert!(refused_at_a_byte > 0);
}

#[test]
fn write_is_shown_as_the_difference_of_its_file() {
    let scratch = tempfile::tempdir().unwrap();
    let run = log_hunt(scratch.path());
    let details = every_detail(&mut Playback::open(&run).unwrap()).unwrap();
    let writes: Vec<_> = details
        .iter()
        .filter(|detail| detail.entry.op == Some("SYS_WRITE") && detail.entry.traps.is_empty())
        .collect();
    assert!(!writes.is_empty());
    for detail in writes {
        assert_eq!(detail.files.len(), 1, "{detail:?}");
        assert!(detail.files[0].diff.contains("\n+"), "{detail:?}");
    }
}

#[test]
fn changed_record_is_a_divergence_and_no_tick_behind_it_is_shown() {
    let scratch = tempfile::tempdir().unwrap();
    let run = soak(scratch.path(), "run", 42, 20);
    let injections = run.join("traps.jsonl");
    let text = fs::read_to_string(&injections).unwrap();
    fs::write(&injections, text.replacen("\"seq\":0", "\"seq\":9", 1)).unwrap();
    let mut playback = Playback::open(&run).unwrap();
    let error = every_detail(&mut playback).unwrap_err();
    assert!(matches!(error, RunIoError::Diverged(_)), "{error}");
}
