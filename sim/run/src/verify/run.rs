//! The files of a run: each by itself, and what the manifest says of the others.

use std::io::{self, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use turingos::Digest;
use turingos::journal::{Chain, ChainFault};

use super::records::Records;
use super::{Facts, FileReport, RunFiles, Verdict};
use crate::line_reader::{Line, LineError, LineReader};
use crate::replay::Kind;
use crate::tape::TapeReader;
use crate::{DrawsChain, Header, Manifest, RunDirectory, RunIoError};

/// No header or manifest is longer, in bytes.
const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024;

/// No line of a journal or of the draws is longer, in bytes.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Verifies every file of a run, in the order header, tape, journal, draws, manifest. A run without
/// a manifest has not finished: nothing then vouches for its draws and for the ends of the others.
#[must_use]
pub fn run(files: &impl RunFiles) -> Vec<FileReport> {
    let header = open(files, RunDirectory::HEADER)
        .and_then(document)
        .and_then(|bytes| header(&bytes));
    let genesis = header.as_ref().ok().map(|header| header.genesis);
    let mut found = Found {
        header: header.as_ref().ok().copied(),
        ..Found::default()
    };
    let tape = chained(files, RunDirectory::TAPE, genesis, |source, genesis| {
        let (facts, chain) = tape(source, genesis)?;
        found.tape = Some(chain);
        Ok(facts)
    });
    let journal = chained(files, RunDirectory::JOURNAL, genesis, |source, genesis| {
        let (facts, chain, records) = journal(source, genesis)?;
        found.journal = Some((chain, records));
        Ok(facts)
    });
    let draws = open(files, RunDirectory::DRAWS).and_then(|source| {
        let (facts, chain) = draws(source)?;
        found.draws = Some(chain);
        Ok(facts)
    });
    let manifest = files
        .open(RunDirectory::MANIFEST)
        .map_err(unreadable)
        .and_then(|source| match source {
            Some(source) => manifest(&document(source)?, &found),
            None => Ok(Facts {
                note: Some("there is none: the run has not finished"),
                ..Facts::default()
            }),
        });
    let header = header.map(|_| Facts::default());
    [
        (RunDirectory::HEADER, verdict(header)),
        (RunDirectory::TAPE, tape),
        (RunDirectory::JOURNAL, journal),
        (RunDirectory::DRAWS, verdict(draws)),
        (RunDirectory::MANIFEST, verdict(manifest)),
    ]
    .map(|(name, verdict)| FileReport {
        file: name.to_owned(),
        verdict,
    })
    .into()
}

/// What was found before the manifest is read; of a bad file nothing.
#[derive(Default)]
struct Found {
    header: Option<HeaderFacts>,
    tape: Option<Chain>,
    journal: Option<(Chain, Records)>,
    draws: Option<Chain>,
}

/// What other files are held to.
#[derive(Clone, Copy)]
struct HeaderFacts {
    genesis: Digest,
    seed: u64,
    profile: &'static str,
    ticks: u64,
}

fn verdict(found: Result<Facts, Verdict>) -> Verdict {
    found.map_or_else(|verdict| verdict, Verdict::Valid)
}

fn unreadable(error: io::Error) -> Verdict {
    Verdict::invalid(None, format_args!("cannot be read: {error}"))
}

fn open<'f>(files: &'f impl RunFiles, name: &str) -> Result<Box<dyn Read + 'f>, Verdict> {
    let source = files.open(name).map_err(unreadable)?;
    source.ok_or_else(|| Verdict::invalid(None, "is missing"))
}

fn document(source: impl Read) -> Result<Vec<u8>, Verdict> {
    let mut bytes = Vec::new();
    source
        .take(MAX_DOCUMENT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
        let reason = format_args!("is longer than {MAX_DOCUMENT_BYTES} bytes").to_string();
        return Err(Verdict::invalid(None, reason));
    }
    Ok(bytes)
}

fn header(bytes: &[u8]) -> Result<HeaderFacts, Verdict> {
    match Kind::of(bytes) {
        Ok(Kind::Soak(header)) => Ok(HeaderFacts::of(&header)),
        Ok(Kind::Scenario(header)) => Ok(HeaderFacts::of(&header)),
        Ok(Kind::Live(header)) => Ok(HeaderFacts::of(&header)),
        Err(error) => Err(Verdict::invalid(None, error)),
    }
}

impl HeaderFacts {
    fn of<C: Serialize>(header: &Header<C>) -> Self {
        Self {
            genesis: header.genesis(),
            seed: header.seed,
            profile: header.profile.name(),
            ticks: header.ticks,
        }
    }
}

/// A file whose hash chain begins at the header.
fn chained(
    files: &impl RunFiles,
    name: &'static str,
    genesis: Option<Digest>,
    read: impl FnOnce(Box<dyn Read + '_>, Digest) -> Result<Facts, Verdict>,
) -> Verdict {
    let source = match open(files, name) {
        Ok(source) => source,
        Err(verdict) => return verdict,
    };
    match genesis {
        Some(genesis) => verdict(read(source, genesis)),
        None => Verdict::Unchecked {
            without: RunDirectory::HEADER,
        },
    }
}

fn tape(source: impl Read, genesis: Digest) -> Result<(Facts, Chain), Verdict> {
    let path = Path::new(RunDirectory::TAPE);
    let mut reader = TapeReader::new(BufReader::with_capacity(64 * 1024, source), path, genesis);
    loop {
        match reader.next_entry() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Err(of_line(&error)),
        }
    }
    let chain = reader.chain();
    if reader.torn_bytes() > 0 {
        return Err(torn(chain.count() + 1));
    }
    Ok((facts("entries", chain), chain))
}

/// The line that an error of a chained file is about, and the rest of what it says.
fn of_line(error: &RunIoError) -> Verdict {
    match error {
        RunIoError::Chain { fault, .. } => broken(*fault),
        RunIoError::TapeEntry { line, source, .. } => Verdict::invalid(Some(*line), source),
        RunIoError::System { source, .. } => {
            Verdict::invalid(None, format_args!("cannot be read: {source}"))
        }
        other => Verdict::invalid(None, other),
    }
}

fn broken(fault: ChainFault) -> Verdict {
    let line = fault.line.saturating_add(1);
    // The line is told beside the reason.
    let reason = fault.to_string().replacen(&format!("line {line} "), "", 1);
    Verdict::invalid(Some(line), reason)
}

fn torn(line: u64) -> Verdict {
    Verdict::invalid(Some(line), "is torn: writing it was cut short")
}

fn facts(what: &'static str, chain: Chain) -> Facts {
    Facts {
        counts: vec![(what, chain.count())],
        root: (chain.count() > 0).then(|| chain.head().to_string()),
        note: None,
    }
}

/// The next line of a file whose lines are all whole.
fn next_line<R: Read>(reader: &mut LineReader<R>) -> Result<Option<Line<'_>>, Verdict> {
    match reader.next_line() {
        Ok(Some(line)) if !line.is_whole => Err(torn(line.number)),
        Ok(line) => Ok(line),
        Err(error @ LineError::TooLong { .. }) => Err(Verdict::invalid(Some(error.line()), error)),
        Err(error) => Err(Verdict::invalid(None, error)),
    }
}

fn journal(source: impl Read, genesis: Digest) -> Result<(Facts, Chain, Records), Verdict> {
    let mut reader = LineReader::new(source, MAX_LINE_BYTES);
    let mut chain = Chain::new(genesis);
    let mut records = Records::default();
    while let Some(line) = next_line(&mut reader)? {
        let record = chain.verify_line(line.bytes).map_err(broken)?;
        records
            .take(record)
            .map_err(|reason| Verdict::invalid(Some(line.number), reason))?;
    }
    let mut facts = facts("records", chain);
    facts.counts.push(("traps", records.trap_count()));
    Ok((facts, chain, records))
}

/// What every line of the draws begins with.
#[derive(Deserialize)]
struct Drawn {
    tick: u64,
}

fn draws(source: impl Read) -> Result<(Facts, Chain), Verdict> {
    let mut reader = LineReader::new(source, MAX_LINE_BYTES);
    let mut lines = DrawsChain::default();
    let mut next_tick = 0;
    while let Some(line) = next_line(&mut reader)? {
        let drawn: Drawn = serde_json::from_slice(line.bytes).map_err(|error| {
            Verdict::invalid(Some(line.number), format_args!("is no draw: {error}"))
        })?;
        if drawn.tick < next_tick {
            let reason =
                format_args!("its tick {} is not after the one before", drawn.tick).to_string();
            return Err(Verdict::invalid(Some(line.number), reason));
        }
        next_tick = drawn.tick.saturating_add(1);
        lines.line(line.bytes);
    }
    let chain = lines.chain();
    // The end of the chain stands only in the manifest.
    let facts = Facts {
        root: None,
        ..facts("lines", chain)
    };
    Ok((facts, chain))
}

/// Holds the manifest to the files beside it.
fn manifest(bytes: &[u8], found: &Found) -> Result<Facts, Verdict> {
    let manifest = Manifest::from_bytes(bytes).map_err(|error| Verdict::invalid(None, error))?;
    let Some(header) = &found.header else {
        return Err(Verdict::Unchecked {
            without: RunDirectory::HEADER,
        });
    };
    agree("seed", manifest.seed(), header.seed)?;
    agree("profile", manifest.profile().name(), header.profile)?;
    if manifest.records() > header.ticks {
        agree("records, at most", manifest.records(), header.ticks)?;
    }
    if let Some((chain, records)) = &found.journal {
        agree("records", manifest.records(), chain.count())?;
        agree("root", manifest.root(), chain.head())?;
        let claimed = |name: &str| manifest.counts().get(name).copied();
        for counts in [records.opcodes(), records.traps()] {
            // A run that counts anything of a list counts everything of it.
            if counts.iter().any(|(name, _)| claimed(name).is_some()) {
                for (name, count) in counts {
                    agree(name, claimed(name).unwrap_or_default(), count)?;
                }
            }
        }
    }
    if let Some(chain) = &found.tape {
        agree("tape entries", manifest.tape().entries, chain.count())?;
        agree("tape head", manifest.tape().head, chain.head())?;
    }
    if let Some(chain) = &found.draws {
        agree("injections lines", manifest.draws().lines, chain.count())?;
        agree("injections head", manifest.draws().head, chain.head())?;
    }
    Ok(Facts {
        counts: vec![("gates", manifest.gates().len() as u64)],
        root: None,
        note: (!manifest.passed()).then_some("the run did not pass its gates"),
    })
}

fn agree<T: PartialEq + ToString>(claim: &str, claimed: T, found: T) -> Result<(), Verdict> {
    if claimed == found {
        return Ok(());
    }
    let (claimed, found) = (claimed.to_string(), found.to_string());
    let reason = format!("{claim} says {claimed}, but the files beside it say {found}");
    Err(Verdict::invalid(None, reason))
}
