//! TuringOS journals: real recordings where they are at hand, and what is found in changed ones.

mod verdicts;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use turingos::isa::Syscall;
use turingos_run::turingos_journal::{
    Action, Counts, Event, Journal, JournalFault, events, verify, verify_line_chain,
};
use turingos_testkit::corpus::turingos_journals::JournalExpectation;
use turingos_testkit::corpus::{Corpus, load};
use turingos_testkit::fuzzing::turingos_journal::{Composer, line_chain};

fn read(bytes: &[u8]) -> Result<Journal, JournalFault> {
    verify(bytes, |_, _| ())
}

fn composed() -> String {
    let mut composer = Composer::default();
    composer.tuple("a \"frame\"\nof two lines", "SYS_GOTO", "notes");
    composer.line("Tick", "d:README.md -> d':notes");
    composer.tuple("", "SYS_WRITE", "payload");
    composer.trap("something \\ failed");
    composer.line("BUS_ROUTE", "{\"lane\":\"P\",\"reason\":\"TRAP\"}");
    composer.tuple("\u{1f600} [OBSERVED_SLICE]", "SYS_EXEC", "ls");
    composer.finish()
}

/// Real recordings lie beside the repository on some machines; it does not hold them.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
    let names = [
        "deadlock",
        "dirty",
        "lazarus",
        "panic_budget",
        "realworld",
        "synthetic",
        "thrashing",
        "unrecoverable",
    ];
    let paths = names.map(|name| folder.join(format!("{name}.journal.log")));
    paths.into_iter().filter(|path| path.exists()).collect()
}

#[test]
fn real_recordings_verify() {
    let expected = [
        ("deadlock", 172, 98, 0),
        ("dirty", 24, 12, 0),
        ("lazarus", 24, 12, 0),
        ("panic_budget", 13, 0, 12),
        ("realworld", 36, 6, 7),
        ("synthetic", 8, 4, 0),
        ("thrashing", 20, 6, 2),
        ("unrecoverable", 4, 0, 4),
    ];
    for path in recordings() {
        let journal = verify(File::open(&path).unwrap(), |_, _| ());
        let counts = journal.unwrap().counts();
        let name = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap();
        let found = (name, counts.lines, counts.tuples, counts.traps);
        assert!(expected.contains(&found), "{found:?}");
        assert_eq!((counts.foreign_syscalls, counts.routes), (0, 0), "{name}");
    }
}

#[test]
fn line_chains_of_real_recordings_verify() {
    for path in recordings() {
        let chain = path.with_extension("merkle.jsonl");
        if !chain.exists() {
            continue;
        }
        let (chain, journal) = (fs::read(chain).unwrap(), fs::read(&path).unwrap());
        let end = verify_line_chain(&*chain, &*journal).unwrap();
        let lines = journal.split_inclusive(|byte| *byte == b'\n').count();
        assert_eq!(end.lines, lines as u64, "{}", path.display());
        // Lines of every kind, their times among them.
        for at in (0..journal.len()).step_by(journal.len() / 200) {
            let mut flipped = journal.clone();
            flipped[at] ^= 1;
            assert!(verify_line_chain(&*chain, &*flipped).is_err(), "{at}");
        }
    }
}

/// No tuple covers a trap frame: by itself a journal whose frames were changed still verifies.
#[test]
fn flipped_bits_of_trap_frames_are_found_by_the_line_chain() {
    let journal = composed();
    let chain = line_chain(&journal);
    let end = verify_line_chain(chain.as_bytes(), journal.as_bytes()).unwrap();
    assert_eq!(end.lines, 6);
    let mut unseen = 0;
    let mut flips = 0;
    let mut start = 0;
    for (number, line) in (1..).zip(journal.split_inclusive('\n')) {
        for at in start..start + line.len() {
            for bit in 0..8 {
                let mut flipped = journal.clone().into_bytes();
                flipped[at] ^= 1 << bit;
                flips += 1;
                unseen += usize::from(read(&flipped).is_ok());
                let fault = verify_line_chain(chain.as_bytes(), &*flipped).unwrap_err();
                // A line feed that is gone, or one too many, shifts nothing before it.
                assert_eq!(fault.line, number, "bit {bit} of byte {at}: {fault}");
            }
        }
        start += line.len();
    }
    assert!(unseen > flips / 20, "{unseen} of {flips} unseen without it");
}

#[test]
fn flipped_byte_of_a_line_chain_is_located() {
    let journal = composed();
    let chain = line_chain(&journal);
    let mut start = 0;
    for (number, line) in (1..).zip(chain.split_inclusive('\n')) {
        for at in start..start + line.len() {
            let mut flipped = chain.clone().into_bytes();
            flipped[at] ^= 1 << (at % 8);
            let fault = verify_line_chain(&*flipped, journal.as_bytes()).unwrap_err();
            assert_eq!(fault.line, number, "byte {at}: {fault}");
        }
        start += line.len();
    }
}

#[test]
fn flipped_byte_of_a_recording_is_located() {
    for path in recordings()
        .iter()
        .filter(|path| path.ends_with("synthetic.journal.log"))
    {
        flip_every_byte_of_tuples(&fs::read(path).unwrap());
    }
}

/// No hash vouches for the time and the kind of a line: the JSON begins behind them.
fn flip_every_byte_of_tuples(bytes: &[u8]) -> usize {
    let mut start = 0;
    let mut flips = 0;
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        if line[27..].starts_with(b"[REPLAY_TUPLE] {") {
            for at in 42..line.len() {
                let mut flipped = bytes.to_vec();
                flipped[start + at] ^= 1;
                assert_eq!(read(&flipped).unwrap_err().line, number, "{at}");
                flips += 1;
            }
        }
        start += line.len();
    }
    flips
}

#[test]
fn flipped_bytes_of_a_composed_journal_are_detected() {
    let journal = composed();
    let counts = read(journal.as_bytes()).unwrap().counts();
    let expected = Counts {
        lines: 6,
        tuples: 3,
        foreign_syscalls: 0,
        traps: 1,
        routes: 1,
        others: 1,
    };
    assert_eq!(counts, expected);
    assert!(flip_every_byte_of_tuples(journal.as_bytes()) > 1_500);
}

/// Every event in one line.
fn listed(journal: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    events(journal, |event| {
        lines.push(match event {
            Event::Tick(tick) => {
                let action = match &tick.action {
                    Action::Syscall(syscall) => syscall.opcode().name(),
                    Action::Foreign { reason, .. } => reason,
                };
                let (pointer, next) = (&tick.pointer, &tick.next_pointer);
                let lane = tick.is_strong_lane;
                format!("{} {pointer} {action} {next} {lane:?}", tick.number)
            }
            Event::Trap(trap) => format!(
                "{} {} logged={} stops={}",
                trap.name, trap.details, trap.is_logged, trap.stops_machine
            ),
        });
    })
    .unwrap();
    lines
}

#[test]
fn events_are_the_ticks_and_traps_in_order() {
    let mut composer = Composer::default();
    composer.tuple("a \"frame\"\nof two lines", "SYS_GOTO", "notes");
    composer.trap("something \\ failed");
    composer.line("BUS_ROUTE", "{\"lane\":\"P\",\"reason\":\"TRAP\"}");
    composer.tuple("", "SYS_EXEC", "ls");
    composer.foreign_tuple();
    composer.unrecoverable();
    let journal = composer.finish();
    assert_eq!(
        listed(journal.as_bytes()),
        [
            "0 README.md SYS_GOTO notes None",
            "CPU_FAULT something \\ failed logged=true stops=false",
            "1 sys://trap/cpu_fault SYS_EXEC $ ls Some(true)",
            "2 $ ls UNKNOWN_OPCODE $ ls None",
            "UNRECOVERABLE_LOOP budget spent logged=true stops=true",
        ]
    );
    let mut first = None;
    events(journal.as_bytes(), |event| {
        first.get_or_insert(event);
    })
    .unwrap();
    let Some(Event::Tick(tick)) = first else {
        panic!("{first:?}");
    };
    assert_eq!((tick.line, tick.state.as_str()), (1, "q0"));
    assert_eq!(tick.frame, "a \"frame\"\nof two lines");
    assert_eq!(tick.next_state, "q1\nnotes");
    let Action::Syscall(Syscall::Goto { pointer }) = &tick.action else {
        panic!("{:?}", tick.action);
    };
    assert_eq!(pointer, "notes");
}

#[test]
fn unlogged_trap_is_an_event() {
    let cases = load::<JournalExpectation>(&Corpus::BuiltIn).unwrap();
    let events_of = |name: &str| {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        listed(&case.input())
    };
    assert_eq!(
        events_of("continuity/unlogged-trap-in-the-state"),
        [
            "0 README.md SYS_GOTO notes/a.txt None",
            "L1_CACHE_HIT Repeated action. logged=false stops=false",
            "1 README.md SYS_GOTO notes/a.txt None",
            "WATCHDOG_NMI INFINITE LOOP DETECTED! logged=false stops=false",
            "2 README.md SYS_GOTO notes/b.txt None",
        ]
    );
    assert_eq!(
        events_of("continuity/unlogged-trap-in-the-pointer")[1],
        "IO_FAULT  logged=false stops=false"
    );
}
