//! The history of a workspace that is a git repository.
//!
//! It runs `git` with fixed arguments and without the user's or the system's settings. It reads
//! only the workspace's own `.git`, refuses one that leads elsewhere, and lets the repository run
//! nothing: no hook, pager, external diff, signature check or fetch.
//!
//! A line has the same format as in the in-memory history. `ref` is any name of a commit; the time
//! is the committer's, since 1970; `grep` searches whole messages; a commit without changes of its
//! own, such as a merge, shows `-` for the paths.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use turingos::isa::GitLogQuery;
use turingos::manifold::{WorldFault, WorldFaultCode};
use turingos::pointer::clip_bytes;

use super::child::{End, Ended};
use super::fault::leads_out;
use super::{Workspace, command};
use turingos_world::history::{KEPT_PATHS, Selection, keep_message, unknown_ref, write_line};

/// The repository directory.
const REPOSITORY: &str = ".git";

/// Files of a repository that name another one to read from.
const REFERENCES: [&str; 3] = [
    ".git/commondir",
    ".git/objects/info/alternates",
    ".git/objects/info/http-alternates",
];

/// The most entries of a repository's directory.
const MAX_ENTRIES: usize = 1 << 20;

/// The exit code of a launcher whose program is missing.
pub(super) const MISSING_EXIT: i32 = 127;

/// The most bytes of a log with all its paths, before it is shortened.
const MAX_LOG_BYTES: usize = 16 * 1024 * 1024;

/// Overrides of repository settings that would run other programs or change the log's format.
const SETTINGS: [&str; 7] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "log.follow=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "protocol.allow=never",
];

const ENVIRONMENT: [(&str, &str); 9] = [
    ("GIT_DIR", REPOSITORY),
    ("GIT_WORK_TREE", "."),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Each commit as an empty item, `ID SECONDS SUBJECT`, and its paths, the first after a line end.
const LOG: [&str; 12] = [
    "log",
    "-z",
    "--name-only",
    "--no-renames",
    "--full-diff",
    "--no-diff-merges",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-notes",
    "--encoding=UTF-8",
    "--format=%x00%H %ct %s",
];

/// The lines that match a query.
pub(super) fn log(workspace: &Workspace, query: &GitLogQuery) -> Result<String, WorldFault> {
    let selection = Selection::of(query).map_err(bad_query)?;
    check_repository(workspace)?;
    let Some(start) = resolve(workspace, query.reference.as_deref())? else {
        return Ok(String::new());
    };
    let mut words: Vec<OsString> = LOG.map(OsString::from).into();
    words.push(format!("--max-count={}", selection.limit).into());
    let since = selection.since_us.div_ceil(1_000_000);
    words.push(format!("--max-age={since}").into());
    words.push("--fixed-strings".into());
    if let Some(wanted) = &query.grep {
        words.push(format!("--grep={wanted}").into());
    }
    words.extend([start.into(), "--".into()]);
    if let Some(path) = &selection.path {
        words.push(path.as_str().into());
    }
    let ended = run(workspace, &words)?;
    if ended.end.code() != Some(0) {
        return Err(failed(ended));
    }
    if ended.stdout.overflowed() {
        return Err(WorldFault {
            code: WorldFaultCode::TooLarge,
            detail: format!("git log: over {MAX_LOG_BYTES} bytes; ask for fewer commits"),
        });
    }
    let text = String::from_utf8_lossy(ended.stdout.bytes());
    lines(&text).ok_or_else(|| WorldFault {
        code: WorldFaultCode::Other,
        detail: "git log: unexpected output format".to_owned(),
    })
}

/// Requires a repository that lies in the workspace as a whole: `.git` is a plain directory, it
/// names no other repository to read from, and no link in it leads out.
fn check_repository(workspace: &Workspace) -> Result<(), WorldFault> {
    let fault = |code, detail: &str| {
        Err(WorldFault {
            code,
            detail: format!("git log: {detail}"),
        })
    };
    match workspace.root.symlink_metadata(REPOSITORY) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return fault(
                WorldFaultCode::Denied,
                "the repository is not inside the workspace",
            );
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return fault(
                WorldFaultCode::NotFound,
                "the workspace has no git repository",
            );
        }
        Err(error) => return fault(WorldFaultCode::Other, &error.to_string()),
    }
    for reference in REFERENCES {
        if workspace.root.symlink_metadata(reference).is_ok() {
            let reason = format!("{reference} leads to another repository");
            return fault(WorldFaultCode::Denied, &reason);
        }
    }
    match link_that_leads_out(&workspace.root) {
        Ok(None) => {}
        Ok(Some(link)) => {
            let reason = format!("the link {} leads out of the workspace", link.display());
            return fault(WorldFaultCode::Denied, &reason);
        }
        Err(error) => return fault(WorldFaultCode::Other, &error.to_string()),
    }
    if workspace.is_in_place() {
        Ok(())
    } else {
        fault(WorldFaultCode::Other, "the workspace was moved or removed")
    }
}

/// A symbolic link in the repository's directory whose target is outside of the workspace. Hooks
/// are left out, because they are never run.
fn link_that_leads_out(root: &Dir) -> std::io::Result<Option<PathBuf>> {
    let mut entries_left = MAX_ENTRIES;
    let mut unread = vec![PathBuf::from(REPOSITORY)];
    while let Some(directory) = unread.pop() {
        for entry in root.read_dir(&directory)? {
            let entry = entry?;
            entries_left = entries_left.checked_sub(1).ok_or_else(|| {
                std::io::Error::other(format!("over {MAX_ENTRIES} files in the repository"))
            })?;
            let path = directory.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() && path != Path::new(".git/hooks") {
                unread.push(path);
            } else if kind.is_symlink() && root.metadata(&path).is_err_and(|it| leads_out(&it)) {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

/// The full id of the commit at `reference`. `None` if there is no commit yet.
fn resolve(workspace: &Workspace, reference: Option<&str>) -> Result<Option<String>, WorldFault> {
    let name = reference.unwrap_or("HEAD");
    if name.is_empty() || name.starts_with('-') || name.contains('\0') {
        return Err(bad_query(unknown_ref(name)));
    }
    let words = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let commit = format!("{name}^{{commit}}");
    let words = [&words[..], &[commit.as_str()]].concat();
    let ended = run(workspace, &words)?;
    match ended.end.code() {
        Some(0) => {
            let id = String::from_utf8_lossy(ended.stdout.bytes());
            Ok(Some(id.trim_end().to_owned()))
        }
        Some(1) if name == "HEAD" => Ok(None),
        Some(1) => Err(bad_query(unknown_ref(name))),
        _ => Err(failed(ended)),
    }
}

/// Runs `git` with the arguments `words`.
fn run(workspace: &Workspace, words: &[impl AsRef<OsStr>]) -> Result<Ended, WorldFault> {
    let mut git = ["git", "--no-pager", "--literal-pathspecs"]
        .map(OsStr::new)
        .to_vec();
    for setting in SETTINGS {
        git.extend(["-c", setting].map(OsStr::new));
    }
    git.extend(words.iter().map(AsRef::as_ref));
    let missing = || WorldFault {
        code: WorldFaultCode::Other,
        detail: "git log: git is not installed".to_owned(),
    };
    match command::start(workspace, &git, ENVIRONMENT, MAX_LOG_BYTES) {
        Ok(ended) if ended.end.code() == Some(MISSING_EXIT) => Err(missing()),
        Ok(ended) => Ok(ended),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(missing()),
        Err(error) => Err(WorldFault {
            code: WorldFaultCode::Other,
            detail: format!("git log: {error}"),
        }),
    }
}

fn lines(log: &str) -> Option<String> {
    let mut lines = String::new();
    let mut message = String::new();
    let mut items = log.split_terminator('\0').peekable();
    while let Some(item) = items.next() {
        if !item.is_empty() {
            return None;
        }
        let mut fields = items.next()?.splitn(3, ' ');
        let id = fields.next()?;
        let seconds: u64 = fields.next()?.parse().ok()?;
        keep_message(&mut message, &[fields.next()?]);
        let mut paths = Vec::new();
        while let Some(path) = items.next_if(|item| !item.is_empty()) {
            paths.push(path);
        }
        if let Some(first) = paths.first_mut() {
            *first = first.strip_prefix('\n').unwrap_or(first);
        }
        paths.sort_unstable();
        if paths.len() > KEPT_PATHS {
            paths.truncate(KEPT_PATHS);
            paths.push("...");
        }
        if paths.is_empty() {
            paths.push("-");
        }
        let time_us = seconds.saturating_mul(1_000_000);
        write_line(&mut lines, id, time_us, paths.into_iter(), &message);
    }
    Some(lines)
}

fn bad_query(detail: String) -> WorldFault {
    WorldFault {
        code: WorldFaultCode::BadQuery,
        detail,
    }
}

fn failed(ended: Ended) -> WorldFault {
    let said = String::from_utf8_lossy(ended.stderr.bytes());
    let reason = match ended.end {
        End::TimedOut => "git took too long",
        End::Interrupted => "interrupted",
        End::Exited(_) => said
            .lines()
            .next()
            .unwrap_or("git failed without a message"),
    };
    WorldFault {
        code: WorldFaultCode::Other,
        detail: format!("git log: {}", clip_bytes(reason, 200)),
    }
}
