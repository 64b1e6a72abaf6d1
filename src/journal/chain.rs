//! The hash chain of journals and tapes.
//!
//! A line is `{"hash":"<64 hex>","record":<record>}`, where the hash is SHA-256 over the record's
//! bytes followed by the previous hash's 32 raw bytes. The hash before the first line is the
//! *genesis*: the digest of the run's header.
//!
//! Never looks inside a record: a chained record is a byte string, so verifying costs one hash
//! and a few comparisons for each line, and two spellings of one JSON value are two records.

use alloc::vec::Vec;
use core::fmt;

use crate::Digest;
use crate::named_enum::named_enum;

const BEFORE_HASH: &[u8] = b"{\"hash\":\"";
const BEFORE_RECORD: &[u8] = b"\",\"record\":";
const AFTER_RECORD: &[u8] = b"}";
const HASH_DIGITS: usize = 64;

/// Where a chain stands: the hash of its last line and how many lines led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    head: Digest,
    count: u64,
}

impl Chain {
    /// An empty chain that begins at `genesis`.
    #[must_use]
    pub const fn new(genesis: Digest) -> Self {
        Self {
            head: genesis,
            count: 0,
        }
    }

    /// The hash of the last line; the genesis while there is none. The *root* of a whole journal.
    #[must_use]
    pub const fn head(&self) -> Digest {
        self.head
    }

    /// How many lines were appended or verified.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Adds one record and appends its whole line, newline included, to `line`.
    ///
    /// `record_json` is compact JSON text of one object: it holds no raw newline, because JSON
    /// allows none inside a string. Nothing is allocated besides what `line` needs to grow.
    pub fn append(&mut self, record_json: &[u8], line: &mut Vec<u8>) {
        self.advance(record_json);
        line.extend_from_slice(BEFORE_HASH);
        line.extend_from_slice(self.head.hex().as_bytes());
        line.extend_from_slice(BEFORE_RECORD);
        line.extend_from_slice(record_json);
        line.extend_from_slice(AFTER_RECORD);
        line.push(b'\n');
    }

    /// Checks one line, given without its newline, and returns its record's bytes.
    ///
    /// # Errors
    /// The first reason for which the line is not this chain's next one. The chain then stands
    /// where it stood before.
    pub fn verify_line<'line>(&mut self, line: &'line [u8]) -> Result<&'line [u8], ChainFault> {
        let fault = |code| ChainFault {
            code,
            line: self.count,
        };
        let (hash, record) = split(line).ok_or_else(|| fault(ChainFaultCode::BadFrame))?;
        let mut next = *self;
        next.advance(record);
        if hash == next.head.hex().as_bytes() {
            *self = next;
            return Ok(record);
        }
        let is_hash_text = hash
            .iter()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        Err(fault(if is_hash_text {
            ChainFaultCode::BrokenChain
        } else {
            ChainFaultCode::BadHashText
        }))
    }

    fn advance(&mut self, record: &[u8]) {
        self.head = Digest::of_parts(&[record, self.head.as_bytes()]);
        self.count = self.count.saturating_add(1);
    }
}

/// The hash text and the record of a line, or `None` if the fixed frame is not there.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(BEFORE_HASH)?;
    let (hash, rest) = rest.split_at_checked(HASH_DIGITS)?;
    let record = rest
        .strip_prefix(BEFORE_RECORD)?
        .strip_suffix(AFTER_RECORD)?;
    let is_object = record.len() >= 2 && record.starts_with(b"{") && record.ends_with(b"}");
    is_object.then_some((hash, record))
}

/// A line that is not the chain's next one. The recording is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// The reason, stable across versions.
    pub code: ChainFaultCode,
    /// Which line, from 0.
    pub line: u64,
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.code {
            ChainFaultCode::BadFrame => "is not of the form {\"hash\":\"…\",\"record\":{…}}",
            ChainFaultCode::BadHashText => {
                "has a hash that is not 64 lower-case hexadecimal digits"
            }
            ChainFaultCode::BrokenChain => "does not hash to what it says after the lines before",
        };
        write!(
            f,
            "{}: line {} {reason}",
            self.code.name(),
            self.line.saturating_add(1)
        )
    }
}

impl core::error::Error for ChainFault {}

named_enum! {
    /// Every reason for which a line is refused.
    #[non_exhaustive]
    pub enum ChainFaultCode {
        /// The fixed text around hash and record is not there, or the record is no object.
        BadFrame = "BAD_FRAME",
        /// The hash is not 64 lower-case hexadecimal digits.
        BadHashText = "BAD_HASH_TEXT",
        /// The record and the previous hash do not give this hash: a byte was changed, or a line is
        /// missing, repeated or moved.
        BrokenChain = "BROKEN_CHAIN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    const GENESIS: Digest = Digest::EMPTY;

    fn lines(records: &[&[u8]]) -> (Vec<Vec<u8>>, Chain) {
        let mut chain = Chain::new(GENESIS);
        let lines = records
            .iter()
            .map(|record| {
                let mut line = Vec::new();
                chain.append(record, &mut line);
                assert_eq!(line.pop(), Some(b'\n'));
                line
            })
            .collect();
        (lines, chain)
    }

    fn code(lines: &[Vec<u8>]) -> Option<(ChainFaultCode, u64)> {
        let mut chain = Chain::new(GENESIS);
        lines
            .iter()
            .find_map(|line| chain.verify_line(line).err())
            .map(|fault| (fault.code, fault.line))
    }

    #[test]
    fn a_line_is_exactly_the_documented_text() {
        let (lines, chain) = lines(&[b"{\"tick\":0}"]);
        let hash = Digest::of(&[b"{\"tick\":0}".as_slice(), GENESIS.as_bytes()].concat());
        let expected = alloc::format!("{{\"hash\":\"{hash}\",\"record\":{{\"tick\":0}}}}");
        assert_eq!(lines[0], expected.as_bytes());
        assert_eq!((chain.head(), chain.count()), (hash, 1));
    }

    #[test]
    fn verifying_returns_the_records_and_ends_at_the_same_head() {
        let records: [&[u8]; 3] = [b"{}", b"{\"a\":\"}\"}", b"{\"record\":{}}"];
        let (lines, written) = lines(&records);
        let mut read = Chain::new(GENESIS);
        for (line, record) in lines.iter().zip(records) {
            assert_eq!(read.verify_line(line), Ok(record));
        }
        assert_eq!(read, written);
    }

    #[test]
    fn a_missing_repeated_or_moved_line_breaks_the_chain_at_that_line() {
        let (lines, _) = lines(&[b"{\"t\":0}", b"{\"t\":1}", b"{\"t\":2}"]);
        let broken = |line| Some((ChainFaultCode::BrokenChain, line));
        let of = |order: &[usize]| {
            let chosen: Vec<_> = order.iter().map(|index| lines[*index].clone()).collect();
            code(&chosen)
        };
        assert_eq!(of(&[0, 1, 2]), None);
        assert_eq!(of(&[0, 2]), broken(1));
        assert_eq!(of(&[1, 2]), broken(0));
        assert_eq!(of(&[0, 1, 1]), broken(2));
        assert_eq!(of(&[0, 2, 1]), broken(1));
    }

    #[test]
    fn another_genesis_is_another_chain() {
        let (lines, _) = lines(&[b"{}"]);
        let fault = Chain::new(Digest::of(b"other"))
            .verify_line(&lines[0])
            .unwrap_err();
        assert_eq!(fault.code, ChainFaultCode::BrokenChain);
    }

    #[test]
    fn frame_and_hash_text_have_their_own_codes() {
        let (lines, _) = lines(&[b"{}"]);
        let with = |edit: &dyn Fn(&mut Vec<u8>)| {
            let mut line = lines[0].clone();
            edit(&mut line);
            code(&[line]).map(|(code, _)| code)
        };
        let bad_frame = Some(ChainFaultCode::BadFrame);
        assert_eq!(with(&|line| line.clear()), bad_frame);
        assert_eq!(with(&|line| line.push(b' ')), bad_frame);
        assert_eq!(with(&|line| line.insert(0, b' ')), bad_frame);
        assert_eq!(with(&|line| line.truncate(80)), bad_frame);
        assert_eq!(
            with(&|line| {
                line.truncate(84);
                line.extend_from_slice(b"1}");
            }),
            bad_frame
        );
        assert_eq!(
            with(&|line| line[9] = b'G'),
            Some(ChainFaultCode::BadHashText)
        );
        assert_eq!(
            with(&|line| line.make_ascii_uppercase()),
            bad_frame,
            "the member names are lower case too"
        );
    }

    #[test]
    fn a_fault_does_not_advance_the_chain() {
        let (lines, _) = lines(&[b"{\"t\":0}", b"{\"t\":1}"]);
        let mut chain = Chain::new(GENESIS);
        assert!(chain.verify_line(&lines[1]).is_err());
        assert_eq!(chain, Chain::new(GENESIS));
        assert!(chain.verify_line(&lines[0]).is_ok());
    }

    #[test]
    fn faults_name_the_line_from_one() {
        let fault = ChainFault {
            code: ChainFaultCode::BrokenChain,
            line: 4,
        };
        assert!(fault.to_string().starts_with("BROKEN_CHAIN: line 5 "));
        assert_eq!(vec![fault.code.name()], ["BROKEN_CHAIN"]);
    }
}
