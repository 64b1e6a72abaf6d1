//! Files that are not in the corpus's form: each is named, and nothing of the folder loads.

use std::fs;

use tempfile::TempDir;
use turingos_testkit::corpus::providers::ProviderExpectation;
use turingos_testkit::corpus::replies::ReplyExpectation;
use turingos_testkit::corpus::{Corpus, Expectation, LoadError, MAX_INPUT_BYTES, load};

const GOOD: &str = "[good]\ninput = 'never'\nexpect = 'refuse NO_TRANSITION'\n";

fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (place, bytes) in files {
        let path = root.path().join(place);
        fs::create_dir_all(path.parent().expect("a file has a parent")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    }
    root
}

fn corpus(root: &TempDir) -> Corpus {
    Corpus::Directory(root.path().to_path_buf())
}

/// What is wrong, one line each.
fn faults<E: Expectation>(files: &[(&str, &[u8])]) -> Vec<String> {
    let root = directory(files);
    match load::<E>(&corpus(&root)) {
        Ok(cases) => panic!("{} cases are loaded", cases.len()),
        Err(LoadError::Malformed(faults)) => faults.iter().map(ToString::to_string).collect(),
        Err(error @ LoadError::System { .. }) => panic!("{error}"),
    }
}

fn assert_fault(text: &str, expected: &str) {
    let faults = faults::<ReplyExpectation>(&[("replies/prose.toml", text.as_bytes())]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with(expected), "{}", faults[0]);
}

#[test]
fn cases_are_sorted_and_recipes_expanded() {
    let prose = r#"
        [b]
        recipe = 'repeat 2 "no"'
        expect = "refuse NO_TRANSITION"

        # A note for the reader.
        [a]
        input = '''
never
'''
        expect = "refuse NO_TRANSITION"
    "#;
    let root = directory(&[
        ("replies/prose.toml", prose.as_bytes()),
        (
            "replies/fences.toml",
            b"[z]\ninput = ''\nexpect = 'refuse EMPTY_REPLY'",
        ),
        ("README.md", b"files beside the folders are not read"),
    ]);
    let cases = load::<ReplyExpectation>(&corpus(&root)).expect("a corpus in its form");
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["fences/z", "prose/a", "prose/b"]);
    assert_eq!(&*cases[1].input(), b"never\n");
    assert_eq!(&*cases[2].input(), b"nono");
    assert_eq!(cases[2].group(), "prose");
    assert!(cases.iter().all(|case| case.check().is_ok()));
}

#[test]
fn every_stray_file_is_named() {
    let good = GOOD.as_bytes();
    let faults = faults::<ReplyExpectation>(&[
        ("replies/prose.toml", good),
        ("replies/Upper.toml", good),
        ("replies/deeper.toml/a.toml", good),
        ("replies/deeper/a.toml", good),
        ("replies/none", good),
        ("replies/not-text.toml", b"# \xff\n"),
        ("replies/other.txt", good),
    ]);
    let expected = [
        "replies/Upper.toml: its name is not in kebab-case",
        "replies/deeper: a directory inside a folder",
        "replies/deeper.toml: a directory inside a folder",
        "replies/none: its name does not end in .toml",
        "replies/not-text.toml: not UTF-8: ",
        "replies/other.txt: its name does not end in .toml",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}");
    }
}

#[test]
fn every_case_out_of_form_is_named_with_its_line() {
    let cases = [
        ("both", "input = ''\nrecipe = 'text a'\nexpect = 'accept'"),
        ("neither", "expect = 'refuse NO_TRANSITION'"),
        ("no-expect", "input = ''"),
        ("unknown", "input = ''\nexpect = 'accept'\nverdict = ''"),
        ("not-text", "input = 1\nexpect = 'accept'"),
        ("bad-recipe", "recipe = 'copy a'\nexpect = 'accept'"),
        ("bad-expect", "input = ''\nexpect = 'refuse SOMETHING'"),
        ("no-output", "input = ''\nexpect = 'accept'"),
        ("Upper", "input = ''\nexpect = 'refuse EMPTY_REPLY'"),
    ];
    for (name, members) in cases {
        let text = format!("{GOOD}\n[{name}]\n{members}\n");
        assert_fault(&text, &format!("replies/prose.toml:5: case `{name}`: "));
    }
    let all = cases.map(|(name, members)| format!("[{name}]\n{members}\n"));
    let text = all.concat();
    let faults = faults::<ReplyExpectation>(&[("replies/prose.toml", text.as_bytes())]);
    assert_eq!(faults.len(), cases.len(), "{faults:#?}");
}

#[test]
fn input_limit() {
    let text = |length| {
        let input = " ".repeat(length);
        format!("[long]\ninput = '{input}'\nexpect = 'refuse EMPTY_REPLY'\n")
    };
    let root = directory(&[("replies/prose.toml", text(MAX_INPUT_BYTES).as_bytes())]);
    assert!(load::<ReplyExpectation>(&corpus(&root)).is_ok());
    let expected = "replies/prose.toml:1: case `long`: `input` is longer than 65536 bytes";
    assert_fault(&text(MAX_INPUT_BYTES + 1), expected);
}

#[test]
fn duplicate_name() {
    assert_fault(&format!("{GOOD}{GOOD}"), "replies/prose.toml:4: ");
}

#[test]
fn text_that_is_not_toml() {
    assert_fault(&format!("{GOOD}\n[a\n"), "replies/prose.toml:5: ");
}

#[test]
fn members_outside_of_a_case() {
    assert_fault("input = ''\n", "replies/prose.toml:1: case `input`: ");
}

#[test]
fn group_without_a_case() {
    assert_fault(
        "# Nothing.\n",
        "replies/prose.toml:1: the group has no case",
    );
}

#[test]
fn folder_without_a_group() {
    let root = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(root.path().join("replies")).expect("a directory");
    let error = load::<ReplyExpectation>(&corpus(&root)).expect_err("there is no group");
    let error = error.to_string();
    assert!(error.contains("replies: no group of cases"), "{error}");
}

#[test]
fn group_that_is_not_a_provider() {
    let text = b"[a]\ninput = '{}'\nexpect = 'refuse MISSING_FIELD'\n";
    let faults = faults::<ProviderExpectation>(&[("providers/gemini.toml", text)]);
    assert!(faults[0].starts_with("providers/gemini.toml:1: case `a`: `gemini` is not a provider"));
}

#[test]
fn missing_folder() {
    let root = directory(&[]);
    let error = load::<ReplyExpectation>(&corpus(&root)).expect_err("there is no folder");
    assert!(matches!(error, LoadError::System { .. }), "{error}");
    assert!(error.to_string().contains("replies"), "{error}");
}
