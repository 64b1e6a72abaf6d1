//! The pattern `*`: any run of characters within one path segment.
//!
//! A star matches no `/` and, at the start of a segment, no name with a leading dot.

use super::lexer::Word;
use crate::files::FileTree;

/// The most words of one command after its patterns are expanded.
pub(super) const MAX_WORDS: usize = 1024;

/// The most patterns of one command; each costs a walk over all paths.
const MAX_PATTERNS: usize = 64;

/// The words of a command with each pattern replaced by the paths it matches, in byte order. A
/// pattern without a match stays as it is.
///
/// # Errors
/// The command has too many words.
pub(super) fn expand(words: Vec<Word>, files: &FileTree) -> Result<Vec<String>, String> {
    let too_long = || Err("argument list too long".to_owned());
    if words.iter().filter(|word| !word.stars.is_empty()).count() > MAX_PATTERNS {
        return too_long();
    }
    let mut expanded = Vec::with_capacity(words.len());
    for word in words {
        let before = expanded.len();
        if !word.stars.is_empty() {
            let prefix = if word.text.starts_with("./") {
                "./"
            } else {
                ""
            };
            let segments = segments(&word, prefix.len());
            expanded.extend(
                files
                    .paths()
                    .filter(|(path, _)| matches_path(&segments, path))
                    .map(|(path, _)| format!("{prefix}{path}"))
                    .take(MAX_WORDS + 1),
            );
        }
        if expanded.len() == before {
            expanded.push(word.text);
        }
        if expanded.len() > MAX_WORDS {
            return too_long();
        }
    }
    Ok(expanded)
}

/// The literal pieces between the stars of one segment; one piece if it has no star.
type Segment<'a> = Vec<&'a str>;

fn segments(word: &Word, skipped: usize) -> Vec<Segment<'_>> {
    let mut segments = vec![Vec::new()];
    let mut start = skipped;
    for (at, byte) in word.text.bytes().enumerate().skip(skipped) {
        let star = word.stars.binary_search(&at).is_ok();
        if star || byte == b'/' {
            if let Some(segment) = segments.last_mut() {
                segment.push(&word.text[start..at]);
            }
            start = at + 1;
        }
        if byte == b'/' {
            segments.push(Vec::new());
        }
    }
    if let Some(segment) = segments.last_mut() {
        segment.push(&word.text[start..]);
    }
    segments
}

fn matches_path(segments: &[Segment<'_>], path: &str) -> bool {
    let mut names = path.split('/');
    let all = segments
        .iter()
        .all(|segment| names.next().is_some_and(|name| matches_name(segment, name)));
    all && names.next().is_none()
}

fn matches_name(segment: &Segment<'_>, name: &str) -> bool {
    match segment.as_slice() {
        [] => name.is_empty(),
        [whole] => name == *whole,
        [first, middle @ .., last] => {
            if first.is_empty() && name.starts_with('.') {
                return false;
            }
            let Some(mut rest) = name.strip_prefix(first) else {
                return false;
            };
            for piece in middle {
                // The earliest match leaves the most room for what follows, so no other need be tried.
                match rest.split_once(piece) {
                    Some((_, after)) => rest = after,
                    None => return false,
                }
            }
            rest.ends_with(last)
        }
    }
}
