//! An agent of your own: driven for 100 ticks in an in-memory world, its journal written and verified.
//!
//! `cargo run --package turingos-run --example own_oracle [DIRECTORY]`

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use turingos::bus::Provider;
use turingos::{Digest, Kernel, KernelConfig};
use turingos_agents::{Oracle, RawReply, Request, TransportFault};
use turingos_run::{ChainReader, DriverConfig, MAX_JOURNAL_LINE_BYTES};
use turingos_run::{Inputs, Session, Sink, Start, Tick, Ticks, on_virtual_time};
use turingos_world::{Quota, World};

/// Keeps a diary: opens it to append, writes an entry, counts the lines. Its only memory is the
/// state register, which holds the number of the next step.
struct Diarist;

impl Oracle for Diarist {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let step: u64 = request.q.parse().unwrap_or(0);
        let action = match step % 3 {
            0 => json!({"op": "SYS_GOTO", "pointer": "sys://append/diary.md"}),
            1 => json!({"op": "SYS_WRITE", "payload": format!("entry {}", step / 3)}),
            _ => json!({"op": "SYS_EXEC", "cmd": "wc -l diary.md"}),
        };
        let transition = json!({"q_next": (step + 1).to_string(), "a_t": action}).to_string();
        let body = json!({"model": "diarist", "response": transition, "done": true});
        Ok(RawReply {
            provider: Provider::Ollama,
            status: 200,
            retry_after_us: None,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        })
    }

    fn simulated_latency_us(&self) -> u64 {
        250_000
    }
}

/// Writes the line of each tick.
struct JournalFile(File);

impl Sink for JournalFile {
    type Error = Box<dyn Error>;

    fn take(&mut self, tick: &Tick<'_>) -> Result<(), Self::Error> {
        Ok(self.0.write_all(tick.line)?)
    }
}

/// Runs the diarist with its journal in `directory`, verifies the file, and returns its root.
fn run(directory: &Path) -> Result<Digest, Box<dyn Error>> {
    let path = directory.join("journal.jsonl");
    // The chain begins at the digest of whatever describes the run.
    let genesis = Digest::of(b"diarist 1, 100 ticks");
    let start = Start {
        kernel: Kernel::boot(&KernelConfig::default(), "0", "README.md"),
        driver: DriverConfig::default(),
        seed: 7,
        genesis,
    };
    let world = World::with_files(Quota::default(), [("README.md", "A diary.\n")])
        .map_err(|fault| format!("the world refuses {}", fault.detail))?;
    let journal = JournalFile(File::create(&path)?);
    let parts = (world, Diarist);
    let mut session = Session::new(start, Ticks::new(100), parts, Inputs::Seeded, journal);
    on_virtual_time(session.drive())?;

    let mut journal = ChainReader::open(&path, genesis, MAX_JOURNAL_LINE_BYTES)?;
    let end = journal.read_to_end()?;
    assert_eq!(end.chain.count(), 100);
    assert_eq!(end.chain.head(), session.root());
    Ok(session.root())
}

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let directory = match std::env::args_os().nth(1) {
        Some(directory) => PathBuf::from(directory),
        None => scratch.path().to_path_buf(),
    };
    fs::create_dir_all(&directory)?;
    println!("100 ticks, root {}", run(&directory)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn equal_runs_have_equal_journals() {
        let journal = || {
            let directory = tempfile::tempdir().unwrap();
            super::run(directory.path()).unwrap();
            std::fs::read_to_string(directory.path().join("journal.jsonl")).unwrap()
        };
        let first = journal();
        assert_eq!(first, journal());
        assert_eq!(first.matches(r#""traps":[]"#).count(), 100, "{first}");
    }
}
