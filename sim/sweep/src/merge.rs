//! Merging shards: the proof that every seed ran once, with the same program and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use turingos::Digest;

use crate::error::SweepError;
use crate::file::{FileHeader, LineReader, LineWriter, WHOLE_FILE, part_of};
use crate::in_order::in_order;
use crate::plan::is_sampled;
use crate::shard::Shard;
use crate::summary::Totals;

/// The name of what is merged although shards are missing or bad.
const PARTIAL_FILE: &str = "sweep-partial.jsonl";

/// The result of merging the shards of a directory.
#[derive(Debug)]
pub struct Merged {
    /// The header of the whole sweep.
    pub header: FileHeader,
    /// The results of the good shards, added up.
    pub totals: Totals,
    /// The shards.
    pub shards: Shards,
    /// What is missing, double or bad, one line each; empty if every seed ran once.
    pub problems: Vec<String>,
    /// The merged file, if one was written.
    pub path: Option<PathBuf>,
}

/// The shards that were merged, and what they say about each other.
#[derive(Debug, Default)]
pub struct Shards {
    /// How many there should be.
    pub count: u64,
    /// How many are good.
    pub good: u64,
    /// How many runs two shards made and were compared.
    pub compared: u64,
    /// The seeds, with the place of the subject, to which two shards gave different roots.
    pub differing: Vec<(u64, usize)>,
}

/// One good shard.
struct Part {
    header: FileHeader,
    totals: Totals,
    /// The roots of the sampled seeds of its own, and of its neighbour's that it ran again.
    sampled: Roots,
    again: Roots,
}

type Roots = Vec<((u64, usize), Digest)>;

/// Reads every shard in `directory` and writes the merged file beside them: always if `partial`, and
/// otherwise only if nothing is missing or bad.
///
/// # Errors
/// There is no shard, or a file cannot be read or written. A bad shard is a problem in the result.
pub fn merge(directory: &Path, threads: NonZeroUsize, partial: bool) -> Result<Merged, SweepError> {
    let paths = shard_files(directory)?;
    let mut collected = Collected::default();
    in_order(
        0..paths.len() as u64,
        threads,
        || (),
        |(), file| {
            let path = &paths[usize::try_from(file).unwrap_or(usize::MAX)];
            Some((path.clone(), read_shard(path)))
        },
        |_, (path, part)| {
            collected.add(path, part);
            ControlFlow::Continue(())
        },
    );
    let Some(header) = collected.header.take() else {
        let what = match &*collected.problems {
            [] => "no shard in it; run `sim sweep --shard I/N --out` there first".to_owned(),
            problems => format!("no good shard in it: {}", problems.join("; ")),
        };
        return Err(SweepError::corrupt(directory, what));
    };
    collected.find_missing(directory);
    collected.compare();
    let path = match (partial, &*collected.problems) {
        (_, []) => Some(directory.join(WHOLE_FILE)),
        (true, _) => Some(directory.join(PARTIAL_FILE)),
        (false, _) => None,
    };
    if let Some(path) = &path {
        write(path, &header, &collected)?;
    }
    Ok(Merged {
        header,
        totals: collected.totals,
        shards: collected.shards,
        problems: collected.problems,
        path,
    })
}

/// The paths of the shards, in the order of their names.
pub(crate) fn shard_files(directory: &Path) -> Result<Vec<PathBuf>, SweepError> {
    #[expect(clippy::disallowed_methods, reason = "the entries are sorted below")]
    let entries = fs::read_dir(directory).map_err(SweepError::io("read", directory))?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(SweepError::io("read", directory))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("shard-") && name.ends_with(".jsonl") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads one shard to its end.
fn read_shard(path: &Path) -> Result<Part, SweepError> {
    let mut reader = LineReader::open(path)?;
    let (header, jobs) = reader.header()?;
    let Some(shard) = header.shard() else {
        return Err(SweepError::corrupt(
            path,
            "its header names no shard; only shards can be merged",
        ));
    };
    if path
        .file_name()
        .is_none_or(|name| name != shard.file_name().as_str())
    {
        let what = format!(
            "it holds shard {shard}, whose file is {}",
            shard.file_name()
        );
        return Err(SweepError::corrupt(path, what));
    }
    let overlap = header.overlap();
    let (mut sampled, mut again) = (Vec::new(), Vec::new());
    let totals = reader.rest(&jobs, |job, line| {
        let root = ((line.seed, line.subject), line.root);
        if job >= jobs.own() {
            again.push(root);
        } else if is_sampled(line.seed, overlap) {
            sampled.push(root);
        }
    })?;
    Ok(Part {
        header,
        totals,
        sampled,
        again,
    })
}

/// What the shards so far add up to.
#[derive(Default)]
struct Collected {
    header: Option<FileHeader>,
    /// The number and the overlap of the shards, from the first good one.
    form: Option<(u64, u16)>,
    good: BTreeMap<u64, PathBuf>,
    totals: Totals,
    shards: Shards,
    roots: BTreeMap<(u64, usize), Digest>,
    again: Roots,
    problems: Vec<String>,
    bad: BTreeSet<PathBuf>,
}

impl Collected {
    fn add(&mut self, path: PathBuf, part: Result<Part, SweepError>) {
        let part = match part {
            Ok(part) => part,
            Err(error) => {
                self.problems.push(error.to_string());
                self.bad.insert(path);
                return;
            }
        };
        let overlap = part.header.overlap();
        let Some(shard) = part.header.shard() else {
            return;
        };
        let header = part.header.of_whole();
        let reference = self.header.get_or_insert_with(|| header.clone());
        let form = *self.form.get_or_insert((shard.count(), overlap));
        let difference = reference.difference(&header).or_else(|| {
            (form != (shard.count(), overlap)).then(|| {
                format!(
                    "it is one of {} shards with overlap {overlap}, not of {} with {}",
                    shard.count(),
                    form.0,
                    form.1
                )
            })
        });
        if let Some(what) = difference {
            let path_text = path.display();
            self.problems
                .push(format!("{path_text}: of another sweep: {what}"));
            self.bad.insert(path);
            return;
        }
        self.totals.merge(part.totals);
        self.roots.extend(part.sampled);
        self.again.extend(part.again);
        self.good.insert(shard.index(), path);
    }

    fn find_missing(&mut self, directory: &Path) {
        let count = self.form.map_or(0, |(count, _)| count);
        self.shards.count = count;
        self.shards.good = self.good.len() as u64;
        for shard in (0..count).filter_map(|index| Shard::new(index, count)) {
            let path = directory.join(shard.file_name());
            if self.good.contains_key(&shard.index()) || self.bad.contains(&path) {
                continue;
            }
            let what = match part_of(&path).exists() {
                true => "is unfinished; run it again to resume it",
                false => "is missing; run it",
            };
            let path = path.display();
            self.problems.push(format!("{path}: shard {shard} {what}"));
        }
    }

    /// A run that two shards made has one root.
    fn compare(&mut self) {
        for (run, root) in &self.again {
            let Some(own) = self.roots.get(run) else {
                continue;
            };
            self.shards.compared += 1;
            if own != root {
                self.shards.differing.push(*run);
            }
        }
        self.shards.differing.sort_unstable();
    }
}

/// The lines of the good shards, under the header of the whole sweep.
fn write(path: &Path, header: &FileHeader, collected: &Collected) -> Result<(), SweepError> {
    let part = part_of(path);
    let mut out = LineWriter::create(&part)?;
    out.value(header)?;
    for path in collected.good.values() {
        let mut reader = LineReader::open(path)?;
        let (_, jobs) = reader.header()?;
        for _ in 0..jobs.own() {
            out.bytes(reader.line()?)?;
        }
    }
    out.seal(&collected.totals)?;
    fs::rename(&part, path).map_err(SweepError::io("write", path))
}
