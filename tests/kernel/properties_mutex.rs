//! Two syscalls in one action are never one syscall: every pair of opcodes, both envelopes.
//!
//! Everything follows from the operand tables of [`Opcode::ALL`]; no key is spelled here.
//! `PROPTEST_CASES=100000 cargo test --test kernel properties_mutex` tries more mixtures.

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::FileFailurePersistence;
use turingos::isa::{
    FaultCode, OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode, Operand, OperandKind, decode,
    decode_canonical, decode_model,
};

/// A key of `a_t` and its value as JSON text.
type Member = (&'static str, String);

fn document(members: &[Member]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    format!(r#"{{"q_next":"s","a_t":{{{}}}}}"#, members.join(","))
}

/// A value that the operand takes in both envelopes.
fn valid(kind: OperandKind) -> &'static str {
    match kind {
        OperandKind::Text | OperandKind::Verbatim | OperandKind::Task => "\"x\"",
        OperandKind::Limit => "5",
        OperandKind::Placement => "\"TOP\"",
        OperandKind::Status => "\"BLOCKED\"",
    }
}

fn opcode_member(opcode: Opcode) -> Member {
    (OPCODE_KEY, format!("\"{}\"", opcode.name()))
}

/// The opcode with what it needs and nothing else.
fn whole(opcode: Opcode) -> Vec<Member> {
    let needed = opcode.operands().iter().filter(|operand| operand.required);
    let needed = needed.map(|operand| (operand.name, valid(operand.kind).to_owned()));
    [opcode_member(opcode)].into_iter().chain(needed).collect()
}

fn keys(operand: &Operand) -> impl Iterator<Item = &'static str> {
    [operand.name]
        .into_iter()
        .chain(operand.synonyms.iter().copied())
}

/// Every key of `of` that means nothing to `to`, with its kind.
fn foreign(of: Opcode, to: Opcode) -> Vec<(&'static str, OperandKind)> {
    of.operands()
        .iter()
        .flat_map(|operand| keys(operand).map(|key| (key, operand.kind)))
        .filter(|(key, _)| !to.operands().iter().any(|own| own.is_spelled(key)))
        .collect()
}

/// What all three decoders say.
fn codes(text: &str) -> [Option<FaultCode>; 3] {
    [decode, decode_model, decode_canonical]
        .map(|decoder| decoder(text.as_bytes()).err().map(|fault| fault.code))
}

const MUTEX: [Option<FaultCode>; 3] = [Some(FaultCode::MutexViolation); 3];

/// Every opcode with any one key that only another opcode has, before or after its own operands,
/// is a MUTEX_VIOLATION in both envelopes.
#[test]
fn every_pair_of_opcodes_excludes_each_other() {
    let mut tried = 0;
    for own in Opcode::ALL {
        assert_eq!(codes(&document(&whole(own))), [None; 3], "{own}");
        for other in Opcode::ALL {
            for (key, kind) in foreign(other, own) {
                for position in 0..=whole(own).len() {
                    let mut members = whole(own);
                    members.insert(position, (key, valid(kind).to_owned()));
                    let text = document(&members);
                    assert_eq!(codes(&text), MUTEX, "{text}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 400, "{tried}");
}

/// Every two opcodes under two opcode keys are refused in both envelopes, also if they are the
/// same one.
#[test]
fn every_two_opcode_keys_are_refused() {
    for own in Opcode::ALL {
        for other in Opcode::ALL {
            for key in OPCODE_KEY_SYNONYMS {
                let mut members = whole(own);
                members.push((key, format!("\"{}\"", other.name())));
                let text = document(&members);
                assert_eq!(
                    codes(&text),
                    [Some(FaultCode::SeveralOpcodeKeys); 3],
                    "{text}"
                );
            }
        }
    }
}

/// A value of any type: a foreign key is a violation whatever it holds.
fn any_value() -> impl Strategy<Value = String> {
    let values = [
        "\"x\"",
        "5",
        "null",
        "true",
        "-1",
        "[]",
        "{\"a\":[1]}",
        "\"\"",
        "\"TOP\"",
    ];
    select(values.to_vec()).prop_map(str::to_owned)
}

/// An opcode's own operands, some of them, under any of their names.
fn own_operands(opcode: Opcode) -> impl Strategy<Value = Vec<Member>> {
    let operands: Vec<_> = opcode
        .operands()
        .iter()
        .map(|operand| {
            let name = select(keys(operand).collect::<Vec<_>>());
            let value = valid(operand.kind).to_owned();
            (name, any::<bool>()).prop_map({
                let required = operand.required;
                move |(name, wanted)| (required || wanted).then(|| (name, value.clone()))
            })
        })
        .collect();
    operands.prop_map(|members| members.into_iter().flatten().collect())
}

/// Two different opcodes of which the second has a key that the first does not know.
fn exclusive_pair() -> impl Strategy<Value = (Opcode, Opcode)> {
    let pairs: Vec<_> = Opcode::ALL
        .into_iter()
        .flat_map(|own| Opcode::ALL.map(|other| (own, other)))
        .filter(|(own, other)| !foreign(*other, *own).is_empty())
        .collect();
    select(pairs)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Any superposition of two opcodes' operands, in any order, under any names, with any values
    /// of the foreign keys, is a MUTEX_VIOLATION in the model envelope, and refused in the
    /// canonical one.
    #[test]
    fn any_mixture_of_two_syscalls_is_refused(
        ((own, stray), order) in exclusive_pair().prop_flat_map(|(own, other)| {
            let stray = foreign(other, own);
            let count = 1..=stray.len();
            let stray = subsequence(stray, count).prop_flat_map(|keys| {
                keys.into_iter()
                    .map(|(key, _)| any_value().prop_map(move |value| (key, value)))
                    .collect::<Vec<_>>()
            });
            let own = own_operands(own).prop_map(move |mut members| {
                members.push(opcode_member(own));
                members
            });
            ((own, stray), prop::collection::vec(any::<Index>(), 20))
        }),
    ) {
        let mut members = own;
        for (member, at) in stray.into_iter().zip(&order) {
            members.insert(at.index(members.len() + 1), member);
        }
        let text = document(&members);
        let [taken, model, canonical] = codes(&text);
        prop_assert_eq!(taken, Some(FaultCode::MutexViolation), "{}", text);
        prop_assert_eq!(model, Some(FaultCode::MutexViolation), "{}", text);
        let canonical_codes = [FaultCode::MutexViolation, FaultCode::NotCanonical];
        prop_assert!(canonical.is_some_and(|code| canonical_codes.contains(&code)), "{}", text);
    }

    /// Where two opcodes share a key, both names at once are a conflict and never silently one.
    #[test]
    fn two_synonyms_of_one_operand_conflict(
        own in select(Opcode::ALL.to_vec()),
        which in any::<Index>(),
    ) {
        let doubles: Vec<Member> = own
            .operands()
            .iter()
            .filter(|operand| operand.required)
            .flat_map(|operand| {
                operand.synonyms.iter().map(|key| (*key, valid(operand.kind).to_owned()))
            })
            .collect();
        if let Some(double) = doubles.get(which.index(doubles.len().max(1))) {
            let mut members = whole(own);
            members.push(double.clone());
            let text = document(&members);
            let conflict = Some(FaultCode::SynonymConflict);
            prop_assert_eq!(codes(&text), [conflict, conflict, Some(FaultCode::NotCanonical)]);
        }
    }
}
