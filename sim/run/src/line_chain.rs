//! The hash chain over a file of plain lines: injections, trap frames.
//!
//! It is the journal's chain, begun at the digest of nothing. The lines hold no hash, because they
//! are there to be read; the end of the chain is in the manifest.

use turingos::Digest;
use turingos::journal::Chain;

/// The hash chain over the lines of a file.
#[derive(Clone, Debug)]
pub struct LineChain {
    chain: Chain,
    /// What the chain would write; kept for its memory only.
    scratch: Vec<u8>,
}

impl Default for LineChain {
    fn default() -> Self {
        Self {
            chain: Chain::new(Digest::EMPTY),
            scratch: Vec::new(),
        }
    }
}

impl LineChain {
    /// Takes the next line, given without its newline.
    pub fn line(&mut self, line: &[u8]) {
        self.scratch.clear();
        self.chain.append(line, &mut self.scratch);
    }

    /// How many lines there were, and the last hash.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }
}
