//! Runs one child process and its descendants with a time limit and bounded output.
//!
//! The child leads its own process group. When it has ended or is stopped, the whole group is
//! killed, so that no background process outlives it. A child with a lifeline ends its descendants
//! itself once the lifeline closes. A pipe that a detached process keeps open is not waited for.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use turingos::pointer::clip_bytes;

use turingos_world::shell::CUT_MARKER;

use super::Limits;
use super::interrupt::Interrupt;

/// The size of one read, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// The poll interval while a pipe is open; output ends the wait at once.
const OPEN_PIPE_WAIT: Duration = Duration::from_millis(10);

/// The poll interval after the child has closed both pipes, usually because it is ending.
const CLOSED_PIPES_WAIT: Duration = Duration::from_millis(1);

/// The most chunks read from a pipe after the end; more than a pipe can hold.
const LAST_CHUNKS: usize = 32;

/// How long a child with a lifeline may take to end its descendants.
const LIFELINE_GRACE: Duration = Duration::from_secs(3);

/// What the child reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing.
    Empty,
    /// A pipe on which nothing is written. It closes when the child has to end, also if this
    /// process is killed.
    Lifeline,
}

/// Why the wait for a child is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It has ended.
    Exited(ExitStatus),
    /// It took too long.
    TimedOut,
    /// The user asked to stop.
    Interrupted,
}

impl End {
    /// The exit code of a child that ended by itself.
    pub(super) fn code(self) -> Option<i32> {
        match self {
            Self::Exited(status) => status.code(),
            Self::TimedOut | Self::Interrupted => None,
        }
    }
}

/// The outcome of a child.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    pub(super) stdout: Kept,
    pub(super) stderr: Kept,
    pub(super) took: Duration,
}

/// The first bytes of a stream.
#[derive(Debug)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl Kept {
    fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            overflowed: false,
        }
    }

    fn push(&mut self, chunk: &[u8]) {
        // Keep four more bytes than are shown, so that a character cut at the limit is not invalid.
        let room = self.limit.saturating_add(4) - self.bytes.len();
        let kept = &chunk[..chunk.len().min(room)];
        self.bytes.extend_from_slice(kept);
        self.overflowed |= self.bytes.len() > self.limit;
    }

    /// True if the limit was exceeded.
    pub(super) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, with U+FFFD for invalid UTF-8 and a marker at the end if it was cut.
    pub(super) fn into_text(self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if self.overflowed || text.len() > self.limit {
            text.truncate(clip_bytes(&text, self.limit).len());
            text.push_str(CUT_MARKER);
        }
        text
    }
}

/// Runs `command` until it ends or is stopped, keeping `output_limit` bytes of each stream.
///
/// # Errors
/// It could not be started or watched. No process is left running.
pub(super) fn run(
    command: &mut Command,
    input: Input,
    limits: Limits,
    interrupt: &Interrupt,
) -> io::Result<Ended> {
    let started = now();
    let mut child = command
        .stdin(match input {
            Input::Empty => Stdio::null(),
            Input::Lifeline => Stdio::piped(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let group = Pid::from_child(&child);
    let lifeline = child.stdin.take();
    let mut watch = Watch {
        child: group,
        stdout: Pipe::new(child.stdout.take(), limits.output_bytes),
        stderr: Pipe::new(child.stderr.take(), limits.output_bytes),
        chunk: vec![0; CHUNK_BYTES],
    };
    let left = || limits.command_time.saturating_sub(started.elapsed());
    let mut watched = watch.until_end(|| match (left(), interrupt.is_requested()) {
        (_, true) => Err(Stop::Interrupted),
        (Duration::ZERO, false) => Err(Stop::TimedOut),
        (left, false) => Ok(left),
    });
    let took = started.elapsed();
    if lifeline.is_some() && !matches!(watched, Ok(None)) {
        drop(lifeline);
        let stopped = now();
        let left = || LIFELINE_GRACE.saturating_sub(stopped.elapsed());
        let ended = watch.until_end(|| match left() {
            Duration::ZERO => Err(Stop::TimedOut),
            left => Ok(left),
        });
        // The first reason to stop is the one to report.
        watched = watched.and_then(|first| ended.map(|_| first));
    }
    // Kill before reaping the leader: until then its id cannot be reused. An empty group is no
    // error.
    let _ = kill_process_group(group, Signal::KILL);
    let status = child.wait()?;
    let end = match watched? {
        None => End::Exited(status),
        Some(Stop::TimedOut) => End::TimedOut,
        Some(Stop::Interrupted) => End::Interrupted,
    };
    watch.stdout.take_rest();
    watch.stderr.take_rest();
    Ok(Ended {
        end,
        stdout: watch.stdout.kept,
        stderr: watch.stderr.kept,
        took,
    })
}

/// Why a child is not waited for any longer.
#[derive(Clone, Copy, Debug)]
enum Stop {
    TimedOut,
    Interrupted,
}

/// A child and its output.
struct Watch<O, E> {
    child: Pid,
    stdout: Pipe<O>,
    stderr: Pipe<E>,
    chunk: Vec<u8>,
}

impl<O: Read + AsFd, E: Read + AsFd> Watch<O, E> {
    /// Reads until the child has ended (`None`) or `left`, which says how long to wait, stops it.
    fn until_end(&mut self, left: impl Fn() -> Result<Duration, Stop>) -> io::Result<Option<Stop>> {
        self.stdout.set_nonblocking()?;
        self.stderr.set_nonblocking()?;
        loop {
            let left = match left() {
                Ok(left) => left,
                Err(stop) => return Ok(Some(stop)),
            };
            wait_for_output(&self.stdout, &self.stderr, left)?;
            self.stdout.take(&mut self.chunk);
            self.stderr.take(&mut self.chunk);
            if has_ended(self.child)? {
                return Ok(None);
            }
        }
    }
}

fn wait_for_output(
    stdout: &Pipe<impl AsFd>,
    stderr: &Pipe<impl AsFd>,
    left: Duration,
) -> io::Result<()> {
    let mut open: Vec<PollFd<'_>> = Vec::with_capacity(2);
    open.extend(
        stdout
            .source
            .iter()
            .map(|it| PollFd::new(it, PollFlags::IN)),
    );
    open.extend(
        stderr
            .source
            .iter()
            .map(|it| PollFd::new(it, PollFlags::IN)),
    );
    let longest = match open.is_empty() {
        true => CLOSED_PIPES_WAIT,
        false => OPEN_PIPE_WAIT,
    };
    let timeout = Timespec::try_from(left.min(longest)).map_err(io::Error::other)?;
    match poll(&mut open, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// True if the child has ended. Does not reap it.
fn has_ended(child: Pid) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(child), options) {
        Ok(status) => Ok(status.is_some()),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// One output stream; its source is dropped at the end.
struct Pipe<R> {
    source: Option<R>,
    kept: Kept,
}

impl<R: Read> Pipe<R> {
    fn new(source: Option<R>, limit: usize) -> Self {
        Self {
            source,
            kept: Kept::new(limit),
        }
    }

    fn set_nonblocking(&self) -> io::Result<()>
    where
        R: AsFd,
    {
        match &self.source {
            Some(source) => ioctl_fionbio(source, true).map_err(io::Error::from),
            None => Ok(()),
        }
    }

    /// Reads what is available, at most one chunk. False if there is nothing now or the stream ended.
    fn take(&mut self, chunk: &mut [u8]) -> bool {
        let Some(source) = &mut self.source else {
            return false;
        };
        match source.read(chunk) {
            Ok(read) if read > 0 => {
                self.kept.push(&chunk[..read]);
                return true;
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // A pipe that fails to read has ended.
            Ok(_) | Err(_) => self.source = None,
        }
        false
    }

    /// Reads what the pipe still holds. A process that left the group may keep writing, so the
    /// number of reads is bounded.
    fn take_rest(&mut self) {
        let mut chunk = vec![0; CHUNK_BYTES];
        for _ in 0..LAST_CHUNKS {
            if !self.take(&mut chunk) {
                break;
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a real process needs a real time-out; its duration is recorded on the tape"
)]
fn now() -> Instant {
    Instant::now()
}
