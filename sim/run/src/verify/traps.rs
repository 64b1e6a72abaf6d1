//! The trap frames of a run, line by line.

use std::io::Read;

use turingos::journal::Chain;
use turingos::trap::TrapFrame;

use super::Verdict;
use super::run::next_line;
use crate::LineChain;
use crate::line_reader::LineReader;

/// Reads every trap frame. They are numbered without a gap, and neither tick nor time goes back.
///
/// # Errors
/// The first line that is no trap frame, or not the next one.
pub(super) fn traps(source: impl Read) -> Result<Chain, Verdict> {
    let mut reader = LineReader::new(source, TrapFrame::MAX_BYTES);
    let mut lines = LineChain::default();
    let (mut tick, mut time) = (0, 0);
    while let Some(line) = next_line(&mut reader)? {
        let invalid = |reason: String| Verdict::invalid(Some(line.number), reason);
        let frame = TrapFrame::parse(line.bytes)
            .map_err(|fault| invalid(format!("is no trap frame: {fault}")))?;
        let expected = lines.chain().count();
        if frame.seq != expected {
            return Err(invalid(format!("its seq is {}, not {expected}", frame.seq)));
        }
        if frame.tick < tick || frame.t < time {
            return Err(invalid(
                "its tick or time is before that of the line before".to_owned(),
            ));
        }
        (tick, time) = (frame.tick, frame.t);
        lines.line(line.bytes);
    }
    Ok(lines.chain())
}
