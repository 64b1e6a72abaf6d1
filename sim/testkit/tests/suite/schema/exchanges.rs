//! Recordings of agents: every document is what its schema says; what the reader takes the schema
//! takes, and a member that is dropped, renamed, added or nested is refused by both.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use turingos::Digest;
use turingos::journal::Chain;
use turingos_exchange::{
    Body, Chunk, End, Header, Manifest, Origin, RecordedRequest, RecordedResponse, RulesText, Tape,
    TapeDirectory, TapeWriter, Target, TargetKind,
};
use turingos_schema::Schema;

use super::checker;
use super::mutants::{Change, mutants};
use super::tree::Tree;

fn header() -> Header {
    let variables = || vec!["A_URL".to_owned()];
    let targets = TargetKind::ALL.iter().map(|kind| {
        let url = kind.default_url().unwrap_or("https://search.example/v2");
        Target::new(kind.name(), *kind, url, variables()).unwrap()
    });
    let mut header = Header::new(vec!["agent".into()], targets.collect());
    header.rules = Some(RulesText::new("[[drop]]\n".into()));
    header.source = Some(Digest::EMPTY);
    header.chaos = Some("5% seed 7".into());
    header
}

fn request() -> RecordedRequest {
    RecordedRequest {
        target: "openai".into(),
        method: "POST".into(),
        path: "/v1".into(),
        query: Some("a=1".into()),
        headers: vec![("accept".into(), "text/event-stream".into())],
        body: Body(b"\xff".to_vec()),
    }
}

fn response() -> RecordedResponse {
    RecordedResponse {
        status: Some(200),
        headers: vec![("content-type".into(), "text/event-stream".into())],
        head_us: 1,
        chunks: vec![Chunk {
            at_us: 2,
            bytes: Body(b"data: 1\n\n".to_vec()),
        }],
        end: End::Whole,
        end_us: 3,
        origin: Origin::Upstream,
        injected: Some("stall".into()),
        note: Some("why".into()),
    }
}

/// The records of a tape of one call, and its manifest.
fn recorded() -> (Vec<String>, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tape");
    let mut tape = TapeWriter::create(&path, &header()).unwrap();
    let number = tape.request(&request()).unwrap();
    tape.response(number, &response()).unwrap();
    let manifest = tape.finish("sim replay tape".into()).unwrap().unwrap();
    let lines = std::fs::read_to_string(path.join(TapeDirectory::EXCHANGES)).unwrap();
    let record = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(checker("exchange-tape.v1").violation(&line), None);
        // The members of this value are sorted, and those of a record are not.
        line["hash"].as_str().unwrap().len()
    };
    let start = r#"{"hash":"","record":"#.len();
    let records = lines.lines().map(|line| {
        let before = start + record(line);
        line[before..line.len() - 1].to_owned()
    });
    (
        records.collect(),
        String::from_utf8(manifest.to_bytes()).unwrap(),
    )
}

/// Whether these records are a tape. A last line that is not whole ends an unfinished tape, so each
/// record has to be read.
fn is_tape(records: &[&str]) -> bool {
    let header = header().to_bytes();
    let mut chain = Chain::new(Digest::of(&header));
    let mut lines = Vec::new();
    for record in records {
        chain.append(record.as_bytes(), &mut lines);
    }
    let files = BTreeMap::from([
        (TapeDirectory::HEADER.to_owned(), header),
        (TapeDirectory::EXCHANGES.to_owned(), lines),
    ]);
    let count = u64::try_from(records.len()).unwrap();
    Tape::read(&files).is_ok_and(|tape| tape.chain.count() == count)
}

/// Holds schema and reader to one another; `open` names the members under which names are free.
fn compare(
    schema: &str,
    text: &str,
    wrap: &dyn Fn(Value) -> Value,
    read: &dyn Fn(&str) -> bool,
    open: &str,
) {
    let checker = checker(schema);
    let original = Tree::of(text);
    assert_eq!(checker.violation(&wrap(original.value())), None, "{text}");
    assert!(read(text), "{text}");
    let mut refused = 0;
    for mutant in mutants(&original) {
        let by_schema = !checker.accepts(&wrap(mutant.tree.value()));
        let by_reader = !read(&mutant.tree.to_string());
        let (change, pointer) = (&mutant.change, &mutant.pointer);
        assert!(
            by_reader || !by_schema,
            "only the reader accepts {change:?} at {pointer}: {}",
            mutant.tree
        );
        let is_open = !open.is_empty() && pointer.starts_with(open);
        let is_structure = matches!(change, Change::Dropped | Change::Renamed | Change::Added);
        // A list may be shorter, and the number of an item is not a name.
        let is_item = pointer
            .rsplit('/')
            .next()
            .is_some_and(|it| it.parse::<u64>().is_ok());
        if is_structure && !is_open && !is_item {
            assert!(
                by_schema || *change == Change::Added,
                "{change:?} at {pointer}"
            );
            assert!(by_reader, "{change:?} at {pointer}");
        }
        refused += usize::from(by_schema && by_reader);
    }
    assert!(refused > 30, "{schema}: {refused}");
}

#[test]
fn changed_documents_of_a_recording_are_refused() {
    let (records, manifest) = recorded();
    let header = String::from_utf8(header().to_bytes()).unwrap();
    let same = |value| value;
    let reads_header =
        |text: &str| Header::from_bytes(format!("{}\n", text.trim_end()).as_bytes()).is_ok();
    compare(
        "exchange-header.v1",
        header.trim_end(),
        &same,
        &reads_header,
        "",
    );
    let reads_manifest =
        |text: &str| Manifest::from_bytes(format!("{}\n", text.trim_end()).as_bytes()).is_ok();
    compare(
        "exchange-manifest.v1",
        manifest.trim_end(),
        &same,
        &reads_manifest,
        "/counts",
    );
    let line = |record: Value| json!({"hash": Digest::EMPTY.to_string(), "record": record});
    let [request, response] = &records[..] else {
        panic!("{records:?}");
    };
    compare(
        "exchange-tape.v1",
        request,
        &line,
        &|record| is_tape(&[record]),
        "",
    );
    let answers = |record: &str| is_tape(&[request, record]);
    compare("exchange-tape.v1", response, &line, &answers, "");
}

#[test]
fn names_of_recordings_match() {
    let tape = Schema::named("exchange-tape.v1").unwrap().document();
    let response = &tape["$defs"]["response"]["properties"];
    let names = |names: Vec<&'static str>| json!(names);
    let ends = names(End::ALL.iter().map(|end| end.name()).collect());
    let origins = names(Origin::ALL.iter().map(|origin| origin.name()).collect());
    assert_eq!(response["end"]["enum"], ends);
    assert_eq!(response["origin"]["enum"], origins);
    let report = Schema::named("exchanges-report.v1").unwrap().document();
    let call = &report["properties"]["calls"]["items"]["properties"];
    assert_eq!(
        (&call["end"]["enum"], &call["origin"]["enum"]),
        (&ends, &origins)
    );
    let header = Schema::named("exchange-header.v1").unwrap().document();
    let kinds = names(TargetKind::ALL.iter().map(|kind| kind.name()).collect());
    let target = &header["properties"]["targets"]["items"]["properties"];
    assert_eq!(target["kind"]["enum"], kinds);
}
