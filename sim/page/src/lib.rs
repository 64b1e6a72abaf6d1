//! Reports as one HTML file: no script, no reference to anything outside, light and dark.
//!
//! A [`Page`] is the only way to write one. Foreign text is escaped on its way in; markup is a
//! literal of this program. The same content gives the same bytes.

pub mod chart;
pub mod page;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use turingos::Digest;

pub use page::Page;

/// The only style of a page; the policy allows it by its digest.
const STYLE: &str = include_str!("style.css");

/// Writes a whole file. `kind` says what is reported; the title is followed by what `opening` writes,
/// and the header by what `body` writes.
#[must_use]
pub fn document(
    kind: &'static str,
    title: &str,
    opening: impl FnOnce(&mut Page),
    body: impl FnOnce(&mut Page),
) -> String {
    let mut page = Page::default();
    page.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.markup("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
        .markup("base-uri 'none'; form-action 'none'; style-src 'sha256-")
        .text(&STANDARD.encode(Digest::of(STYLE.as_bytes()).as_bytes()))
        .markup("'\">\n");
    page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .markup("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .element("<title>", title, "</title>\n")
        .markup("<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<main>\n");
    page.element(
        "<header><p class=\"brand\">turingos <span>",
        kind,
        "</span></p>",
    );
    page.element("<h1>", title, "</h1>");
    opening(&mut page);
    page.markup("</header>");
    body(&mut page);
    page.markup("</main>\n</body>\n</html>\n");
    page.into_string()
}
