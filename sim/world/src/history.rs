//! The virtual commit history, a SHA-256 chain of which the latest commits are kept.
//!
//! The history holds paths and messages but no file contents; the caller gives each commit's time.

use std::collections::VecDeque;
use std::fmt::Write as _;

use turingos::Digest;
use turingos::isa::GitLogQuery;
use turingos::pointer::{WorkspacePath, clip_bytes};

use super::paths::is_within;

/// How many commits are kept; older ones are forgotten.
pub const KEPT_COMMITS: usize = 1024;

/// How many commits a query without a limit shows.
const DEFAULT_LIMIT: u16 = 20;

/// How many paths of one commit are kept, in byte order. A commit that changed more shows `...`
/// at the end and is found by its kept paths only.
pub const KEPT_PATHS: usize = 16;

/// How many bytes of a message are kept.
const KEPT_MESSAGE_BYTES: usize = 200;

/// How many hexadecimal digits of an id are shown.
const SHOWN_DIGITS: usize = 12;

/// How one path changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Written by the kernel, with this effect.
    Write(Digest),
    /// Now a file whose content has this digest.
    File(Digest),
    /// Now a directory.
    Directory,
    /// Removed.
    Removed,
}

#[derive(Clone, Debug)]
struct Commit {
    id: Digest,
    time_us: u64,
    /// Separated by line feeds, which a path cannot contain.
    paths: String,
    message: String,
    /// Its line in the log, written once because it is shown often.
    line: String,
}

/// The latest commits.
#[derive(Clone, Debug)]
pub struct History {
    /// Oldest first.
    commits: VecDeque<Commit>,
    head: Digest,
    recorded: u64,
}

impl Default for History {
    fn default() -> Self {
        Self {
            commits: VecDeque::new(),
            head: Digest::EMPTY,
            recorded: 0,
        }
    }
}

impl History {
    /// How many commits are kept now, at most [`KEPT_COMMITS`].
    #[must_use]
    pub fn kept(&self) -> usize {
        self.commits.len()
    }

    /// How many commits were recorded in total.
    #[must_use]
    pub const fn recorded(&self) -> u64 {
        self.recorded
    }

    /// The id of the newest commit; the empty digest before the first.
    #[must_use]
    pub const fn head(&self) -> Digest {
        self.head
    }

    /// Adds one commit; `changes` in byte order of the paths. The id of a commit is
    /// SHA-256(parent ‖ time ‖ kind ‖ length of path ‖ path ‖ digest of effect or content), applied
    /// once more for each further path with the previous result in place of the parent.
    pub(crate) fn commit<'a>(
        &mut self,
        changes: impl IntoIterator<Item = (&'a str, Change)>,
        time_us: u64,
        message: &[&str],
    ) {
        // A full history reuses the slot of its oldest commit, so it allocates nothing.
        let mut commit = if self.commits.len() >= KEPT_COMMITS {
            self.commits.pop_front()
        } else {
            None
        }
        .unwrap_or_else(|| Commit {
            id: self.head,
            time_us,
            paths: String::new(),
            message: String::new(),
            line: String::new(),
        });
        commit.time_us = time_us;
        commit.paths.clear();
        let mut more_paths = false;
        for (index, (path, change)) in changes.into_iter().enumerate() {
            self.head = chain(self.head, time_us, path, change);
            if index >= KEPT_PATHS {
                more_paths = true;
                continue;
            }
            if index > 0 {
                commit.paths.push('\n');
            }
            commit.paths.push_str(path);
        }
        commit.id = self.head;
        keep_message(&mut commit.message, message);
        commit.write_line(more_paths);
        self.commits.push_back(commit);
        self.recorded = self.recorded.saturating_add(1);
    }

    /// The commits that match a query, newest first, one per line:
    /// `<id> <time_us> <path>[,<path>…] <message>`.
    ///
    /// `ref` is `HEAD`, `HEAD~N`, or at least four leading digits of a commit's id; `since` is
    /// `T+SECONDS` or a plain number of microseconds; `path` is a file or a directory.
    ///
    /// # Errors
    /// A sentence that names the invalid operand.
    pub(crate) fn log(&self, query: &GitLogQuery) -> Result<String, String> {
        let selection = Selection::of(query)?;
        let skipped = match query.reference.as_deref() {
            None => 0,
            Some(reference) => self.distance_from_head(reference)?,
        };
        let mut lines = String::new();
        self.commits
            .iter()
            .rev()
            .skip(skipped)
            .filter(|commit| commit.time_us >= selection.since_us)
            .filter(|commit| {
                let wanted = selection.path.as_ref();
                wanted.is_none_or(|path| commit.touches(path))
            })
            .filter(|commit| {
                let wanted = query.grep.as_deref();
                wanted.is_none_or(|wanted| commit.message.contains(wanted))
            })
            .take(selection.limit)
            .for_each(|commit| lines.push_str(&commit.line));
        Ok(lines)
    }

    fn distance_from_head(&self, reference: &str) -> Result<usize, String> {
        let unknown = || unknown_ref(reference);
        if reference == "HEAD" {
            return Ok(0);
        }
        if let Some(distance) = reference.strip_prefix("HEAD~") {
            return parse_plain(distance)
                .and_then(|distance| usize::try_from(distance).ok())
                .filter(|distance| *distance < self.commits.len())
                .ok_or_else(unknown);
        }
        let hexadecimal = reference
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !hexadecimal || reference.len() < 4 {
            return Err(unknown());
        }
        let mut matching = self
            .commits
            .iter()
            .rev()
            .enumerate()
            .filter(|(_, commit)| commit.id.hex().as_str().starts_with(reference));
        match (matching.next(), matching.next()) {
            (Some((distance, _)), None) => Ok(distance),
            (Some(_), Some(_)) => Err(format!("ambiguous ref {reference}")),
            (None, _) => Err(unknown()),
        }
    }
}

impl Commit {
    fn touches(&self, wanted: &WorkspacePath) -> bool {
        // Most commits name the path nowhere.
        let wanted = wanted.as_str();
        self.paths.contains(wanted) && self.paths.split('\n').any(|path| is_within(path, wanted))
    }

    fn write_line(&mut self, more_paths: bool) {
        self.line.clear();
        let paths = self.paths.split('\n').chain(more_paths.then_some("..."));
        let id = self.id.hex();
        write_line(
            &mut self.line,
            id.as_str(),
            self.time_us,
            paths,
            &self.message,
        );
    }
}

/// Writes one line of a log, from a full id in hexadecimal.
pub fn write_line<'a>(
    out: &mut String,
    id: &str,
    time_us: u64,
    paths: impl Iterator<Item = &'a str>,
    message: &str,
) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{} {time_us} ", clip_bytes(id, SHOWN_DIGITS));
    for (index, path) in paths.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(path);
    }
    out.push(' ');
    out.push_str(message);
    out.push('\n');
}

/// The query operands that every history interprets alike.
#[derive(Debug)]
pub struct Selection {
    /// From 1 to [`GitLogQuery::MAX_LIMIT`].
    pub limit: usize,
    /// In microseconds; older commits are left out.
    pub since_us: u64,
    /// Only commits that changed this path or something below it.
    pub path: Option<WorkspacePath>,
}

impl Selection {
    /// Checks and resolves the operands of a query.
    ///
    /// # Errors
    /// A sentence that names the invalid operand.
    pub fn of(query: &GitLogQuery) -> Result<Self, String> {
        if query.query_params.is_some() {
            return Err("query_params was not resolved into operands".to_owned());
        }
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 {
            return Err("limit must be at least 1".to_owned());
        }
        let path = match query.path.as_deref() {
            None => None,
            Some(path) => Some(
                path.parse::<WorkspacePath>()
                    .map_err(|error| format!("path {path}: {error}"))?,
            ),
        };
        Ok(Self {
            limit: usize::from(limit.min(GitLogQuery::MAX_LIMIT)),
            since_us: query.since.as_deref().map_or(Ok(0), parse_since)?,
            path,
        })
    }
}

/// The message for an unknown ref.
pub fn unknown_ref(reference: &str) -> String {
    format!("unknown ref {}", clip_bytes(reference, 80))
}

fn chain(parent: Digest, time_us: u64, path: &str, change: Change) -> Digest {
    let (kind, content) = match change {
        Change::Write(effect) => (b"w", effect),
        Change::File(content) => (b"f", content),
        Change::Directory => (b"d", Digest::EMPTY),
        Change::Removed => (b"x", Digest::EMPTY),
    };
    let length = u64::try_from(path.len()).unwrap_or(u64::MAX);
    Digest::of_parts(&[
        parent.as_bytes(),
        &time_us.to_le_bytes(),
        kind,
        &length.to_le_bytes(),
        path.as_bytes(),
        content.as_bytes(),
    ])
}

/// Joins the parts of a message as a log keeps it: clipped, and on one line.
pub fn keep_message(kept: &mut String, parts: &[&str]) {
    kept.clear();
    for part in parts {
        let room = KEPT_MESSAGE_BYTES - kept.len();
        let part = clip_bytes(part, room);
        if part.contains(char::is_control) {
            // A line of the log must stay one line.
            kept.extend(part.chars().map(|c| if c.is_control() { ' ' } else { c }));
        } else {
            kept.push_str(part);
        }
    }
}

fn parse_since(text: &str) -> Result<u64, String> {
    match text.strip_prefix("T+") {
        Some(seconds) => parse_plain(seconds).and_then(|seconds| seconds.checked_mul(1_000_000)),
        None => parse_plain(text),
    }
    .ok_or_else(|| {
        format!(
            "since {}: neither T+SECONDS nor microseconds",
            clip_bytes(text, 80)
        )
    })
}

/// A decimal number without sign or white space.
fn parse_plain(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
