//! Files that are not in the corpus's form: each is named, and nothing else of the folder loads.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use turingos_testkit::corpus::providers::ProviderExpectation;
use turingos_testkit::corpus::replies::ReplyExpectation;
use turingos_testkit::corpus::{Expectation, LoadError, MAX_INPUT_FILE_BYTES, load};

const REFUSE: &[u8] = b"refuse NO_TRANSITION\n";

fn corpus(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (place, bytes) in files {
        let path = root.path().join(place);
        fs::create_dir_all(path.parent().expect("a file has a parent")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    }
    root
}

fn places<E: Expectation>(root: &Path) -> Vec<String> {
    match load::<E>(root) {
        Ok(cases) => panic!("{} cases are loaded", cases.len()),
        Err(LoadError::Malformed(files)) => {
            assert!(files.iter().all(|file| !file.reason.is_empty()));
            files.into_iter().map(|file| file.place).collect()
        }
        Err(error @ LoadError::System { .. }) => panic!("{error}"),
    }
}

#[test]
fn cases_are_loaded_in_order_and_recipes_expanded() {
    let root = corpus(&[
        ("replies/prose/b.recipe", b"repeat 2 \"no\"\n"),
        ("replies/prose/b.out", REFUSE),
        ("replies/prose/a.in", b"never"),
        ("replies/prose/a.out", REFUSE),
        ("replies/fences/z.in", b""),
        (
            "replies/fences/z.out",
            b"refuse EMPTY_REPLY\n# nothing at all\n",
        ),
        ("README.md", b"files beside the folders are not looked at"),
    ]);
    let cases = load::<ReplyExpectation>(root.path()).expect("a corpus in the expected form");
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["fences/z", "prose/a", "prose/b"]);
    assert_eq!(&*cases[2].input(), b"nono");
    assert_eq!(cases[2].group(), "prose");
    assert!(cases.iter().all(|case| case.check().is_ok()));
}

#[test]
fn every_file_out_of_form_is_named() {
    let long = vec![b' '; MAX_INPUT_FILE_BYTES + 1];
    let root = corpus(&[
        ("replies/prose/good.in", b"never"),
        ("replies/prose/good.out", REFUSE),
        ("replies/prose/no-expectation.in", b"a"),
        ("replies/prose/no-input.out", REFUSE),
        ("replies/prose/two-inputs.in", b"a"),
        ("replies/prose/two-inputs.recipe", b"text a\n"),
        ("replies/prose/two-inputs.out", REFUSE),
        ("replies/prose/bad-recipe.recipe", b"copy a\n"),
        ("replies/prose/bad-recipe.out", REFUSE),
        ("replies/prose/bad-expectation.in", b"a"),
        ("replies/prose/bad-expectation.out", b"refuse SOMETHING\n"),
        ("replies/prose/not-text.in", b"a"),
        ("replies/prose/not-text.out", b"refuse \xff\n"),
        ("replies/prose/Upper.in", b"a"),
        ("replies/prose/other.txt", b"a"),
        ("replies/prose/none", b"a"),
        ("replies/prose/too-long.in", &long),
        ("replies/prose/too-long.out", REFUSE),
        ("replies/prose/deeper/a.in", b"a"),
        ("replies/beside.in", b"a"),
        ("replies/Group/a.in", b"a"),
        ("replies/Group/a.out", REFUSE),
    ]);
    assert_eq!(
        places::<ReplyExpectation>(root.path()),
        [
            "replies/Group",
            "replies/beside.in",
            "replies/prose/Upper.in",
            "replies/prose/bad-expectation.out",
            "replies/prose/bad-recipe.recipe",
            "replies/prose/deeper",
            "replies/prose/no-expectation.in",
            "replies/prose/no-input.out",
            "replies/prose/none",
            "replies/prose/not-text.out",
            "replies/prose/other.txt",
            "replies/prose/too-long.in",
            "replies/prose/two-inputs.recipe",
        ]
    );
}

#[test]
fn a_group_that_is_no_provider_is_named() {
    let root = corpus(&[
        ("providers/gemini/a.in", b"{}"),
        ("providers/gemini/a.out", b"refuse MISSING_FIELD\n"),
    ]);
    assert_eq!(
        places::<ProviderExpectation>(root.path()),
        ["providers/gemini/a.out"]
    );
}

#[test]
fn a_folder_that_is_not_there_is_the_systems_fault() {
    let root = corpus(&[]);
    let error = load::<ReplyExpectation>(root.path()).expect_err("there is no folder");
    assert!(matches!(error, LoadError::System { .. }), "{error}");
    assert!(error.to_string().contains("replies"), "{error}");
}
