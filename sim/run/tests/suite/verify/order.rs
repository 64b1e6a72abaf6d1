//! Lines of injections and trap frames that are out of order.

use turingos_run::RunDirectory;
use turingos_run::verify::Verdict;

use super::{invalid, verdict};
use crate::in_memory::{text, unfinished};

#[test]
fn injections_out_of_order_are_named() {
    let line = |tick: u64| format!("{{\"tick\":{tick},\"noise\":null}}\n");
    for (ticks, bad) in [
        (vec![0, 1, 5], None),
        (
            vec![1, 0],
            Some((2, "has tick 0, which is not after the one before")),
        ),
        (
            vec![3, 3],
            Some((2, "has tick 3, which is not after the one before")),
        ),
    ] {
        let mut files = unfinished();
        let lines: String = ticks.iter().copied().map(line).collect();
        files.insert(RunDirectory::INJECTIONS.to_owned(), lines.into_bytes());
        let found = verdict(&files, RunDirectory::INJECTIONS);
        match bad {
            None => assert!(found.is_valid(), "{found:?}"),
            Some((line, reason)) => assert_eq!(found, invalid(Some(line), reason)),
        }
    }
    let mut files = unfinished();
    files.insert(RunDirectory::INJECTIONS.to_owned(), b"[]\n".to_vec());
    let Verdict::Invalid {
        line: Some(1),
        reason,
    } = verdict(&files, RunDirectory::INJECTIONS)
    else {
        panic!("a list is no injection");
    };
    assert!(reason.starts_with("is not an injection: "), "{reason}");
}

#[test]
fn trap_frames_out_of_order_are_named() {
    let whole = unfinished();
    let lines: Vec<_> = text(&whole, RunDirectory::TRAPS).lines().collect();
    let frame = |line: &str| -> serde_json::Value { serde_json::from_str(line).unwrap() };
    // Two frames of different ticks and times.
    let later = { lines.iter() }
        .position(|line| frame(line)["t"].as_u64() > Some(0) && frame(line)["tick"] != 0)
        .unwrap();
    let (tick, time) = (&frame(lines[later])["tick"], &frame(lines[later])["t"]);
    let back = "has a tick or time before that of the line before";
    for (member, value, reason) in [
        (
            format!("\"seq\":{}", later + 1),
            format!("\"seq\":{}", later + 2),
            format!("has seq {}, not {}", later + 2, later + 1),
        ),
        (
            format!("\"tick\":{tick}"),
            "\"tick\":0".to_owned(),
            back.to_owned(),
        ),
        (
            format!("\"t\":{time}"),
            "\"t\":0".to_owned(),
            back.to_owned(),
        ),
    ] {
        // The line after the later frame has the member of one before it.
        let mut changed: Vec<String> = lines[..=later].iter().map(|it| (*it).to_owned()).collect();
        let next = lines[later]
            .replacen(
                &format!("\"seq\":{later}"),
                &format!("\"seq\":{}", later + 1),
                1,
            )
            .replacen(&member, &value, 1);
        changed.push(next);
        let text: String = changed.iter().map(|line| format!("{line}\n")).collect();
        let mut files = whole.clone();
        files.insert(RunDirectory::TRAPS.to_owned(), text.into_bytes());
        let expected = invalid(Some(later as u64 + 2), reason);
        assert_eq!(verdict(&files, RunDirectory::TRAPS), expected);
    }
    // Two frames of one tick and time are in order.
    let same = lines[later].replacen(
        &format!("\"seq\":{later}"),
        &format!("\"seq\":{}", later + 1),
        1,
    );
    let text = [&lines[..=later], &[same.as_str()]].concat().join("\n") + "\n";
    let mut files = whole.clone();
    files.insert(RunDirectory::TRAPS.to_owned(), text.into_bytes());
    assert!(verdict(&files, RunDirectory::TRAPS).is_valid());
}
