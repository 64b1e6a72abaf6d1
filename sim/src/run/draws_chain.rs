//! What vouches for `draws.jsonl`: the journal's hash chain over its lines, of which only the end is
//! kept, in the manifest.
//!
//! Never writes a hash between the lines: they are there to be read.

use turingos::Digest;
use turingos::journal::Chain;

/// Where the lines of a `draws.jsonl` lead.
#[derive(Clone, Debug)]
pub struct DrawsChain {
    chain: Chain,
    /// What the chain would write; kept for its memory only.
    scratch: Vec<u8>,
}

impl DrawsChain {
    /// A chain over no line. `genesis` is the digest of the run's header.
    #[must_use]
    pub const fn new(genesis: Digest) -> Self {
        Self {
            chain: Chain::new(genesis),
            scratch: Vec::new(),
        }
    }

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
