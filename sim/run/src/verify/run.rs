//! The files of a run: each by itself, and what the manifest says of the others.
//!
//! Accepts a finished and an unfinished run. A fault is the verdict on its own file; the other files
//! are checked too.

use turingos::Digest;

use super::records::Records;
use super::{Facts, FileReport, Verdict};
use crate::chain_reader::{FileEnd, Step};
use crate::run_reader::{Ends, HeaderFacts};
use crate::{Manifest, RunDirectory, RunFiles, RunIoError, RunReader};

/// Verifies every file of a run, in the order header, tape, journal, injections, traps,
/// manifest. A run without a manifest is unfinished: its last lines may be torn, and nothing vouches
/// for its injections and traps.
#[must_use]
pub fn run(files: &impl RunFiles) -> Vec<FileReport> {
    let files = RunReader::new(files);
    let manifest = files.manifest();
    let is_finished = !matches!(manifest, Ok(None));
    let whole = |ends: Ends| match is_finished {
        true => files.expect_whole(&ends),
        false => Ok(()),
    };
    let mut found = Found::default();
    let header = header(&files).map(|(genesis, facts)| {
        found.header = Some(facts);
        genesis
    });
    let genesis = header.as_ref().ok().copied();
    let tape = chained(genesis, |genesis| {
        let tape = Some(files.tape(genesis)?.read_to_end()?);
        whole(Ends {
            tape,
            ..Ends::default()
        })?;
        found.ends.tape = tape;
        Ok(facts("entries", tape))
    });
    let journal = chained(genesis, |genesis| {
        let (end, records) = journal(&files, genesis)?;
        let journal = Some(end);
        whole(Ends {
            journal,
            ..Ends::default()
        })?;
        found.ends.journal = journal;
        let mut facts = facts("records", journal);
        facts.counts.push(("traps", records.trap_count()));
        found.records = Some(records);
        Ok(facts)
    });
    let injections = files.injections().and_then(|end| {
        let injections = Some(end);
        whole(Ends {
            injections,
            ..Ends::default()
        })?;
        found.ends.injections = injections;
        // The end of this chain is in the manifest only.
        Ok(Facts {
            root: None,
            ..facts("lines", injections)
        })
    });
    let traps = files.traps().and_then(|end| {
        let traps = Some(end);
        whole(Ends {
            traps,
            ..Ends::default()
        })?;
        found.ends.traps = traps;
        Ok(Facts {
            root: None,
            ..facts("frames", traps)
        })
    });
    let manifest = match manifest {
        Ok(manifest) => judge(&files, manifest.as_ref(), &found),
        Err(error) => Verdict::of_error(&error),
    };
    [
        (
            RunDirectory::HEADER,
            verdict(header.map(|_| Facts::default())),
        ),
        (RunDirectory::TAPE, tape),
        (RunDirectory::JOURNAL, journal),
        (RunDirectory::INJECTIONS, verdict(injections)),
        (RunDirectory::TRAPS, verdict(traps)),
        (RunDirectory::MANIFEST, manifest),
    ]
    .map(|(name, verdict)| FileReport {
        file: name.to_owned(),
        verdict,
    })
    .into()
}

/// The findings that the manifest is compared with; none of a bad file.
#[derive(Default)]
struct Found {
    header: Option<HeaderFacts>,
    ends: Ends,
    records: Option<Records>,
}

fn header(files: &RunReader<impl RunFiles>) -> Result<(Digest, HeaderFacts), RunIoError> {
    let bytes = files.header_bytes()?;
    let kind = files.kind_of(&bytes)?;
    Ok((Digest::of(&bytes), HeaderFacts::from(&kind)))
}

/// A file whose hash chain begins at the header.
fn chained(
    genesis: Option<Digest>,
    read: impl FnOnce(Digest) -> Result<Facts, RunIoError>,
) -> Verdict {
    match genesis {
        Some(genesis) => verdict(read(genesis)),
        None => Verdict::Unchecked {
            without: RunDirectory::HEADER,
        },
    }
}

fn journal(
    files: &RunReader<impl RunFiles>,
    genesis: Digest,
) -> Result<(FileEnd, Records), RunIoError> {
    let mut lines = files.journal(genesis)?;
    let mut records = Records::default();
    while let Step::Record(record) = lines.step()? {
        if let Err(reason) = records.take(record) {
            return Err(RunIoError::BadLine {
                path: lines.path().to_path_buf(),
                line: lines.chain().count(),
                reason,
            });
        }
    }
    Ok((lines.end(), records))
}

fn facts(what: &'static str, end: Option<FileEnd>) -> Facts {
    let Some(FileEnd { chain, torn_bytes }) = end else {
        return Facts::default();
    };
    Facts {
        counts: vec![(what, chain.count())],
        root: (chain.count() > 0).then(|| chain.head().to_string()),
        note: (torn_bytes > 0).then(|| format!("{torn_bytes} bytes of a torn line follow")),
    }
}

/// Compares the manifest with the files beside it; without one, says how far the run got.
fn judge(files: &RunReader<impl RunFiles>, manifest: Option<&Manifest>, found: &Found) -> Verdict {
    let Some(header) = found.header else {
        return Verdict::Unchecked {
            without: RunDirectory::HEADER,
        };
    };
    let end = match files.judge(header, manifest, &found.ends) {
        Ok(end) => end,
        Err(error) => return Verdict::of_error(&error),
    };
    let Some(manifest) = manifest else {
        return Verdict::Unfinished(found.ends.journal.map(|_| end));
    };
    if let Some(records) = &found.records
        && let Err(error) = check_counts(files, manifest, records)
    {
        return Verdict::of_error(&error);
    }
    Verdict::Valid(Facts {
        counts: vec![("gates", manifest.gates().len() as u64)],
        root: None,
        note: (!manifest.passed()).then(|| "the run did not pass its gates".to_owned()),
    })
}

fn check_counts(
    files: &RunReader<impl RunFiles>,
    manifest: &Manifest,
    records: &Records,
) -> Result<(), RunIoError> {
    let claimed = |name: &str| manifest.counts().get(name).copied();
    for counts in [records.opcodes(), records.traps()] {
        // A manifest that has one count of a list has all of them.
        if counts.iter().any(|(name, _)| claimed(name).is_some()) {
            for (name, count) in counts {
                files.agree(name, claimed(name).unwrap_or_default(), count)?;
            }
        }
    }
    Ok(())
}

fn verdict(found: Result<Facts, RunIoError>) -> Verdict {
    found.map_or_else(|error| Verdict::of_error(&error), Verdict::Valid)
}
