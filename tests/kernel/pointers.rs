//! Every kind of pointer, and every text that is none.

use proptest::prelude::*;
use turingos::pointer::{
    Access, CapabilityQuery, Location, MAX_PATH_BYTES, MAX_POINTER_BYTES, Pointer, PointerError,
    WorkspacePath,
};
use turingos::trap::TrapKind;

fn parse(text: &str) -> Result<Pointer, PointerError> {
    text.parse()
}

#[test]
fn every_kind_parses_and_prints_back() {
    for text in [
        "notes/a b.md",
        "$ echo hi; ls",
        "sys://append/plan/progress.log",
        "sys://replace/src/main.rs",
        "sys://callstack",
        "sys://trap/cpu_fault",
        "sys://trap/io_fault?details=no%20space%20%26%20more",
        "sys://page/0123456789abcdef?p=12",
        "sys://cap/issue?access=rw&path=a/b",
        "sys://cap/list",
        "sys://cap/describe?handle=vfd://r/0123456789abcdef/a",
        "vfd://w/0123456789abcdef/dir/file",
        "sys://git/log",
        "sys://git/log?path=src&limit=5&ref=HEAD~2&grep=fix%20it&since=T%2B60",
        "HALT",
    ] {
        let pointer = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(pointer.to_string(), text);
    }
}

#[test]
fn synonyms_of_spelling_are_one_pointer() {
    assert_eq!(parse("  ./a "), parse("a"));
    assert_eq!(parse("$ls"), parse("$  ls "));
    assert_eq!(
        parse("sys://git/log?limit=900").map(|pointer| pointer.to_string()),
        Ok("sys://git/log?limit=200".into())
    );
}

#[test]
fn invalid_pointers_have_a_reason() {
    use PointerError::*;
    let long_path = "x".repeat(MAX_PATH_BYTES + 1);
    let long_command = format!("$ {}", "x".repeat(MAX_POINTER_BYTES));
    for (text, reason) in [
        ("", Empty),
        ("  \n", Empty),
        ("$ ", Empty),
        (long_path.as_str(), TooLong),
        (long_command.as_str(), TooLong),
        ("/etc/passwd", AbsolutePath),
        ("sys://append//etc/passwd", AbsolutePath),
        ("..", EscapesRoot),
        ("a/../b", EscapesRoot),
        ("sys://append/../x", EscapesRoot),
        ("vfd://r/0123456789abcdef/../x", EscapesRoot),
        ("sys://cap/issue?access=r&path=..%2Fx", EscapesRoot),
        ("a//b", EmptySegment),
        ("a/", EmptySegment),
        ("a/./b", EmptySegment),
        (".", EmptySegment),
        ("a\\b", ForbiddenCharacter),
        ("a\u{0}b", ForbiddenCharacter),
        ("sys://nowhere", UnknownChannel),
        ("sys://", UnknownChannel),
        ("file:///etc/passwd", UnknownChannel),
        ("sys://trap/nothing", UnknownTrap),
        ("sys://trap/", UnknownTrap),
        ("vfd://x/0123456789abcdef/a", UnknownAccess),
        ("vfd://r/0123/a", BadToken),
        ("vfd://r/0123456789ABCDEF/a", BadToken),
        ("vfd://r", BadToken),
        ("sys://page/xyz?p=1", BadToken),
        ("sys://page/0123456789abcdef?p=0", BadNumber),
        ("sys://page/0123456789abcdef?p=-1", BadNumber),
        ("sys://page/0123456789abcdef?p=01", BadNumber),
        ("sys://page/0123456789abcdef?p=99999999999", BadNumber),
        ("sys://git/log?limit=ten", BadNumber),
        ("sys://page/0123456789abcdef", MissingQueryKey),
        ("sys://cap/issue?access=r", MissingQueryKey),
        ("sys://callstack?x=1", UnknownQueryKey),
        ("sys://git/log?author=me", UnknownQueryKey),
        ("sys://git/log?", UnknownQueryKey),
        ("sys://git/log?limit=1&limit=2", DuplicateQueryKey),
        ("sys://git/log?grep=%zz", BadEscape),
        ("sys://git/log?grep=%ff", BadEscape),
        ("sys://git/log?grep=%4", BadEscape),
    ] {
        assert_eq!(parse(text), Err(reason), "{text}");
    }
}

#[test]
fn a_file_named_like_another_pointer_prints_as_a_file() {
    for text in ["./HALT", "./$ ls", "./$x/y"] {
        let pointer = parse(text);
        assert!(matches!(pointer, Ok(Pointer::File(_))), "{text}");
        assert_eq!(pointer.map(|pointer| pointer.to_string()), Ok(text.into()));
    }
}

/// A handle for such a path could be issued and never used, because its tail is trimmed.
#[test]
fn white_space_around_a_segment_is_refused() {
    for text in [
        "./ a",
        "a /b",
        "a/ b",
        "sys://append/./ a",
        "sys://cap/issue?access=rw&path=./%20a",
        "vfd://r/0123456789abcdef/./\u{a0}a",
    ] {
        assert_eq!(parse(text), Err(PointerError::ForbiddenCharacter), "{text}");
    }
}

#[test]
fn parts_are_typed() {
    assert_eq!(
        parse("sys://trap/l1_cache_hit"),
        Ok(Pointer::Trap {
            kind: TrapKind::L1CacheHit,
            details: None
        })
    );
    let Ok(Pointer::Capability(CapabilityQuery::Issue { access, path })) =
        parse("sys://cap/issue?access=w&path=a%20b")
    else {
        panic!("an issue query");
    };
    assert_eq!((access, path.as_str()), (Access::Write, "a b"));
}

#[test]
fn an_invalid_text_is_kept_short() {
    let location = Location::from_text(&"\u{754c}\\".repeat(10_000));
    assert!(location.text().len() <= 200);
    assert!(location.pointer().is_err());
}

proptest! {
    /// Any text parses or is refused; what parses prints to a text that parses to the same.
    #[test]
    fn printing_and_parsing_agree(text in "\\PC{0,40}|(sys://|vfd://|\\$ |\\./)?[a-z0-9/?=&%.]{0,40}") {
        if let Ok(pointer) = parse(&text) {
            prop_assert_eq!(parse(&pointer.to_string()), Ok(pointer));
        }
    }

    /// No path that parses can leave the root.
    #[test]
    fn paths_stay_inside(text in "[./a\\\\ ]{0,24}") {
        if let Ok(path) = text.parse::<WorkspacePath>() {
            prop_assert!(!path.as_str().starts_with('/'));
            prop_assert!(path.as_str().split('/').all(|part| !part.is_empty() && part != ".." && part != "."));
        }
    }
}

/// The path of a history look-up is checked like any other; it also reaches the world as the world
/// names it, or `./a` would be another file than `a`.
#[test]
fn the_path_of_a_history_look_up_is_resolved() {
    for spelled in ["a", "./a", " a", "././a"] {
        let pointer = format!("sys://git/log?path={spelled}").parse::<Pointer>();
        let Ok(Pointer::GitLog(query)) = pointer else {
            panic!("{spelled}: {pointer:?}");
        };
        assert_eq!(query.path.as_deref(), Some("a"), "{spelled}");
    }
}

#[test]
fn the_longest_path_and_the_longest_pointer_are_taken() {
    let path = "x".repeat(MAX_PATH_BYTES);
    assert_eq!(
        parse(&path).map(|pointer| pointer.to_string()),
        Ok(path.clone())
    );
    assert_eq!(
        path.parse::<WorkspacePath>().map(|path| path.to_string()),
        Ok(path)
    );
    let command = format!("$ {}", "x".repeat(MAX_POINTER_BYTES - 2));
    assert_eq!(
        parse(&command).map(|pointer| pointer.to_string()),
        Ok(command)
    );
}

#[test]
fn the_parent_of_a_path_is_its_directory() {
    for (path, parent) in [("a", None), ("a/b", Some("a")), ("a/b/c.d", Some("a/b"))] {
        let path: WorkspacePath = path.parse().expect("a path");
        assert_eq!(path.parent().as_ref().map(WorkspacePath::as_str), parent);
    }
}
