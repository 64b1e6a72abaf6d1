//! Output text with a limit and a marker where it was cut.

/// The most bytes of one command's output, also through a pipe or a redirection.
pub(super) const STREAM_LIMIT: usize = 1024 * 1024;

/// The most bytes that a whole line shows on either stream.
pub const SHOWN_LIMIT: usize = 64 * 1024;

/// The end of text that was cut.
pub const CUT_MARKER: &str = "\n[output truncated]\n";

/// A bounded output stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    text: String,
    limit: usize,
    overflowed: bool,
}

impl Stream {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
            overflowed: false,
        }
    }

    /// Adds as much of `text` as fits.
    pub(super) fn push(&mut self, text: &str) {
        if self.overflowed {
            return;
        }
        let room = self.limit - self.text.len();
        if text.len() > room {
            self.overflowed = true;
            self.text.push_str(&text[..text.floor_char_boundary(room)]);
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds another stream's text, without a copy where it is the first.
    pub(super) fn append(&mut self, other: Self) {
        if self.text.is_empty() && other.text.len() <= self.limit {
            self.text = other.text;
        } else {
            self.push(&other.text);
        }
    }

    /// Adds the parts, then a line end.
    pub(super) fn line(&mut self, parts: &[&str]) {
        for part in parts {
            self.push(part);
        }
        self.push("\n");
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The text, with a marker at its end if it was cut.
    pub(super) fn into_shown(mut self) -> String {
        if self.overflowed {
            self.text.push_str(CUT_MARKER);
        }
        self.text
    }
}
