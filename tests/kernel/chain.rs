//! Properties of the hash chain.

use proptest::prelude::*;
use turingos::Digest;
use turingos::journal::Chain;

/// Bytes between braces: the chain takes any, as long as no newline is among them.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let inner = prop::collection::vec(any::<u8>().prop_filter("newline", |b| *b != b'\n'), 0..60);
    inner.prop_map(|inner| [b"{".as_slice(), &inner, b"}"].concat())
}

fn written(records: &[Vec<u8>]) -> (Vec<u8>, Chain) {
    let mut chain = Chain::new(Digest::of(b"header"));
    let mut text = Vec::new();
    for record in records {
        chain.append(record, &mut text);
    }
    (text, chain)
}

fn verified(text: &[u8]) -> Option<Chain> {
    let mut chain = Chain::new(Digest::of(b"header"));
    for line in text.strip_suffix(b"\n")?.split(|byte| *byte == b'\n') {
        chain.verify_line(line).ok()?;
    }
    Some(chain)
}

proptest! {
    #[test]
    fn what_was_appended_verifies(records in prop::collection::vec(record(), 1..8)) {
        let (text, chain) = written(&records);
        prop_assert_eq!(verified(&text), Some(chain));
    }

    #[test]
    fn no_changed_byte_verifies(
        records in prop::collection::vec(record(), 1..8),
        at in any::<prop::sample::Index>(),
        difference in 1_u8..,
    ) {
        let (mut text, _) = written(&records);
        let at = at.index(text.len());
        text[at] ^= difference;
        prop_assert_eq!(verified(&text), None);
    }

    #[test]
    fn any_line_verifies_without_a_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Chain::new(Digest::EMPTY).verify_line(&line).is_err());
    }
}
