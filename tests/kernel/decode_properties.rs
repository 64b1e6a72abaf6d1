//! What holds for every transition and every reply, whatever they say.

use proptest::prelude::*;
use turingos::isa::{
    GitLogQuery, Placement, Syscall, TaskStatus, Transition, decode, decode_canonical, decode_model,
};

fn text() -> impl Strategy<Value = String> {
    // Quotes, braces, tags and line breaks more often than chance would have it.
    let piece = prop_oneof![
        4 => "[ -~]{1,12}",
        2 => "\\PC{1,4}",
        1 => Just("\"}{\\".to_owned()),
        1 => Just("</think>\n\t<think>".to_owned()),
        1 => Just("{\"q_next\":1}".to_owned()),
    ];
    prop::collection::vec(piece, 1..5)
            .prop_map(|pieces| {
                let clean: String = pieces.concat().chars()
                    .filter(|c| !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
                    .collect();
                let trimmed = clean.trim();
                if trimmed.is_empty() { "x".to_owned() } else { trimmed.to_owned() }
            })
}

fn syscall() -> impl Strategy<Value = Syscall> {
    let option = || prop::option::of(text());
    let placement = prop::option::of(prop_oneof![Just(Placement::Top), Just(Placement::Bottom)]);
    let status = prop::option::of(prop_oneof![
        Just(TaskStatus::Active),
        Just(TaskStatus::Suspended),
        Just(TaskStatus::Blocked)
    ]);
    prop_oneof![
        (
            prop_oneof![9 => text(), 1 => Just(String::new())],
            "[ \n\t]{0,3}",
            option()
        )
            .prop_map(|(payload, pad, semantic_cap)| {
                Syscall::Write {
                    payload: format!("{pad}{payload}{pad}"),
                    semantic_cap,
                }
            }),
        text().prop_map(|cmd| Syscall::Exec { cmd }),
        text().prop_map(|pointer| Syscall::Goto { pointer }),
        (
            option(),
            option(),
            prop::option::of(1_u16..=GitLogQuery::MAX_LIMIT),
            option(),
            option(),
            option()
        )
            .prop_map(|(query_params, path, limit, reference, grep, since)| {
                Syscall::GitLog(GitLogQuery {
                    query_params,
                    path,
                    limit,
                    reference,
                    grep,
                    since,
                })
            }),
        text().prop_map(|task| Syscall::Push { task }),
        text().prop_map(|task| Syscall::Edit { task }),
        (option(), placement, status).prop_map(|(task_id, target_pos, status)| Syscall::Move {
            task_id,
            target_pos,
            status
        }),
        Just(Syscall::Pop),
        Just(Syscall::Halt),
    ]
}

/// What opens an array or object with something in it, and what would close it.
fn opener() -> impl Strategy<Value = (String, char)> {
    let text = || "[a-z\\]\\[{}<>/:, ]{0,6}|</think>|<think>";
    let item = prop_oneof![
        Just("1".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("[[{\"status\":\"ok\"}],2]".to_owned()),
        text().prop_map(|text| format!("{text:?}")),
        Just("\"\\\"\\\\\"".to_owned()),
    ];
    let items = prop::collection::vec(item, 0..4);
    let key = text().prop_map(|text| format!("{text:?}"));
    let bare_key = prop_oneof![Just("answer".to_owned()), Just("'answer'".to_owned())];
    prop_oneof![
        items.clone().prop_map(|items| {
            let items: String = items.iter().map(|item| format!("{item}, ")).collect();
            (format!("[{items}"), ']')
        }),
        (items, prop_oneof![4 => key, 1 => bare_key]).prop_map(|(items, key)| {
            let members = items.iter().enumerate();
            let members: String = members
                .map(|(index, item)| format!("\"k{index}\":{item},\n"))
                .collect();
            (format!("{{{members}{key}:"), '}')
        }),
        Just(("{".to_owned(), '}')),
    ]
}

fn transition() -> impl Strategy<Value = Transition> {
    (prop::option::of(text()), text(), syscall()).prop_map(|(thought, q_next, syscall)| {
        Transition {
            thought,
            q_next,
            syscall,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_is_decoded(transition in transition()) {
        let text = transition.to_canonical();
        prop_assert_eq!(decode_canonical(text.as_bytes()), Ok(transition.clone()));
        prop_assert_eq!(decode_model(text.as_bytes()), Ok(transition.clone()));
        prop_assert_eq!(decode(text.as_bytes()), Ok(transition.clone()));
        let prose = format!("<think>hm</think>I choose:\n```json\n{text}\n```\n");
        prop_assert_eq!(decode(prose.as_bytes()), Ok(transition));
    }

    #[test]
    fn a_document_cut_anywhere_is_refused(transition in transition()) {
        let text = transition.to_canonical();
        let prose = format!("so: {text}");
        for end in 0..text.len() {
            prop_assert!(decode(&text.as_bytes()[..end]).is_err());
            prop_assert!(decode_canonical(&text.as_bytes()[..end]).is_err());
            prop_assert!(decode(&prose.as_bytes()[..end + 4]).is_err());
        }
    }

    #[test]
    fn what_is_enclosed_is_never_taken(
        transition in transition(),
        prose in prop::sample::select(vec!["", "so ", "see [1] and {x}: ", "it's 5\" {}:\n", "```json\n"]),
        openers in prop::collection::vec(opener(), 1..4),
        closed in 0_usize..4,
    ) {
        let mut reply = prose.to_owned();
        for (text, _) in &openers {
            reply.push_str(text);
        }
        reply.push_str(&transition.to_canonical());
        reply.extend(openers.iter().rev().take(closed).map(|(_, closing)| *closing));
        prop_assert!(decode(reply.as_bytes()).is_err(), "{}", reply);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
        let _ = decode_canonical(&bytes);
    }

    #[test]
    fn what_is_taken_of_a_mutated_document_is_canonical(
        transition in transition(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = transition.to_canonical().into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(taken) = decode(&bytes) {
            let canonical = taken.to_canonical();
            prop_assert_eq!(decode_canonical(canonical.as_bytes()), Ok(taken));
        }
    }
}
