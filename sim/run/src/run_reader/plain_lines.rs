//! The files of a run whose lines hold no hash: the injections and the trap frames.

use serde::Deserialize;
use turingos::trap::TrapFrame;

use super::{MAX_INJECTIONS_LINE_BYTES, RunReader};
use crate::chain_reader::FileEnd;
use crate::directory::RunDirectory;
use crate::error::RunIoError;
use crate::line_chain::LineChain;
use crate::line_reader::{LineError, LineReader};
use crate::run_files::RunFiles;

impl<F: RunFiles> RunReader<F> {
    /// How the injections end: each line is a JSON object with a tick after the one before.
    ///
    /// # Errors
    /// The file is missing, a line is another, or the file cannot be read.
    pub fn injections(&self) -> Result<FileEnd, RunIoError> {
        let mut next_tick = 0;
        self.plain_lines(
            RunDirectory::INJECTIONS,
            MAX_INJECTIONS_LINE_BYTES,
            |_, line| {
                let InjectionLine { tick } = serde_json::from_slice(line)
                    .map_err(|error| format!("is not an injection: {error}"))?;
                if tick < next_tick {
                    return Err(format!(
                        "has tick {tick}, which is not after the one before"
                    ));
                }
                next_tick = tick.saturating_add(1);
                Ok(())
            },
        )
    }

    /// How the trap frames end: they are numbered without a gap, and neither tick nor time goes
    /// back.
    ///
    /// # Errors
    /// The file is missing, a line is another, or the file cannot be read.
    pub fn traps(&self) -> Result<FileEnd, RunIoError> {
        self.trap_frames(|_| {})
    }

    /// The same, and shows every frame.
    ///
    /// # Errors
    /// As [`RunReader::traps`]; frames may have been shown before.
    pub fn trap_frames(&self, mut look: impl FnMut(&TrapFrame)) -> Result<FileEnd, RunIoError> {
        let (mut tick, mut time) = (0, 0);
        self.plain_lines(RunDirectory::TRAPS, TrapFrame::MAX_BYTES, |count, line| {
            let frame =
                TrapFrame::parse(line).map_err(|fault| format!("is not a trap frame: {fault}"))?;
            if frame.seq != count {
                return Err(format!("has seq {}, not {count}", frame.seq));
            }
            if frame.tick < tick || frame.t < time {
                return Err("has a tick or time before that of the line before".to_owned());
            }
            (tick, time) = (frame.tick, frame.t);
            look(&frame);
            Ok(())
        })
    }

    /// Reads a file whose lines hold no hash. `check` is given how many lines came before, and the
    /// line; what it refuses is an error of that line.
    fn plain_lines(
        &self,
        name: &'static str,
        max_line_bytes: usize,
        mut check: impl FnMut(u64, &[u8]) -> Result<(), String>,
    ) -> Result<FileEnd, RunIoError> {
        let path = self.files.path(name);
        let bad = |line, reason| RunIoError::BadLine {
            path: path.clone(),
            line,
            reason,
        };
        let mut lines = LineReader::new(self.open(name)?, max_line_bytes);
        let mut chain = LineChain::default();
        let mut torn_bytes = 0;
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(LineError::System { source, .. }) => {
                    return Err(RunIoError::system("read", &path)(source));
                }
                Err(error) => return Err(bad(error.line(), error.to_string())),
            };
            if !line.is_whole {
                torn_bytes = line.bytes.len() as u64;
                break;
            }
            check(chain.chain().count(), line.bytes).map_err(|reason| bad(line.number, reason))?;
            chain.line(line.bytes);
        }
        Ok(FileEnd {
            chain: chain.chain(),
            torn_bytes,
        })
    }
}

/// What every line of the injections begins with.
#[derive(Deserialize)]
struct InjectionLine {
    tick: u64,
}
