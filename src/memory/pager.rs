//! The pager (MMU): a slice too long for a frame becomes a page table.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::digest::Digest;
use crate::named_enum::named_enum;
use crate::pointer::clip_bytes;

/// The longest slice shown whole, and the length of a page, in characters.
pub(crate) const PAGE_CHARS: usize = 3_000;

/// The most page tables kept; the oldest goes first.
pub const MAX_PAGE_TABLES: usize = 128;

/// The longest slice that is paged, in bytes; what is beyond is cut and the table says so.
pub(crate) const MAX_SLICE_BYTES: usize = 256 * 1024;

/// Page observations in a row, across all tables, before the pager refuses until the pointer
/// leaves `sys://page/*`. A slice of the greatest length has 88 pages.
pub(crate) const MAX_PAGE_FLIPS: u32 = 256;

named_enum! {
    /// Why a page cannot be shown.
    pub(crate) enum PageFault {
        /// No such table: never made, or dropped as the oldest.
        UnknownToken = "UNKNOWN_PAGE_TOKEN",
        /// The table has fewer pages.
        NoSuchPage = "NO_SUCH_PAGE",
        /// [`MAX_PAGE_FLIPS`] is spent.
        FlipBudgetSpent = "PAGE_FLIP_BUDGET_SPENT",
    }
}

/// One long slice, cut into pages.
#[derive(Clone, Debug)]
pub(crate) struct PageTable {
    token: String,
    source: String,
    text: String,
    /// Byte offsets at which pages start.
    starts: Vec<usize>,
    chars: usize,
    cut: bool,
}

impl PageTable {
    /// The digest of the pages of `slice`, observed at `source`, if it is longer than one: SHA-256
    /// over a tag, the slice's own digest and the source. It determines every page.
    #[must_use]
    pub(crate) fn digest(source: &str, slice: &str, slice_digest: Digest) -> Option<Digest> {
        // Fewer bytes than a page has characters cannot be more characters.
        if slice.len() <= PAGE_CHARS || slice.chars().count() <= PAGE_CHARS {
            return None;
        }
        Some(Digest::of_parts(&[
            b"turingos.pages\0",
            slice_digest.as_bytes(),
            source.as_bytes(),
        ]))
    }

    /// The token of the table with this [`digest`](Self::digest).
    #[must_use]
    pub(crate) fn token(digest: Digest) -> String {
        digest.short(16)
    }

    /// Cuts `slice`, observed at `source`, into pages under its [`token`](Self::token).
    #[must_use]
    pub(crate) fn new(token: String, source: &str, slice: &str) -> Self {
        let text = clip_bytes(slice, MAX_SLICE_BYTES);
        // In ASCII a character is a byte, so nothing has to be decoded to find the pages.
        let (starts, chars) = if text.is_ascii() {
            ((0..text.len()).step_by(PAGE_CHARS).collect(), text.len())
        } else {
            pages_of(text)
        };
        Self {
            token,
            source: String::from(clip_bytes(source, 200)),
            chars,
            cut: text.len() < slice.len(),
            text: String::from(text),
            starts,
        }
    }

    /// The number of pages.
    #[must_use]
    pub(crate) fn pages(&self) -> usize {
        self.starts.len()
    }

    /// Writes page `page` (from 1) with its neighbours' pointers to `out`.
    ///
    /// # Errors
    /// [`PageFault::NoSuchPage`]
    pub(crate) fn show(&self, page: u32, out: &mut String) -> Result<(), PageFault> {
        let number = usize::try_from(page).map_err(|_| PageFault::NoSuchPage)?;
        let index = number.checked_sub(1).ok_or(PageFault::NoSuchPage)?;
        let start = *self.starts.get(index).ok_or(PageFault::NoSuchPage)?;
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        let pages = self.pages();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "[PAGE_TABLE] token={} page={page}/{pages} chars={}{}\n[SOURCE] {}\n[NEXT] ",
            self.token,
            self.chars,
            if self.cut { " cut=true" } else { "" },
            self.source,
        );
        self.show_neighbour(page.checked_add(1).filter(|_| number < pages), out);
        out.push_str("\n[PREVIOUS] ");
        self.show_neighbour(page.checked_sub(1).filter(|page| *page > 0), out);
        out.push_str("\n[PAGE]\n");
        out.push_str(self.text.get(start..end).unwrap_or_default());
        Ok(())
    }

    fn show_neighbour(&self, page: Option<u32>, out: &mut String) {
        match page {
            Some(page) => {
                let _ = write!(out, "sys://page/{}?p={page}", self.token);
            }
            None => out.push_str("(none)"),
        }
    }
}

/// The kept page tables, oldest first, and the flips spent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pager {
    tables: VecDeque<PageTable>,
    flips: u32,
}

impl Pager {
    /// Writes page `page` of the table `token` to `out`. Costs a flip once it is
    /// [counted](Self::count_flip).
    ///
    /// # Errors
    /// [`PageFault`]
    pub(crate) fn show(&self, token: &str, page: u32, out: &mut String) -> Result<(), PageFault> {
        if self.flips >= MAX_PAGE_FLIPS {
            return Err(PageFault::FlipBudgetSpent);
        }
        self.find(token)
            .ok_or(PageFault::UnknownToken)?
            .show(page, out)
    }

    /// The table kept under `token`, which is then the same text.
    #[must_use]
    pub(crate) fn find(&self, token: &str) -> Option<&PageTable> {
        // The newest is the likeliest to be asked for.
        self.tables.iter().rev().find(|table| table.token == token)
    }

    /// Keeps a table; one with the same token is already the same text.
    pub(crate) fn keep(&mut self, table: PageTable) {
        if self.find(&table.token).is_some() {
            return;
        }
        if self.tables.len() >= MAX_PAGE_TABLES {
            self.tables.pop_front();
        }
        self.tables.push_back(table);
    }

    /// Counts an observed page, or refills the budget when something else was observed.
    pub(crate) fn count_flip(&mut self, observed_page: bool) {
        self.flips = if observed_page {
            self.flips.saturating_add(1)
        } else {
            0
        };
    }

    /// The number of tables kept.
    #[must_use]
    pub(crate) fn tables(&self) -> usize {
        self.tables.len()
    }
}

/// Where each page of a text begins, and how many characters the text has. Whole blocks of bytes are
/// counted; only the block in which a page begins is looked at byte by byte.
fn pages_of(text: &str) -> (Vec<usize>, usize) {
    const BLOCK: usize = 64;
    let mut starts = Vec::new();
    let mut chars = 0_usize;
    for (number, block) in text.as_bytes().chunks(BLOCK).enumerate() {
        let next = starts.len().saturating_mul(PAGE_CHARS);
        // All blocks but the last have a length that the compiler knows.
        let count = match block.first_chunk::<BLOCK>() {
            Some(block) => begun_in(block),
            None => begun_in(block),
        };
        if next.saturating_sub(chars) < count {
            let before = next.saturating_sub(chars);
            let bytes = block.iter().enumerate();
            let found = bytes.filter(|(_, byte)| begins(**byte)).nth(before);
            let start = number.saturating_mul(BLOCK);
            starts.extend(found.map(|(offset, _)| start.saturating_add(offset)));
        }
        chars = chars.saturating_add(count);
    }
    (starts, chars)
}

/// How many characters begin in a block of fewer than 256 bytes; counted in bytes, of which a register
/// holds most.
#[inline]
fn begun_in<'b>(block: impl IntoIterator<Item = &'b u8>) -> usize {
    let ones = block.into_iter().map(|byte| u8::from(begins(*byte)));
    usize::from(ones.fold(0_u8, u8::wrapping_add))
}

/// True if a character begins with this byte.
const fn begins(byte: u8) -> bool {
    !matches!(byte, 0x80..=0xbf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn paged(source: &str, slice: &str) -> PageTable {
        let digest = PageTable::digest(source, slice, Digest::of(slice.as_bytes()));
        let token = PageTable::token(digest.expect("long enough"));
        PageTable::new(token, source, slice)
    }

    fn table(chars: usize) -> PageTable {
        paged("notes/long.txt", &"界".repeat(chars))
    }

    #[test]
    fn a_slice_of_one_page_is_not_paged() {
        let is_paged = |chars| PageTable::digest("a", &"界".repeat(chars), Digest::EMPTY).is_some();
        assert!(!is_paged(PAGE_CHARS));
        assert!(is_paged(PAGE_CHARS + 1));
    }

    #[test]
    fn pages_cover_the_slice_exactly() {
        let table = table(2 * PAGE_CHARS + 7);
        let mut whole = String::new();
        for page in 1..=3 {
            let mut shown = String::new();
            table.show(page, &mut shown).expect("exists");
            whole.push_str(shown.split_once("[PAGE]\n").expect("has a body").1);
        }
        assert_eq!(whole, "界".repeat(2 * PAGE_CHARS + 7));
        assert_eq!(table.show(4, &mut whole), Err(PageFault::NoSuchPage));
        assert_eq!(table.show(0, &mut whole), Err(PageFault::NoSuchPage));
    }

    #[test]
    fn neighbours_end_at_the_edges() {
        let table = table(PAGE_CHARS + 1);
        let (mut first, mut last) = (String::new(), String::new());
        table.show(1, &mut first).expect("exists");
        table.show(2, &mut last).expect("exists");
        assert!(first.contains("[PREVIOUS] (none)") && first.contains("?p=2\n"));
        assert!(last.contains("[NEXT] (none)") && last.contains("?p=1\n"));
    }

    #[test]
    fn the_oldest_table_goes_first() {
        let mut pager = Pager::default();
        let text = "x".repeat(PAGE_CHARS + 1);
        let tokens: Vec<_> = (0..=MAX_PAGE_TABLES)
            .map(|number| {
                let table = paged(&number.to_string(), &text);
                let token = table.token.clone();
                pager.keep(table);
                token
            })
            .collect();
        let mut out = String::new();
        assert_eq!(pager.tables(), MAX_PAGE_TABLES);
        assert_eq!(
            pager.show(&tokens[0], 1, &mut out),
            Err(PageFault::UnknownToken)
        );
        assert_eq!(pager.show(&tokens[1], 1, &mut out), Ok(()));
    }

    #[test]
    fn flips_in_a_row_have_a_budget() {
        let mut pager = Pager::default();
        let table = table(PAGE_CHARS + 1);
        let token = table.token.clone();
        pager.keep(table);
        for _ in 0..MAX_PAGE_FLIPS {
            assert_eq!(pager.show(&token, 1, &mut String::new()), Ok(()));
            pager.count_flip(true);
        }
        assert_eq!(
            pager.show(&token, 1, &mut String::new()),
            Err(PageFault::FlipBudgetSpent)
        );
        pager.count_flip(false);
        assert_eq!(pager.show(&token, 1, &mut String::new()), Ok(()));
    }

    #[test]
    fn a_slice_over_the_limit_is_cut_and_says_so() {
        let table = paged("big", &"x".repeat(MAX_SLICE_BYTES + 1));
        let mut out = String::new();
        table.show(1, &mut out).expect("exists");
        assert!(out.starts_with(&format!("[PAGE_TABLE] token={} page=1/88", table.token)));
        assert!(out.contains(" cut=true"));
    }

    #[test]
    fn pages_begin_at_every_so_many_characters() {
        for unit in ["é", "aé", "abcdefg此", "😀\n"] {
            for count in [1, 2_999, 3_000, 3_001, 9_001] {
                let text: String = unit.chars().cycle().take(count).collect();
                let starts = text.char_indices().step_by(PAGE_CHARS);
                let starts: Vec<usize> = starts.map(|(start, _)| start).collect();
                assert_eq!(pages_of(&text), (starts, count), "{unit} {count}");
            }
        }
    }
}
