//! Tapes: every entry is what the schema says; with one thing changed, schema and reader refuse it
//! both; every list of names in the schema is the one in the code.

use serde_json::{Value, json};
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos::isa::GitLogQuery;
use turingos::manifold::{CommandOutcome, WorldFault, WorldFaultCode};
use turingos_agents::{RawReply, Request, TransportFault};
use turingos_run::tape::{Answer, CallEntry, Command, Entry, KEPT_HEADERS, Question, WorldEntry};
use turingos_schema::Schema;

use super::checker;
use super::mutants::{Change, Mutant, mutants};
use super::tree::Tree;

fn calls() -> Vec<Entry> {
    let request = Request {
        tick: 3,
        lane: Lane::E,
        attempt: 1,
        system_prompt: "d",
        q: "q",
        frame: "f",
    };
    let replies = Provider::ALL.map(|provider| RawReply {
        provider,
        status: 200,
        retry_after_us: (provider == Provider::Kimi).then_some(5),
        headers: KEPT_HEADERS.map(|name| (name.into(), "1".into())).into(),
        body: match provider {
            Provider::Ollama => b"\xff{}".to_vec(),
            Provider::OpenAi | Provider::Anthropic | Provider::Kimi => b"{}".to_vec(),
        },
    });
    let entry = |outcome| Entry::Call(CallEntry::new(&request, b"{\"q\":1}".into(), outcome, 7));
    replies
        .iter()
        .map(Ok)
        .chain(TransportFault::ALL.iter().copied().map(Err))
        .map(entry)
        .collect()
}

fn answers() -> Vec<Entry> {
    let command = CommandOutcome {
        exit_code: 3,
        stdout: "out\n".into(),
        stderr: "err\n".into(),
        duration_us: 1_500,
    };
    let query = GitLogQuery {
        query_params: Some("limit=3".into()),
        path: Some("a".into()),
        limit: Some(5),
        reference: Some("main".into()),
        grep: Some("x".into()),
        since: Some("0".into()),
    };
    let list = |directory: Option<&str>| Question::List {
        directory: directory.map(str::to_owned),
        limit: 40,
    };
    let write = Question::Write {
        path: "a.txt".into(),
        content: Digest::EMPTY,
    };
    let read = || Question::Read("a.txt".into());
    let mut answers = vec![
        (read(), Answer::Text("x".into())),
        (Question::from(&query), Answer::Text("log\n".into())),
        (
            Question::from(&GitLogQuery::default()),
            Answer::Text(String::new()),
        ),
        (list(None), Answer::Names(vec!["a.txt".into(), "b/".into()])),
        (list(Some("b")), Answer::Names(Vec::new())),
        (write, Answer::Written),
        (
            Question::Exec("ls".into()),
            Answer::Command(Command::from(&command)),
        ),
    ];
    for code in WorldFaultCode::ALL {
        let fault = WorldFault {
            code,
            detail: "a.txt".into(),
        };
        answers.push((read(), fault.into()));
    }
    answers
        .into_iter()
        .map(|(question, answer)| Entry::World(WorldEntry::new(1, question, answer)))
        .collect()
}

fn text(entry: &Entry) -> String {
    let mut out = Vec::new();
    entry.write_json(&mut out);
    String::from_utf8(out).unwrap()
}

fn line(record: Value) -> Value {
    json!({"hash": Digest::EMPTY.to_string(), "record": record})
}

#[test]
fn entries_are_valid() {
    let checker = checker("tape.v1");
    for entry in calls().iter().chain(&answers()) {
        let text = text(entry);
        let document = line(serde_json::from_str(&text).unwrap());
        assert_eq!(checker.violation(&document), None, "{text}");
        let read = Entry::read_json(text.as_bytes(), &mut Vec::new()).unwrap();
        assert_eq!(&read, entry);
    }
}

/// Members that may be null.
fn may_be_null(pointer: &str) -> bool {
    pointer.ends_with("/retry_after_us")
        || pointer.ends_with("/list/directory")
        || pointer.contains("/git_log/")
}

#[test]
fn changed_entry_is_refused_by_both() {
    let checker = checker("tape.v1");
    let mut refused = 0;
    for entry in calls().iter().chain(&answers()) {
        for mutant in mutants(&Tree::of(&text(entry))) {
            let Mutant {
                tree,
                change,
                pointer,
            } = mutant;
            let by_schema = !checker.accepts(&line(tree.value()));
            let by_reader = Entry::read_json(tree.to_string().as_bytes(), &mut Vec::new()).is_err();
            let may_pass = match &change {
                Change::Revalued => true,
                Change::Retyped(_) => may_be_null(&pointer),
                Change::Dropped => pointer.contains("/headers/"),
                Change::Nested | Change::Added | Change::Renamed => false,
            };
            // A new name may be out of order, and a new text has another hash: no schema sees it.
            let unseen = matches!(change, Change::Renamed | Change::Added | Change::Revalued);
            assert!(
                by_reader || !by_schema,
                "reader accepts {change:?} at {pointer}: {tree}"
            );
            assert!(
                unseen || by_schema || !by_reader,
                "schema accepts {change:?} at {pointer}: {tree}"
            );
            assert!(
                may_pass || by_schema,
                "schema accepts {change:?} at {pointer}: {tree}"
            );
            refused += usize::from(by_schema && by_reader);
        }
    }
    assert!(refused > 2_000, "{refused}");
}

#[test]
fn names_match() {
    let document = Schema::named("tape.v1").unwrap().document();
    let defined = &document["$defs"];
    let reply = &defined["call"]["properties"]["outcome"]["oneOf"][0]["properties"]["reply"];
    let fault = &defined["call"]["properties"]["outcome"]["oneOf"][1]["properties"]["fault"];
    let headers = reply["properties"]["headers"]["properties"]
        .as_object()
        .unwrap();
    let names: Vec<_> = headers.keys().map(String::as_str).collect();
    assert_eq!(names, KEPT_HEADERS);
    assert_eq!(
        reply["properties"]["provider"]["enum"],
        json!(Provider::ALL.map(Provider::name))
    );
    assert_eq!(
        fault["enum"],
        json!(
            TransportFault::ALL
                .iter()
                .map(|fault| fault.name())
                .collect::<Vec<_>>()
        )
    );
    assert_eq!(
        defined["call"]["properties"]["lane"]["enum"],
        json!([Lane::P, Lane::E].map(Lane::name))
    );
    let code = &defined["answer_fault"]["properties"]["fault"]["properties"]["code"];
    assert_eq!(
        code["enum"],
        json!(WorldFaultCode::ALL.map(WorldFaultCode::name))
    );
}
