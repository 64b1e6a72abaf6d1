//! Pointers: printing and parsing agree, and no path leaves the workspace.

use turingos::pointer::{
    CapabilityQuery, Location, MAX_PATH_BYTES, MAX_POINTER_BYTES, Pointer, PointerError,
    WorkspacePath,
};

/// The text of a pointer.
///
/// Properties: a parsed pointer prints as a text that parses as the same pointer, unless escapes
/// make the text too long. The pointer register holds the parsed pointer and a text that parses as
/// it. No path has a segment that leads elsewhere.
///
/// # Panics
/// If a property does not hold.
pub fn pointer(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let parsed = text.parse::<Pointer>();
    let location = Location::from_text(text);
    assert_eq!(location.pointer().cloned(), parsed);
    match &parsed {
        Ok(pointer) => {
            assert_eq!(location.text().parse().as_ref(), Ok(pointer));
            check_print(pointer);
            if let Some(path) = path_of(pointer) {
                check_path(path);
            }
        }
        Err(reason) => {
            assert!(!reason.name().is_empty());
            assert!(
                location.text().len() <= 200,
                "an invalid text is not clipped"
            );
        }
    }
    if let Ok(path) = text.parse::<WorkspacePath>() {
        check_path(&path);
    }
}

fn check_print(pointer: &Pointer) {
    let printed = pointer.to_string();
    let again = printed.parse::<Pointer>();
    if printed.len() > MAX_POINTER_BYTES {
        assert_eq!(again, Err(PointerError::TooLong));
    } else {
        assert_eq!(again.as_ref(), Ok(pointer), "printed as {printed:?}");
    }
}

const fn path_of(pointer: &Pointer) -> Option<&WorkspacePath> {
    match pointer {
        Pointer::File(path)
        | Pointer::Append(path)
        | Pointer::Replace(path)
        | Pointer::Capability(CapabilityQuery::Issue { path, .. }) => Some(path),
        Pointer::Handle(handle) | Pointer::Capability(CapabilityQuery::Describe(handle)) => {
            Some(&handle.tail)
        }
        Pointer::Command(_)
        | Pointer::CallStack
        | Pointer::Trap { .. }
        | Pointer::Page { .. }
        | Pointer::Capability(CapabilityQuery::List)
        | Pointer::GitLog(_)
        | Pointer::Halt => None,
    }
}

fn check_path(path: &WorkspacePath) {
    let text = path.as_str();
    assert!((1..=MAX_PATH_BYTES).contains(&text.len()));
    assert!(!text.contains('\\') && !text.chars().any(char::is_control));
    for segment in text.split('/') {
        assert!(!matches!(segment, "" | "." | ".."), "{text:?} leads away");
    }
    assert_eq!(text.parse().as_ref(), Ok(path), "{text:?} is another path");
    if let Some(parent) = path.parent() {
        check_path(&parent);
    }
}
