//! The append and replace channels: edits of a file that the kernel works out itself.
//!
//! A channel reads, computes the whole new content and writes once, so an edit is all or nothing
//! on every manifold.

use alloc::string::String;

use serde::Deserialize;

use crate::named_enum::named_enum;

named_enum! {
    /// Why an edit cannot be made. The model is to blame.
    pub(super) enum ChannelFault {
        /// Nothing to append.
        EmptyAppend = "EMPTY_APPEND",
        /// More than one line to append.
        MultilineAppend = "MULTILINE_APPEND",
        /// The line is the file's last non-empty line already.
        DuplicateAppend = "DUPLICATE_APPEND",
        /// The payload is not `{"search","replace","all"?}`.
        BadReplacePayload = "BAD_REPLACE_PAYLOAD",
        /// The search text does not occur.
        NoMatch = "NO_MATCH",
        /// The search text occurs more than once and `all` is not set.
        AmbiguousMatch = "AMBIGUOUS_MATCH",
    }
}

/// Adds one line to `content`.
///
/// # Errors
/// [`ChannelFault`]; `content` is then unchanged.
pub(super) fn append(content: &mut String, payload: &str) -> Result<(), ChannelFault> {
    let line = payload.trim_end();
    if line.trim_start().is_empty() {
        return Err(ChannelFault::EmptyAppend);
    }
    if line.contains(['\n', '\r']) {
        return Err(ChannelFault::MultilineAppend);
    }
    let last = content.lines().rev().find(|line| !line.trim().is_empty());
    if last.is_some_and(|last| last.trim_end() == line) {
        return Err(ChannelFault::DuplicateAppend);
    }
    if !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    content.push_str(line);
    content.push('\n');
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    search: String,
    replace: String,
    #[serde(default)]
    all: bool,
}

/// The new content after the edit that `payload` describes. Without `all` the search text must
/// occur exactly once: the kernel does not guess which one was meant.
///
/// # Errors
/// [`ChannelFault`]
pub(super) fn replace(content: &str, payload: &str) -> Result<String, ChannelFault> {
    // serde takes an array for a struct; the channel does not.
    if !payload.trim_start().starts_with('{') {
        return Err(ChannelFault::BadReplacePayload);
    }
    let edit: Edit = serde_json::from_str(payload).map_err(|_| ChannelFault::BadReplacePayload)?;
    if edit.search.is_empty() {
        return Err(ChannelFault::BadReplacePayload);
    }
    let mut matches = content.match_indices(&edit.search);
    match (matches.next(), matches.next()) {
        (None, _) => Err(ChannelFault::NoMatch),
        (Some(_), Some(_)) if !edit.all => Err(ChannelFault::AmbiguousMatch),
        (Some(_), _) => Ok(content.replace(&edit.search, &edit.replace)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(content: &str, payload: &str) -> Result<String, ChannelFault> {
        let mut content = String::from(content);
        append(&mut content, payload).map(|()| content)
    }

    #[test]
    fn append_adds_exactly_one_line() {
        assert_eq!(appended("", "a").as_deref(), Ok("a\n"));
        assert_eq!(appended("a\n", "b\n").as_deref(), Ok("a\nb\n"));
        assert_eq!(
            appended("no newline", "b").as_deref(),
            Ok("no newline\nb\n")
        );
    }

    #[test]
    fn append_refuses_what_is_not_one_new_line() {
        assert_eq!(appended("a\n\n", "a "), Err(ChannelFault::DuplicateAppend));
        assert_eq!(appended("a\nb\n", "a").as_deref(), Ok("a\nb\na\n"));
        assert_eq!(appended("", " \n"), Err(ChannelFault::EmptyAppend));
        assert_eq!(appended("", "a\nb"), Err(ChannelFault::MultilineAppend));
    }

    #[test]
    fn replace_needs_one_match_or_all() {
        let edit = r#"{"search":"a","replace":"b"}"#;
        assert_eq!(replace("xax", edit).as_deref(), Ok("xbx"));
        assert_eq!(replace("xx", edit), Err(ChannelFault::NoMatch));
        assert_eq!(replace("aa", edit), Err(ChannelFault::AmbiguousMatch));
        let all = r#"{"search":"a","replace":"b","all":true}"#;
        assert_eq!(replace("aa", all).as_deref(), Ok("bb"));
    }

    #[test]
    fn replace_refuses_any_other_payload() {
        for payload in [
            "",
            "text",
            r#"["a","b"]"#,
            r#"{"search":"a"}"#,
            r#"{"search":"","replace":"b"}"#,
            r#"{"search":"a","replace":"b","extra":1}"#,
            r#"{"search":"a","search":"a","replace":"b"}"#,
            r#"{"search":"a","replace":null}"#,
            r#"{"search":"a","replace":"b"} tail"#,
        ] {
            assert_eq!(
                replace("a", payload),
                Err(ChannelFault::BadReplacePayload),
                "{payload}"
            );
        }
    }
}
