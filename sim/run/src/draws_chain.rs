//! What vouches for `injections.jsonl`: the journal's hash chain over its lines, begun at the digest of
//! nothing, of which only the end is kept, in the manifest.
//!
//! Never writes a hash between the lines: they are there to be read.

use turingos::Digest;
use turingos::journal::Chain;

/// Where the lines of a `injections.jsonl` lead.
#[derive(Clone, Debug)]
pub struct DrawsChain {
    chain: Chain,
    /// What the chain would write; kept for its memory only.
    scratch: Vec<u8>,
}

impl Default for DrawsChain {
    fn default() -> Self {
        Self {
            chain: Chain::new(Digest::EMPTY),
            scratch: Vec::new(),
        }
    }
}

impl DrawsChain {
    /// Takes the next line, given without its newline.
    pub fn line(&mut self, line: &[u8]) {
        self.scratch.clear();
        self.chain.append(line, &mut self.scratch);
    }

    /// How many lines there were, and where they lead.
    #[must_use]
    pub const fn chain(&self) -> Chain {
        self.chain
    }
}
