//! `NAME.journal.merkle.jsonl`: the hash chain over the lines of the journal beside it.
//!
//! A line is `{"ts","entry","prev_hash","hash"}` for the journal's line `[ts] entry`. Unlike the
//! tuples' chain it covers trap frames, routes, and the time of every line.

use std::io::Read;

use turingos::Digest;

use super::fault::{FaultCode, JournalFault, LineFault, utf8};
use super::journal::{MAX_LINE_BYTES, unreadable};
use super::members::{Members, is_digest, wrong};
use super::text::Text;
use super::{GENESIS, is_time};
use crate::line_reader::{Line, LineReader};

const MEMBERS: [&str; 4] = ["ts", "entry", "prev_hash", "hash"];

/// The longest line of a chain, in bytes: an entry in which every character is escaped.
const MAX_CHAIN_LINE_BYTES: usize = 2 * MAX_LINE_BYTES + 1024;

/// A line chain that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChainEnd {
    /// How many lines it covers: all of the journal's.
    pub lines: u64,
    /// The hash of the last line.
    pub head: String,
}

/// Verifies a line chain and holds each line of its journal to it.
///
/// # Errors
/// The first thing that is wrong with the chain, or the first line in which the two differ; the
/// line is the chain's.
pub fn verify_line_chain(
    chain: impl Read,
    journal: impl Read,
) -> Result<LineChainEnd, JournalFault> {
    let mut chain = LineReader::new(chain, MAX_CHAIN_LINE_BYTES);
    let mut journal = LineReader::new(journal, MAX_LINE_BYTES);
    let mut end = LineChainEnd {
        lines: 0,
        head: GENESIS.to_owned(),
    };
    let mut buffer = String::new();
    while let Some(line) = chain.next_line().map_err(unreadable)? {
        let other = journal.next_line().map_err(|error| {
            let detail = format_args!("the journal's line {error}");
            LineFault::new(FaultCode::LineMismatch, detail).at_line(line.number)
        })?;
        take(line, other, &mut end, &mut buffer).map_err(|fault| fault.at_line(line.number))?;
    }
    let LineChainEnd { lines, .. } = end;
    let (code, detail) = match journal.next_line() {
        Ok(None) if lines > 0 => return Ok(end),
        Ok(None) => (FaultCode::Empty, "the file is empty"),
        Ok(Some(_)) | Err(_) => (
            FaultCode::LineCount,
            "the chain ends here, but the journal has more lines",
        ),
    };
    Err(LineFault::new(code, format_args!("{detail}")).at_line(lines.max(1)))
}

/// Takes the next line of the chain and the journal's line of the same number.
fn take(
    line: Line<'_>,
    journal: Option<Line<'_>>,
    end: &mut LineChainEnd,
    buffer: &mut String,
) -> Result<(), LineFault> {
    if !line.is_whole {
        return Err(LineFault::torn());
    }
    let json = utf8(line.bytes)?;
    let members = Members::read(json)?;
    members.only(&MEMBERS)?;
    let (ts, entry) = (members.text("ts")?, members.text("entry")?);
    let (previous, hash) = (members.text("prev_hash")?.raw(), members.digest("hash")?);
    if !is_time(ts.raw()) {
        return Err(wrong("ts", "a time such as 2026-01-31T23:59:59.999Z"));
    }
    if previous != GENESIS && !is_digest(previous) {
        return Err(wrong("prev_hash", "GENESIS or 64 hexadecimal digits"));
    }
    let written = &members.object.members;
    if !written.iter().map(|member| &*member.key).eq(MEMBERS) {
        return Err(LineFault::new(
            FaultCode::MemberOrder,
            format_args!("its members are not {}", MEMBERS.join(", ")),
        ));
    }
    let hashed = &json[..written[MEMBERS.len() - 1].begins];
    let computed = Digest::of_parts(&[hashed.as_bytes(), b"}"]);
    if computed.hex().as_str() != hash {
        return Err(LineFault::new(
            FaultCode::BadLineHash,
            format_args!("`hash` is {hash}, computed is {computed}"),
        ));
    }
    if previous != end.head {
        return Err(LineFault::new(
            FaultCode::BrokenLineChain,
            format_args!("`prev_hash` is {previous}, expected {}", end.head),
        ));
    }
    hold(journal, ts, entry, buffer)?;
    end.lines = line.number;
    end.head.clear();
    end.head.push_str(hash);
    Ok(())
}

/// Holds the journal's line to `[ts] entry`.
fn hold(
    journal: Option<Line<'_>>,
    ts: Text<'_>,
    entry: Text<'_>,
    buffer: &mut String,
) -> Result<(), LineFault> {
    let Some(line) = journal else {
        return Err(LineFault::new(
            FaultCode::LineCount,
            format_args!("the journal ends before this line"),
        ));
    };
    let rest = { line.bytes.strip_prefix(b"[") }
        .and_then(|rest| rest.strip_prefix(ts.raw().as_bytes()))
        .and_then(|rest| rest.strip_prefix(b"] "));
    if line.is_whole && rest == Some(entry.decoded_in(buffer).as_bytes()) {
        return Ok(());
    }
    Err(LineFault::new(
        FaultCode::LineMismatch,
        format_args!("the journal's line of this number is not `[ts] entry`"),
    ))
}
