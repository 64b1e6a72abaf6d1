//! Properties of the hash chain.

use proptest::prelude::*;
use turingos::Digest;
use turingos::journal::{Chain, ChainFaultCode};

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

#[test]
fn a_record_that_is_not_an_object_is_a_bad_frame() {
    for record in ["{}", "{\"a\":1}"] {
        assert_eq!(
            verified(&written(&[record.into()]).0).map(|chain| chain.count()),
            Some(1)
        );
    }
    for record in ["", "{", "}", "[1}", "{1]", "[]", "1"] {
        let (text, _) = written(&[record.into()]);
        let line = text.strip_suffix(b"\n").expect("a line");
        let mut chain = Chain::new(Digest::of(b"header"));
        let fault = chain.verify_line(line).expect_err(record);
        assert_eq!(fault.code, ChainFaultCode::BadFrame, "{record}");
        assert_eq!(chain.count(), 0);
    }
}

#[test]
fn a_chain_counts_its_lines() {
    for count in [0, 1, 2, 3] {
        let records = vec![b"{}".to_vec(); count];
        let (text, chain) = written(&records);
        assert_eq!(chain.count(), count as u64);
        if count > 0 {
            assert_eq!(verified(&text), Some(chain));
        }
    }
}

#[test]
fn a_digest_is_shown_as_its_digits() {
    let digest = Digest::of(b"header");
    let digits = digest.to_string();
    assert_eq!(digits.len(), 64);
    assert_eq!(format!("{digest:?}"), digits);
    assert_eq!(digits.parse(), Ok(digest));
    for wrong in [
        "",
        &digits[1..],
        &digits.to_uppercase(),
        &digits.replacen('a', "g", 1),
    ] {
        let error = wrong.parse::<Digest>().expect_err(wrong);
        assert_eq!(
            error.to_string(),
            "expected 64 lower-case hexadecimal digits"
        );
    }
    let error = serde_json::from_str::<Digest>("1").expect_err("a number");
    assert!(error.to_string().contains("64 lower-case"), "{error}");
}
