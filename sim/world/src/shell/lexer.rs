//! From a command line to tokens.
//!
//! Quotes `'…'` and `"…"` and the backslash work as in a POSIX shell. Variables, substitutions and
//! background jobs are syntax errors outside single quotes, so a command never runs here with a
//! different meaning than in a real shell.

/// A piece of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// `;`
    Semicolon,
    /// A line end: ends a command like `;`, but may follow anything.
    LineEnd,
    And,
    Or,
    Pipe,
    Redirect(Redirect),
}

/// One word without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Byte offsets of the unquoted `*` in `text`.
    pub(super) stars: Vec<usize>,
}

/// A redirection operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `<`
    Input,
    /// `>`
    Output,
    /// `>>`
    Append,
    /// `2>`
    Errors,
    /// `2>>`
    AppendErrors,
    /// `2>&1`
    ErrorsToOutput,
}

/// Splits a line into tokens.
///
/// # Errors
/// The unsupported or unterminated construct, for the error message.
pub(super) fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        if rest.is_empty() {
            return Ok(found);
        }
        if let Some((token, length)) = operator(rest) {
            found.push(token);
            rest = &rest[length..];
        } else if rest.starts_with('#') {
            return Err("'#' is not supported".to_owned());
        } else {
            let (word, length) = word(rest)?;
            found.push(Token::Word(word));
            rest = &rest[length..];
        }
    }
}

fn operator(rest: &str) -> Option<(Token, usize)> {
    if !rest.starts_with(['1', '2', '>', '<', '&', '|', ';', '\n']) {
        return None;
    }
    // The longest spelling first.
    let operators = [
        ("2>&1", Token::Redirect(Redirect::ErrorsToOutput)),
        ("2>>", Token::Redirect(Redirect::AppendErrors)),
        ("2>", Token::Redirect(Redirect::Errors)),
        ("1>>", Token::Redirect(Redirect::Append)),
        ("1>", Token::Redirect(Redirect::Output)),
        (">>", Token::Redirect(Redirect::Append)),
        (">", Token::Redirect(Redirect::Output)),
        ("<", Token::Redirect(Redirect::Input)),
        ("&&", Token::And),
        ("||", Token::Or),
        ("|", Token::Pipe),
        (";", Token::Semicolon),
        ("\n", Token::LineEnd),
    ];
    operators
        .into_iter()
        .find(|(spelling, _)| rest.starts_with(spelling))
        .map(|(spelling, token)| (token, spelling.len()))
}

fn word(line: &str) -> Result<(Word, usize), String> {
    // Most words are plain to their end.
    let plain = line.find(is_special).unwrap_or(line.len());
    let (beginning, rest) = line.split_at(plain);
    let mut word = Word {
        text: beginning.to_owned(),
        stars: Vec::new(),
    };
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        let after = &rest[at + character.len_utf8()..];
        match character {
            ' ' | '\t' | '\r' | '\n' | ';' | '|' | '<' | '>' => return Ok((word, plain + at)),
            '&' if after.starts_with('&') => return Ok((word, plain + at)),
            '&' | '(' | ')' | '`' => return Err(format!("'{character}' is not supported")),
            '$' if starts_expansion(after) => return Err(unsupported_dollar()),
            '\'' => {
                let (quoted, _) = after.split_once('\'').ok_or_else(unterminated)?;
                word.text.push_str(quoted);
                skip(&mut characters, quoted.chars().count() + 1);
            }
            '"' => {
                let length = double_quoted(after, &mut word.text)?;
                skip(&mut characters, after[..length].chars().count());
            }
            '\\' => match characters.next() {
                // A line continuation.
                Some((_, '\n')) => {}
                Some((_, escaped)) => word.text.push(escaped),
                None => return Err("trailing backslash".to_owned()),
            },
            '*' => {
                word.stars.push(word.text.len());
                word.text.push('*');
            }
            _ => word.text.push(character),
        }
    }
    Ok((word, line.len()))
}

/// True for a character that may end a word or mean something else than itself.
fn is_special(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t'
            | '\r'
            | '\n'
            | ';'
            | '|'
            | '<'
            | '>'
            | '&'
            | '('
            | ')'
            | '`'
            | '$'
            | '\''
            | '"'
            | '\\'
            | '*'
    )
}

/// Reads up to and including the closing quote; returns the number of bytes read.
fn double_quoted(rest: &str, text: &mut String) -> Result<usize, String> {
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok(at + 1),
            '`' => return Err("'`' is not supported".to_owned()),
            '$' if starts_expansion(&rest[at + 1..]) => return Err(unsupported_dollar()),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\' | '$' | '`'))) => text.push(escaped),
                Some((_, '\n')) => {}
                Some((_, other)) => {
                    text.push('\\');
                    text.push(other);
                }
                None => return Err(unterminated()),
            },
            _ => text.push(character),
        }
    }
    Err(unterminated())
}

fn starts_expansion(after_dollar: &str) -> bool {
    after_dollar.starts_with(|next: char| {
        next.is_ascii_alphanumeric()
            || matches!(
                next,
                '_' | '{' | '(' | '?' | '!' | '#' | '@' | '*' | '-' | '$'
            )
    })
}

fn skip(characters: &mut std::str::CharIndices<'_>, count: usize) {
    if let Some(last) = count.checked_sub(1) {
        characters.nth(last);
    }
}

fn unterminated() -> String {
    "unterminated quote".to_owned()
}

fn unsupported_dollar() -> String {
    "'$' is not supported".to_owned()
}
