//! What an agent reads in a frame, found by section markers.
//!
//! It uses only the frame's text, as a model does.

use turingos::trap::TrapKind;

/// A frame split at its observed slice; the rest is searched on demand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameView<'a> {
    /// Everything before the observed slice.
    pub(crate) head: &'a str,
    /// The observed slice and, after a trap, the guard section.
    pub(crate) slice: &'a str,
}

impl<'a> FrameView<'a> {
    /// Splits a frame. Without an observed slice, `slice` is empty.
    #[must_use]
    pub(crate) fn of(frame: &'a str) -> Self {
        const HEADING: &str = "\n[OBSERVED_SLICE]\n";
        // Search for the heading's rarest byte in the text before it.
        const RAREST: usize = 7;
        const { assert!(HEADING.as_bytes()[RAREST] == b'V') };
        let found = memchr::memchr_iter(b'V', frame.as_bytes())
            .filter_map(|at| at.checked_sub(RAREST))
            .find(|&start| frame.as_bytes()[start..].starts_with(HEADING.as_bytes()));
        let (head, slice) = match found {
            Some(start) => (&frame[..start], &frame[start + HEADING.len()..]),
            None => (frame, ""),
        };
        Self { head, slice }
    }

    /// The trap whose channel is in the slice.
    #[must_use]
    pub(crate) fn trap(&self) -> Option<TrapKind> {
        let rest = self.slice.strip_prefix("[SYSTEM_CHANNEL] sys://trap/")?;
        let end = rest.find(['?', '\n', ' ']).unwrap_or(rest.len());
        TrapKind::from_base_name(&rest[..end])
    }

    /// True if the slice is a page fault.
    #[must_use]
    pub(crate) fn is_page_fault(&self) -> bool {
        self.slice.starts_with("[OS_TRAP: PAGE_FAULT]")
    }

    /// The rest of the first line of the slice that starts with `marker`.
    #[must_use]
    pub(crate) fn line_after(&self, marker: &str) -> Option<&'a str> {
        line_after(self.slice, marker)
    }

    /// The exit code in the slice, if it is that of a command accepted by `wanted`.
    #[must_use]
    pub(crate) fn exit_code(&self, wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
        let rest = self.slice.strip_prefix("[COMMAND] ")?;
        let (command, rest) = rest.split_once('\n')?;
        let code = rest.strip_prefix("[EXIT_CODE] ")?;
        let end = code.find('\n').unwrap_or(code.len());
        wanted(command).then_some(&code[..end])
    }

    /// The length of the run queue; 0 if the frame does not say.
    #[must_use]
    pub(crate) fn depth(&self) -> u32 {
        line_after(self.head, "[CALL_STACK_DEPTH] ")
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0)
    }

    /// True if a task is active.
    #[must_use]
    pub(crate) fn has_active(&self) -> bool {
        line_after(self.head, "[RUNQUEUE_ACTIVE] ").is_some()
    }

    /// The id of the first blocked task, otherwise of the first suspended one.
    #[must_use]
    pub(crate) fn waiting_task(&self) -> Option<&'a str> {
        let line = line_after(self.head, "[RUNQUEUE_BLOCKED] ")
            .or_else(|| line_after(self.head, "[RUNQUEUE_SUSPENDED] "))?;
        line.split_once(':').map(|(id, _)| id.trim())
    }
}

pub(crate) fn line_after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let end = memchr::memchr(b'\n', rest.as_bytes());
        if let Some(after) = rest.strip_prefix(marker) {
            return Some(match end {
                Some(end) => &after[..end - marker.len()],
                None => after,
            });
        }
        start += end? + 1;
    }
}
