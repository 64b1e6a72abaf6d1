//! A page that is being written. Foreign text has one way in, and that way escapes it.

use turingos_run::one_line::is_unsafe;

/// The longest foreign text in one place of a page, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// HTML that is being written.
///
/// Markup is text of this program: only a literal can be written unescaped. Everything else goes
/// through [`Page::text`], which serves element content and quoted attribute values alike. Foreign
/// text never becomes a name, an address, a style or a script.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Writes markup of this program.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Writes a text, escaped for element content and for quoted attribute values. Characters that
    /// act on a text are shown as `\u{202e}`; line feeds and tabs stay. A long text is cut.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let shown = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
        for character in shown.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(character),
                _ if is_unsafe(character) => self.0.extend(character.escape_unicode()),
                _ => self.0.push(character),
            }
        }
        let cut = text.len() - shown.len();
        if cut > 0 {
            self.markup(" … (").count(cut as u64).markup(" bytes more)");
        }
        self
    }

    /// Writes a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// Writes a number for people: `1,000,000`.
    pub fn count(&mut self, number: u64) -> &mut Self {
        self.0.push_str(&grouped(number));
        self
    }

    /// An element with this text.
    pub fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.markup(open).text(text).markup(close)
    }

    /// The page so far.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Virtual seconds with milliseconds.
pub fn seconds(time_us: u64) -> String {
    let thousandths = time_us / 1_000 % 1_000;
    format!("{}.{thousandths:03}", grouped(time_us / 1_000_000))
}

/// A share in ten-thousandths as a percentage.
pub fn percent(share: u64) -> String {
    format!("{}.{:02} %", share / 100, share % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut page = Page::default();
        page.text(text);
        page.into_string()
    }

    #[test]
    fn foreign_text_leaves_neither_element_nor_attribute() {
        let shown = escaped("</td><script>alert('1')</script>\" onload=\"x&amp;");
        assert!(!shown.contains(['<', '>', '"', '\'']), "{shown}");
        assert!(shown.contains("&amp;amp;"), "{shown}");
    }

    #[test]
    fn characters_that_act_on_text_are_shown() {
        assert_eq!(
            escaped("a\u{202e}b\u{1b}[2J\r\n\tc\u{200b}\u{feff}é漢"),
            "a\\u{202e}b\\u{1b}[2J\\u{d}\n\tc\\u{200b}\\u{feff}é漢"
        );
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        let shown = escaped(&"é".repeat(MAX_TEXT_BYTES));
        assert!(
            shown.ends_with("é … (16,384 bytes more)"),
            "{}",
            &shown[shown.len() - 40..]
        );
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), shown);
        }
        assert_eq!(seconds(1_234_056_789), "1,234.056");
        assert_eq!(percent(5_005), "50.05 %");
    }
}
