//! TuringOS journals: they round-trip, and every changed byte of a tuple is detected.

use turingos::Digest;

use super::mixed;
use turingos_run::turingos_journal::{
    Counts, FaultCode, GENESIS, JournalFault, verify, verify_line_chain,
};

/// Input: a TuringOS journal, also used as the source of the texts of another.
///
/// Properties: a journal over any texts verifies with the expected counts. It does not verify with
/// one bit of a tuple flipped, a line torn, or two lines swapped; held to its line chain, not with
/// any bit flipped.
///
/// # Panics
/// If a property does not hold.
pub fn turingos_journal(bytes: &[u8]) {
    // Arbitrary bytes as a journal give an error, not a panic.
    if let Ok(counts) = read(bytes) {
        assert!(
            counts.tuples + counts.traps + counts.routes > 0,
            "nothing verified"
        );
        let torn = &bytes[..bytes.len() - 1];
        assert!(read(torn).is_err(), "a journal without its last line feed");
    }
    let _ = verify_line_chain(bytes, bytes);
    let texts = String::from_utf8_lossy(bytes);
    let texts: Vec<&str> = texts.split('\n').take(8).collect();
    let mut composer = Composer::default();
    for (number, text) in texts.iter().enumerate() {
        match number % 4 {
            3 => composer.trap(text),
            kind => composer.tuple(text, ["SYS_GOTO", "SYS_WRITE", "SYS_EXEC"][kind], text),
        }
    }
    let journal = composer.finish();
    let counts = read(journal.as_bytes());
    let tuples = texts.len() as u64 - texts.len() as u64 / 4;
    assert_eq!(counts.map(|counts| counts.tuples), Ok(tuples), "{journal}");

    let chain = line_chain(&journal);
    let end = verify_line_chain(chain.as_bytes(), journal.as_bytes());
    assert_eq!(end.map(|end| end.lines), Ok(texts.len() as u64));

    let choice = mixed(bytes);
    let mut changed = journal.clone().into_bytes();
    let at = choice / 64 % changed.len();
    changed[at] ^= 1 << (choice / 8 % 8);
    let end = verify_line_chain(chain.as_bytes(), &*changed);
    assert!(end.is_err(), "a flipped bit at byte {at}");
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    let mut flipped = journal.clone().into_bytes();
    let first = lines[0].len();
    // After the time stamp, which no hash covers.
    let at = 27 + choice % (first - 27);
    flipped[at] ^= 1 << (choice / 8 % 8);
    assert!(read(&flipped).is_err(), "a flipped bit at byte {at}");
    if let [one, two, ..] = &*lines {
        let exchanged = [*two, *one].concat() + &lines[2..].concat();
        assert!(read(exchanged.as_bytes()).is_err(), "exchanged lines");
    }
    let torn = &journal[..journal.len() - 1];
    assert_eq!(
        read(torn.as_bytes()).err().map(|fault| fault.code),
        Some(FaultCode::TornLine)
    );
}

fn read(bytes: &[u8]) -> Result<Counts, JournalFault> {
    verify(bytes, |_, _| ()).map(|journal| journal.counts())
}

/// Writes journals in TuringOS's format, for tests, benches and the fuzzer; the project contains no
/// real recording.
#[derive(Clone, Debug)]
pub struct Composer {
    text: String,
    tuples: u64,
    traps: u64,
    q: String,
    d: String,
    root: String,
}

impl Default for Composer {
    fn default() -> Self {
        Self {
            text: String::new(),
            tuples: 0,
            traps: 0,
            q: "q0".into(),
            d: "README.md".into(),
            root: GENESIS.into(),
        }
    }
}

impl Composer {
    const TIME: &'static str = "2026-01-31T23:59:59.999Z";

    /// Adds a tick with the frame `slice` and the syscall `op` with `operand`, replaced if blank. `op`
    /// is SYS_GOTO, SYS_WRITE or SYS_EXEC.
    pub fn tuple(&mut self, slice: &str, op: &str, operand: &str) {
        let operand: String = operand
            .chars()
            .filter(|it| it.is_alphanumeric())
            .take(200)
            .collect();
        let operand = if operand.is_empty() { "x" } else { &operand };
        let (key, d_next) = match op {
            "SYS_GOTO" => ("pointer", operand.to_owned()),
            "SYS_EXEC" => ("cmd", format!("$ {operand}")),
            _ => ("payload", self.d.clone()),
        };
        let action = format!("{{\"op\":\"{op}\",\"{key}\":{}}}", quoted(operand));
        self.tick(slice, &action, operand, d_next);
    }

    /// Adds a tick whose syscall is of another instruction set.
    pub fn foreign_tuple(&mut self) {
        self.action("{\"op\":\"SYS_TELEPORT\"}");
    }

    /// Adds a tick with this action, a JSON object, which leaves the pointer where it is.
    pub fn action(&mut self, json: &str) {
        let pointer = self.d.clone();
        self.tick("", json, "x", pointer);
    }

    fn tick(&mut self, slice: &str, action: &str, operand: &str, d_next: String) {
        let q_next = format!("q{}\n{operand}", self.tuples + 1);
        let body = format!(
            "{{\"tick_seq\":{},\"q_t\":{},\"h_q\":\"{}\",\"d_t\":{},\"observed_slice\":{},\"s_t\":{},\
             \"h_s\":\"{}\",\"a_t\":{action},\"q_next\":{},\"d_next\":{},\"write_target\":{}",
            self.tuples,
            quoted(&self.q),
            Digest::of(self.q.as_bytes()),
            quoted(&self.d),
            quoted(slice),
            quoted(slice),
            Digest::of(slice.as_bytes()),
            quoted(&q_next),
            quoted(&d_next),
            quoted(&d_next),
        );
        self.sealed(&body);
        (self.q, self.d) = (q_next, d_next);
    }

    /// Adds a tuple, given without its last three members and its closing brace.
    pub fn sealed(&mut self, body: &str) {
        let leaf = Digest::of_parts(&[body.as_bytes(), b"}"]).to_string();
        let root = Digest::of_parts(&[self.root.as_bytes(), b"\n", leaf.as_bytes()]).to_string();
        let json = format!(
            "{body},\"leaf_hash\":\"{leaf}\",\"prev_merkle_root\":\"{}\",\"merkle_root\":\"{root}\"}}",
            self.root
        );
        self.line("REPLAY_TUPLE", &json);
        self.root = root;
        self.tuples += 1;
    }

    /// Adds a trap, after which the machine continues elsewhere.
    pub fn trap(&mut self, details: &str) {
        let base = "sys://trap/cpu_fault";
        self.frame(base, base, details);
        self.d = base.into();
        self.q = format!("recovered after {}", self.traps);
    }

    /// Adds the trap that stops the machine.
    pub fn unrecoverable(&mut self) {
        self.frame("sys://trap/unrecoverable_loop", "HALT", "budget spent");
    }

    fn frame(&mut self, base: &str, pointer: &str, details: &str) {
        let json = format!(
            "{{\"seq\":{},\"ts\":\"{}\",\"trap_base\":\"{base}\",\"trap_pointer\":\"{pointer}\",\
             \"details\":{},\"panic_reset_count\":0,\"metadata\":{{\"source\":\"composed\"}}}}",
            self.traps,
            Self::TIME,
            quoted(details)
        );
        self.line("TRAP_FRAME", &json);
        self.traps += 1;
    }

    /// Adds a line of any kind.
    pub fn line(&mut self, kind: &str, text: &str) {
        self.text += &format!("[{}] [{kind}] {text}\n", Self::TIME);
    }

    /// Returns the journal.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}

/// The line chain that TuringOS writes beside `journal`, as NAME.journal.merkle.jsonl.
#[must_use]
pub fn line_chain(journal: &str) -> String {
    let mut lines = String::new();
    let mut previous = GENESIS.to_owned();
    for line in journal.lines() {
        let parts = line
            .strip_prefix('[')
            .and_then(|line| line.split_once("] "));
        let (time, entry) = parts.expect("a line of a journal begins with its time");
        let body = format!(
            "{{\"ts\":{},\"entry\":{},\"prev_hash\":\"{previous}\"",
            quoted(time),
            quoted(entry)
        );
        let hash = Digest::of_parts(&[body.as_bytes(), b"}"]).to_string();
        lines += &format!("{body},\"hash\":\"{hash}\"}}\n");
        previous = hash;
    }
    lines
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is always JSON")
}
