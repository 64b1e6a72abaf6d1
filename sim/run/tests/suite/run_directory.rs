//! A run on disk: refusals, torn lines, and the detection of every changed byte.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use turingos::Digest;
use turingos::journal::{Chain, ChainFaultCode};
use turingos_agents::SeededOracle;
use turingos_run::soak::{self, on_virtual_time};
use turingos_run::{
    Blame, Gate, Header, Inputs, LineChain, Manifest, Prefix, Profile, RunConfig, RunDirectory,
    RunIoError, RunKind, RunWriter, Session, Start, Ticks, read_prefix,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    time_out_us: u64,
}

impl RunConfig for Settings {
    const KIND: RunKind = RunKind::Soak;

    fn command(_header: &Header<Self>, _recording: Option<&Path>) -> Vec<String> {
        vec!["sim".into(), "soak".into()]
    }
}

fn header() -> Header<Settings> {
    let settings = Settings { time_out_us: 1 };
    Header::new(42, 5, Profile::Routine, settings, None, Digest::EMPTY)
}

fn read(path: &Path) -> Result<Prefix<Settings>, RunIoError> {
    read_prefix(path)
}

/// Writes `records` records and returns the heads after each of them, the genesis first. A run
/// that is resumed is written from its first tick on.
fn write(writer: RunWriter, records: u64) -> (RunWriter, Vec<Digest>) {
    let soak = soak::Settings::header(Profile::Routine, 42, records);
    let start = Start {
        genesis: header().genesis(),
        ..Start::of_soak(&soak)
    };
    let oracle = SeededOracle::new(soak.seed, soak.config.agent.clone());
    let world = soak.config.world();
    let plan = Ticks::new(records);
    let mut session = Session::new(start, plan, (world, oracle), Inputs::Seeded, writer);
    let mut heads = vec![session.root()];
    on_virtual_time(async {
        while session.tick().await.unwrap().is_some() {
            heads.push(session.root());
        }
    });
    (session.into_sink(), heads)
}

fn run_of(records: u64) -> (TempDir, Vec<Digest>) {
    let directory = TempDir::new().unwrap();
    let writer = RunDirectory::create(directory.path(), &header()).unwrap();
    let (mut writer, heads) = write(writer, records);
    writer.flush().unwrap();
    (directory, heads)
}

fn journal(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join(RunDirectory::JOURNAL)
}

#[test]
fn finished_run_is_read_back() {
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("deep/RUN");
    let writer = RunDirectory::create(&path, &header()).unwrap();
    let (writer, heads) = write(writer, 5);
    let gate = Gate::judged("records", true, "5 of 5");
    let manifest = Manifest::new(
        42,
        Profile::Routine,
        5,
        heads[5],
        "sim soak --ticks 5".into(),
    )
    .with_gates(vec![gate]);
    writer.finish(&manifest).unwrap();

    let prefix = read(&path).unwrap();
    assert_eq!(prefix.header, header());
    assert_eq!((prefix.records, prefix.head), (5, heads[5]));
    let mut traps = LineChain::default();
    for line in fs::read_to_string(path.join(RunDirectory::TRAPS))
        .unwrap()
        .lines()
    {
        traps.line(line.as_bytes());
    }
    let manifest = manifest
        .with_tape(Chain::new(header().genesis()))
        .with_traps(traps.chain());
    assert_eq!((prefix.torn_bytes, prefix.manifest), (0, Some(manifest)));
    assert_eq!(fs::read(path.join(RunDirectory::TAPE)).unwrap(), b"");
    let hidden = path.join(".manifest.json.unfinished");
    assert!(!hidden.exists());
}

/// What `kill -9` leaves before the header is there.
#[test]
fn directory_without_a_header_is_reusable() {
    let made = [
        RunDirectory::JOURNAL,
        RunDirectory::TAPE,
        RunDirectory::INJECTIONS,
        RunDirectory::TRAPS,
    ];
    for count in 1..=made.len() {
        let directory = TempDir::new().unwrap();
        for name in &made[..count] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        if count == made.len() {
            let half = directory.path().join(".header.json.unfinished");
            fs::write(half, "{\"format\":\"turi").unwrap();
        }
        let writer = RunDirectory::create(directory.path(), &header()).unwrap();
        let (writer, _) = write(writer, 2);
        drop(writer);
        assert_eq!(read(directory.path()).unwrap().records, 2, "{count}");
        assert!(!directory.path().join(".header.json.unfinished").exists());
    }
}

#[test]
fn directory_with_anything_of_value_is_not_reusable() {
    for (name, content) in [
        (RunDirectory::TAPE, "{}"),
        (RunDirectory::JOURNAL, "x"),
        ("notes", ""),
        (".header.json", ""),
    ] {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(RunDirectory::JOURNAL), "").unwrap();
        fs::write(directory.path().join(name), content).unwrap();
        let error = RunDirectory::create(directory.path(), &header()).unwrap_err();
        assert!(matches!(error, RunIoError::NotEmpty { .. }), "{error}");
        let kept = fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(kept, content);
        assert!(directory.path().join(RunDirectory::JOURNAL).exists());
    }
    // A process that is about to write its header keeps the journal locked.
    let directory = TempDir::new().unwrap();
    let journal = fs::File::create(directory.path().join(RunDirectory::JOURNAL)).unwrap();
    journal.lock().unwrap();
    let error = RunDirectory::create(directory.path(), &header()).unwrap_err();
    assert!(matches!(error, RunIoError::Busy { .. }), "{error}");
}

#[test]
fn nonempty_directory_is_refused_untouched() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("thesis.txt"), "years of work").unwrap();
    let error = RunDirectory::create(directory.path(), &header()).unwrap_err();
    assert!(matches!(error, RunIoError::NotEmpty { .. }), "{error}");
    assert_eq!(error.blame(), Blame::Caller);
    assert!(!directory.path().join(RunDirectory::HEADER).exists());
    assert!(!journal(&directory).exists());
}

#[test]
fn run_is_never_overwritten() {
    let (directory, heads) = run_of(3);
    let error = RunDirectory::create(directory.path(), &header()).unwrap_err();
    assert!(matches!(error, RunIoError::AlreadyARun { .. }));
    assert!(
        error
            .to_string()
            .ends_with("choose another directory or remove it")
    );
    assert_eq!(read(directory.path()).unwrap().head, heads[3]);
}

#[test]
fn file_is_not_a_run_directory() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "").unwrap();
    let error = RunDirectory::create(&path, &header()).unwrap_err();
    assert!(matches!(error, RunIoError::NotADirectory { .. }));
    let error = RunDirectory::create(&path.join("below"), &header()).unwrap_err();
    assert_eq!(error.blame(), Blame::System);
    assert!(error.to_string().contains("file/below: "));
}

#[test]
fn missing_header_names_the_path() {
    let directory = TempDir::new().unwrap();
    let error = read(directory.path()).unwrap_err();
    assert_eq!(error.blame(), Blame::Recording);
    let told = format!("{} holds no run", directory.path().display());
    assert!(error.to_string().contains(&told), "{error}");
    let absent = directory.path().join("absent");
    let error = read(&absent).unwrap_err();
    assert_eq!(error.blame(), Blame::System);
    assert!(error.to_string().contains("header.json: No such file"));
}

#[test]
fn cut_journal_keeps_its_whole_lines() {
    let (directory, heads) = run_of(4);
    let whole = fs::read(journal(&directory)).unwrap();
    let ends: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter_map(|(at, byte)| (*byte == b'\n').then_some(at + 1))
        .collect();
    for cut in ends[1]..=whole.len() {
        fs::write(journal(&directory), &whole[..cut]).unwrap();
        let records = ends.iter().filter(|end| **end <= cut).count();
        let kept = ends[records - 1];

        let prefix = read(directory.path()).unwrap();
        assert_eq!(prefix.records, records as u64, "cut at {cut}");
        assert_eq!(prefix.head, heads[records]);
        assert_eq!(prefix.torn_bytes, (cut - kept) as u64);

        let (before, writer) = RunDirectory::resume::<Settings>(directory.path()).unwrap();
        assert_eq!(before, prefix);
        assert_eq!(fs::read(journal(&directory)).unwrap(), whole[..cut]);
        let (writer, resumed) = write(writer, 5);
        assert_eq!(resumed[4], heads[4]);
        drop(writer);
        assert!(fs::read(journal(&directory)).unwrap().starts_with(&whole));
        assert_eq!(read(directory.path()).unwrap().records, 5);
    }
}

#[test]
fn changed_journal_byte_is_detected() {
    let (directory, heads) = run_of(4);
    let whole = fs::read(journal(&directory)).unwrap();
    let last = 1
        + (whole[..whole.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n'))
        .unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(journal(&directory), &changed).unwrap();
        match read(directory.path()) {
            Ok(prefix) => {
                assert!(at >= last, "byte {at}");
                assert_eq!((prefix.records, prefix.head), (3, heads[3]), "byte {at}");
                assert!(prefix.torn_bytes > 0);
            }
            Err(error) => {
                assert_eq!(error.blame(), Blame::Recording, "byte {at}");
                assert!(RunDirectory::resume::<Settings>(directory.path()).is_err());
                assert_eq!(fs::read(journal(&directory)).unwrap(), changed);
            }
        }
    }
}

#[test]
fn changed_header_byte_is_detected() {
    let (directory, _) = run_of(2);
    let path = directory.path().join(RunDirectory::HEADER);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        let error = read(directory.path()).unwrap_err();
        assert_eq!(error.blame(), Blame::Recording, "byte {at}");
    }
}

#[test]
fn last_line_with_a_wrong_hash_is_corrupt() {
    let (directory, _) = run_of(2);
    let text = fs::read_to_string(journal(&directory)).unwrap();
    fs::write(
        journal(&directory),
        text.replace("\"tick\":1", "\"tick\":9"),
    )
    .unwrap();
    let error = read(directory.path()).unwrap_err();
    let RunIoError::Chain { fault, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((fault.code, fault.line), (ChainFaultCode::BrokenChain, 1));
}

#[test]
fn zero_filled_tail_is_torn() {
    for length in [1, 100, 70_000, 1024 * 1024, 1024 * 1024 + 1, 2_500_000] {
        let (directory, heads) = run_of(2);
        let whole = fs::read(journal(&directory)).unwrap();
        fs::write(
            journal(&directory),
            [whole.clone(), vec![0; length]].concat(),
        )
        .unwrap();
        let prefix = read(directory.path()).unwrap();
        assert_eq!((prefix.records, prefix.head), (2, heads[2]));
        assert_eq!(prefix.torn_bytes, length as u64);

        let line = [whole.clone(), vec![0; length], b"\n".to_vec()].concat();
        fs::write(journal(&directory), &line).unwrap();
        assert_eq!(
            read(directory.path()).unwrap().torn_bytes,
            length as u64 + 1
        );
        fs::write(journal(&directory), [line, whole].concat()).unwrap();
        assert_eq!(
            read(directory.path()).unwrap_err().blame(),
            Blame::Recording
        );
    }
}

#[test]
fn manifest_must_match_the_journal() {
    let parent = TempDir::new().unwrap();
    let path = parent.path().join("RUN");
    let writer = RunDirectory::create(&path, &header()).unwrap();
    let (writer, heads) = write(writer, 3);
    let manifest = Manifest::new(42, Profile::Routine, 3, heads[3], String::new());
    writer.finish(&manifest).unwrap();
    assert!(read(&path).is_ok());

    // The last line, cut away cleanly: the chain alone cannot tell.
    let journal = path.join(RunDirectory::JOURNAL);
    let text = fs::read_to_string(&journal).unwrap();
    let shorter = text.lines().take(2).map(|line| format!("{line}\n"));
    fs::write(&journal, shorter.collect::<String>()).unwrap();
    let error = read(&path).unwrap_err();
    assert_eq!(error.blame(), Blame::Recording);
    assert!(
        error
            .to_string()
            .ends_with("records says 3, but the files beside it say 2")
    );
}

#[test]
fn dropped_writer_keeps_every_line() {
    let directory = TempDir::new().unwrap();
    let writer = RunDirectory::create(directory.path(), &header()).unwrap();
    let (writer, heads) = write(writer, 3);
    drop(writer);
    let prefix = read(directory.path()).unwrap();
    assert_eq!((prefix.records, prefix.head), (3, heads[3]));
    assert_eq!(prefix.manifest, None);
}
