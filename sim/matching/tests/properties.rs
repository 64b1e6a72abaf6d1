//! Properties of canonical forms, aliases and takes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value};
use turingos_matching::{Matcher, Recorded, Request, Rules, canonical_json};

fn request(body: String) -> Request {
    Request {
        body: body.into_bytes(),
        ..Request::default()
    }
}

fn tape(bodies: impl IntoIterator<Item = String>) -> Vec<Recorded> {
    let numbered = (0..).zip(bodies);
    numbered
        .map(|(number, body)| Recorded {
            number,
            request: request(body),
        })
        .collect()
}

fn rules() -> Rules {
    Rules::parse(b"version = 1\n[[alias]]\nname = 'id'\npattern = 'id[0-9]+'\n")
        .expect("the rules are valid")
}

/// Documents with integers, so that serde_json's equality is the one to compare with.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c\"\\\\é]{0,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The document with members in another order, spaces, and every character escaped.
fn respelled(value: &Value) -> String {
    let text = |text: &str| {
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
        format!("\"{}\"", units.collect::<String>())
    };
    match value {
        Value::String(it) => text(it),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(respelled).collect();
            format!("[ {} ]", items.join(" ,\n"))
        }
        Value::Object(members) => {
            let members = members.iter().rev();
            let members = members.map(|(key, it)| format!("{} :\t{}", text(key), respelled(it)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(" , "))
        }
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn one_value_has_one_canonical_text(value in document()) {
        let canonical = canonical_json(&value.to_string()).unwrap();
        prop_assert_eq!(canonical_json(&respelled(&value)), Some(canonical.clone()));
        prop_assert_eq!(canonical_json(&canonical), Some(canonical.clone()));
        prop_assert_eq!(serde_json::from_str::<Value>(&canonical).unwrap(), value);
    }

    #[test]
    fn different_values_have_different_canonical_texts(a in document(), b in document()) {
        let texts = [&a, &b].map(|value| canonical_json(&value.to_string()));
        prop_assert_eq!(a == b, texts[0] == texts[1]);
    }

    /// A one-to-one renaming of ids matches request by request, in the order of the tape.
    #[test]
    fn renamed_ids_match(
        requests in prop::collection::vec(prop::collection::vec(0_u8..6, 0..5), 1..8),
        offset in 0_u8..200,
    ) {
        let body = |ids: &Vec<u8>, from: u8, step: u8| {
            let ids = ids.iter().map(|id| format!("id{}", u32::from(from) + u32::from(step * id)));
            serde_json::to_string(&ids.collect::<Vec<_>>()).unwrap()
        };
        let recorded = requests.iter().map(|it| body(it, 0, 1));
        let mut matcher = Matcher::new(tape(recorded), rules());
        for ids in &requests {
            prop_assert!(matcher.take(&request(body(ids, offset, 7))).is_ok());
        }
        prop_assert_eq!(matcher.counts().1, 0);
    }

    /// Two ids that become one, or one that becomes two, never match.
    #[test]
    fn renaming_that_is_not_one_to_one_misses(a in 0_u32..50, b in 0_u32..50) {
        prop_assume!(a != b);
        let two = [format!("[\"id{a}\"]"), format!("[\"x\",\"id{b}\"]")];
        let one = [format!("[\"id{a}\"]"), format!("[\"x\",\"id{a}\"]")];
        for (recorded, sent) in [(&two, &one), (&one, &two)] {
            let mut matcher = Matcher::new(tape(recorded.clone()), rules());
            prop_assert!(matcher.take(&request(sent[0].clone())).is_ok());
            prop_assert!(matcher.take(&request(sent[1].clone())).is_err());
        }
    }

    /// In whatever order requests come, those of one key take their recordings in order, and every
    /// recording is taken once.
    #[test]
    fn equal_requests_are_first_in_first_out(
        (tape_order, order) in prop::collection::vec(0_u8..4, 1..24)
            .prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        let body = |it: &u8| format!("{{\"n\":{it}}}");
        let mut matcher = Matcher::new(tape(tape_order.iter().map(body)), Rules::default());
        let mut expected = BTreeMap::<u8, Vec<usize>>::new();
        for (position, it) in tape_order.iter().enumerate().rev() {
            expected.entry(*it).or_default().push(position);
        }
        for it in &order {
            let taken = matcher.take(&request(body(it))).unwrap();
            prop_assert_eq!(Some(taken.position), expected.get_mut(it).and_then(Vec::pop));
        }
        prop_assert_eq!(matcher.counts(), (order.len(), 0));
        prop_assert!(matcher.take(&request(body(&order[0]))).is_err());
    }
}
