use super::*;
use serde_json::json;

#[test]
fn members_have_json_pointers() {
    let recorded = json!({"a": 1, "b/c": [1, 2], "same": {"x": 1}, "gone": null});
    let replayed = json!({"a": 2, "b/c": [1], "same": {"x": 1}, "new~": true});
    let found: Vec<_> = differences(&recorded, &replayed)
        .into_iter()
        .map(|it| (it.pointer, it.recorded, it.replayed))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            ("/a".into(), text("1"), text("2")),
            ("/b~1c/1".into(), text("2"), None),
            ("/gone".into(), text("null"), None),
            ("/new~0".into(), None, text("true")),
        ]
    );
}

#[test]
fn text_is_compared_by_lines() {
    let recorded = format!("{}\none\ntwo\nthree\n", "x".repeat(100_000));
    let replayed = recorded.replace("two", "2");
    let found = differences(&json!(recorded), &json!(replayed));
    assert_eq!(found.len(), 1);
    let lines = &found[0].lines;
    assert!(lines.contains(&"-two".to_owned()), "{lines:?}");
    assert!(lines.contains(&"+2".to_owned()), "{lines:?}");
    assert!(lines.iter().all(|line| line.len() < 300));
}

#[test]
fn difference_list_is_bounded() {
    let recorded: Value = (0..100).collect::<Vec<_>>().into();
    let replayed: Value = (1..101).collect::<Vec<_>>().into();
    assert_eq!(differences(&recorded, &replayed).len(), MAX_DIFFERENCES);
    let text = "x".repeat(1_000);
    let found = differences(&json!(text), &json!("y"));
    assert!(
        found[0]
            .recorded
            .as_ref()
            .unwrap()
            .ends_with("(1002 bytes)")
    );
}

#[test]
fn missing_record_is_named() {
    let found = Divergence::of_records(3, b"{\"tick\":3}", b"");
    assert_eq!(found.cause, Cause::RecordChanged);
    assert!(
        found
            .to_string()
            .ends_with("recorded {\"tick\":3}\n  replayed (nothing)")
    );
}

#[test]
fn account_for_people_shows_both_sides() {
    let divergence = Divergence {
        tick: 7,
        cause: Cause::PromptChanged,
        detail: "why".to_owned(),
        recorded: Some(json!({"a": 1})),
        replayed: None,
        differences: vec![
            Difference {
                pointer: "/a".to_owned(),
                recorded: Some("1".to_owned()),
                replayed: None,
                lines: Vec::new(),
            },
            Difference {
                pointer: "/b".to_owned(),
                recorded: None,
                replayed: None,
                lines: vec!["-x".to_owned(), "+y".to_owned()],
            },
        ],
    };
    assert_eq!(
        divergence.lines(),
        [
            "the replay leaves the recording at tick 7: PROMPT_CHANGED: why",
            "  recorded {\"a\":1}",
            "  replayed (nothing)",
            "  at /a",
            "    - 1",
            "    + (absent)",
            "  at /b",
            "    -x",
            "    +y",
        ]
    );
}

#[test]
fn lines_have_one_line_of_context() {
    let recorded = "one\ntwo\nthree\nfour\nfive\nsix\n";
    let replayed = recorded.replace("four", "4");
    assert_eq!(
        differing_lines(recorded, &replayed),
        ["@@ -1,3 +1,3 @@", " three", "-four", "+4", " five"]
    );
    // The first line has none before it.
    let lines = differing_lines("a\nb\n", "x\nb\n");
    assert_eq!(lines, ["@@ -1,2 +1,2 @@", "-a", "+x", " b"]);
    // The same far behind the beginning.
    let head: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    let lines = differing_lines(&format!("{head}a\n"), &format!("{head}b\n"));
    assert_eq!(lines, ["@@ -1,2 +1,2 @@", " 9999", "-a", "+b"]);
    // A long line before does not hide what differs.
    let long = "x".repeat(MAX_COMPARED_BYTES);
    let lines = differing_lines(&format!("{long}\na\n"), &format!("{long}\nb\n"));
    assert_eq!(lines, ["@@ -1,1 +1,1 @@", "-a", "+b"]);
    let many: String = (0..100).map(|number| format!("{number}\n")).collect();
    assert_eq!(differing_lines(&many, "").len(), MAX_LINES);
}

#[test]
fn text_of_one_line_is_shown_as_a_value() {
    for (recorded, replayed, is_lines) in
        [("a", "b", false), ("a\n", "b", true), ("a", "b\n", true)]
    {
        let found = differences(&json!(recorded), &json!(replayed));
        assert_eq!(!found[0].lines.is_empty(), is_lines, "{found:?}");
        assert_eq!(found[0].recorded.is_none(), is_lines);
    }
}

#[test]
fn texts_are_compared_as_documents_only_if_both_are() {
    let pointers = |recorded: &[u8], replayed: &[u8]| -> Vec<String> {
        let found = differing_texts(recorded, replayed).into_iter();
        found.map(|difference| difference.pointer).collect()
    };
    assert_eq!(pointers(b"{\"a\":1}", b"{\"a\":2}"), ["/a"]);
    assert_eq!(pointers(b"{\"a\":1}", b"{\"a\":1} "), [""; 0]);
    assert_eq!(pointers(b"{\"a\":1}", b"{\"a\":"), [""]);
    assert_eq!(pointers(b"\xff", b"\xff"), [""; 0]);
}

#[test]
fn derived_line_that_one_side_lacks_is_named() {
    let of = |recorded: &[u8], replayed: &[u8]| {
        let what = (Cause::InjectionChanged, "an injection");
        Divergence::of_derived_lines(3, what, recorded, replayed).detail
    };
    assert_eq!(
        of(b"{}", b""),
        "the recording has an injection where the replay has none"
    );
    assert_eq!(
        of(b"", b"{}"),
        "the replay has an injection where the recording has none"
    );
    assert_eq!(
        of(b"{}", b"[]"),
        "the record is the recorded one, but an injection is another"
    );
}

#[test]
fn value_is_clipped_after_its_limit() {
    let limit = "é".repeat(MAX_CHARS);
    assert_eq!(clipped(&limit), limit);
    let longer = format!("{limit}x");
    assert_eq!(clipped(&longer), format!("{limit}… (481 bytes)"));
}
