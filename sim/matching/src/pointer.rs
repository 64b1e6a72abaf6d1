//! JSON Pointers (RFC 6901) in which `*` names every element of an array.

/// A place, or many places, in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// Reads `/messages/*/id`; the empty text is the whole body.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { tokens: Vec::new() });
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a JSON Pointer begins with `/`".into());
        };
        let tokens = rest.split('/').map(unescaped).collect::<Option<_>>();
        match tokens {
            Some(tokens) => Ok(Self { tokens }),
            None => Err("in a JSON Pointer, `~` is followed by 0 or 1".into()),
        }
    }

    /// Its reference tokens, unescaped.
    pub(crate) fn tokens(&self) -> &[String] {
        &self.tokens
    }
}

fn unescaped(token: &str) -> Option<String> {
    let mut out = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

/// Appends a token to a pointer's text.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unescaped_and_escaped_back() {
        let text = "/a~1b/~01/*//é";
        let pointer = Pointer::parse(text).unwrap();
        assert_eq!(pointer.tokens(), ["a/b", "~1", "*", "", "é"]);
        let mut again = String::new();
        for token in pointer.tokens() {
            push_token(&mut again, token);
        }
        assert_eq!(again, text);
        assert!(Pointer::parse("").unwrap().tokens().is_empty());
    }

    #[test]
    fn pointer_without_slash_or_with_bad_escape_is_refused() {
        for text in ["a", "messages/0", "/a~", "/a~2"] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
