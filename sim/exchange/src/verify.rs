//! The verdict on every file of a recording.

use turingos_run::verify::{Facts, FileReport, Verdict};
use turingos_run::{RunEnd, RunFiles, RunIoError};

use crate::TapeDirectory;
use crate::header::Header;
use crate::manifest::Manifest;
use crate::reader::{self, TapeReader};

/// Verifies every file of a recording, in the order header, tape, manifest. A recording without a
/// manifest is unfinished: its last line may be torn, and its last requests unanswered.
#[must_use]
pub fn verify(files: &impl RunFiles) -> Vec<FileReport> {
    let header = reader::header(files);
    let (tape, manifest) = match &header {
        Ok(header) => {
            let manifest = reader::manifest(files);
            let (tape, end) = tape(files, header, &manifest);
            let manifest = match &manifest {
                Ok(manifest) => judge(manifest.as_ref(), end),
                Err(error) => Verdict::of_error(error),
            };
            (tape, manifest)
        }
        Err(_) => (unchecked(), unchecked()),
    };
    let header = match &header {
        Ok(header) => Verdict::Valid(Facts {
            counts: vec![("targets", header.targets.len() as u64)],
            ..Facts::default()
        }),
        Err(error) => Verdict::of_error(error),
    };
    [
        (TapeDirectory::HEADER, header),
        (TapeDirectory::EXCHANGES, tape),
        (TapeDirectory::MANIFEST, manifest),
    ]
    .map(|(name, verdict)| FileReport {
        file: name.to_owned(),
        verdict,
    })
    .into()
}

const fn unchecked() -> Verdict {
    Verdict::Unchecked {
        without: TapeDirectory::HEADER,
    }
}

/// How far an unfinished tape got; nothing if it is not valid, or does not agree with the manifest.
type Reached = Option<(RunEnd, Option<String>)>;

fn tape(
    files: &impl RunFiles,
    header: &Header,
    manifest: &Result<Option<Manifest>, RunIoError>,
) -> (Verdict, Reached) {
    match read(files, header, manifest) {
        Ok((facts, end)) => {
            let disagreement = end.1.clone();
            (Verdict::Valid(facts), Some((end.0, disagreement)))
        }
        Err(error) => (Verdict::of_error(&error), None),
    }
}

/// Reads a tape to its end; also how it differs from its manifest.
fn read(
    files: &impl RunFiles,
    header: &Header,
    manifest: &Result<Option<Manifest>, RunIoError>,
) -> Result<(Facts, (RunEnd, Option<String>)), RunIoError> {
    let mut lines = TapeReader::open(files, header)?;
    while lines.next_entry()?.is_some() {}
    let end = lines.end();
    let mut disagreement = None;
    if let Ok(Some(manifest)) = manifest {
        match lines.agree(manifest, files.path(TapeDirectory::MANIFEST)) {
            Err(error @ RunIoError::Torn { .. }) => return Err(error),
            Err(RunIoError::ManifestDisagrees {
                claim,
                claimed,
                found,
                ..
            }) => {
                disagreement = Some(format!("{claim} says {claimed}, but the tape says {found}"));
            }
            Err(error) => disagreement = Some(error.to_string()),
            Ok(()) => {}
        }
    }
    let note = match (lines.unanswered(), end.torn_bytes) {
        (0, 0) => None,
        (0, torn) => Some(format!("{torn} bytes of a torn line follow")),
        (open, 0) => Some(format!("{open} requests without a response")),
        (open, torn) => Some(format!(
            "{open} requests without a response, {torn} bytes of a torn line follow"
        )),
    };
    let facts = Facts {
        counts: vec![
            ("exchanges", lines.totals().exchanges()),
            ("lines", end.chain.count()),
        ],
        root: (end.chain.count() > 0).then(|| end.chain.head().to_string()),
        note,
    };
    let reached = RunEnd::Unfinished {
        records: end.chain.count(),
        torn_bytes: end.torn_bytes,
    };
    Ok((facts, (reached, disagreement)))
}

fn judge(manifest: Option<&Manifest>, reached: Reached) -> Verdict {
    match (manifest, reached) {
        (None, reached) => Verdict::Unfinished(reached.map(|(end, _)| end)),
        (Some(_), Some((_, Some(reason)))) => Verdict::Invalid { line: None, reason },
        (Some(manifest), _) => Verdict::Valid(Facts {
            counts: vec![("exchanges", manifest.exchanges())],
            ..Facts::default()
        }),
    }
}
