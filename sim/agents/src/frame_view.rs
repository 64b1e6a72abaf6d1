//! What an agent sees in a frame, found by its section markers.
//!
//! Reads the frame's text only; never the kernel's types, because a model has no more than that.

use turingos::trap::TrapKind;

/// A frame split at its observed slice. Everything else is looked for when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a> {
    /// Everything before the observed slice.
    pub head: &'a str,
    /// The observed slice and, after a trap, the guard section.
    pub slice: &'a str,
}

impl<'a> FrameView<'a> {
    /// Splits a frame. A text without an observed slice has an empty one.
    #[must_use]
    pub fn of(frame: &'a str) -> Self {
        const HEADING: &str = "\n[OBSERVED_SLICE]\n";
        // Of the heading's bytes, an underscore is the rarest in what stands before it.
        const UNDERSCORE: usize = 10;
        let found = memchr::memchr_iter(b'_', frame.as_bytes())
            .filter_map(|at| at.checked_sub(UNDERSCORE))
            .find(|&start| frame.as_bytes()[start..].starts_with(HEADING.as_bytes()));
        let (head, slice) = match found {
            Some(start) => (&frame[..start], &frame[start + HEADING.len()..]),
            None => (frame, ""),
        };
        Self { head, slice }
    }

    /// The trap whose channel the slice shows.
    #[must_use]
    pub fn trap(&self) -> Option<TrapKind> {
        let rest = self.slice.strip_prefix("[SYSTEM_CHANNEL] sys://trap/")?;
        let end = rest.find(['?', '\n', ' ']).unwrap_or(rest.len());
        TrapKind::from_base_name(&rest[..end])
    }

    /// True if the slice is a failed observation.
    #[must_use]
    pub fn is_page_fault(&self) -> bool {
        self.slice.starts_with("[OS_TRAP: PAGE_FAULT]")
    }

    /// The rest of the first line of the slice that starts with `marker`.
    #[must_use]
    pub fn line_after(&self, marker: &str) -> Option<&'a str> {
        line_after(self.slice, marker)
    }

    /// The exit code shown, if the slice is that of a command accepted by `wanted`.
    #[must_use]
    pub fn exit_code(&self, wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
        let rest = self.slice.strip_prefix("[COMMAND] ")?;
        let (command, rest) = rest.split_once('\n')?;
        let code = rest.strip_prefix("[EXIT_CODE] ")?;
        let end = code.find('\n').unwrap_or(code.len());
        wanted(command).then_some(&code[..end])
    }

    /// How many tasks the run queue holds; 0 if the frame does not say.
    #[must_use]
    pub fn depth(&self) -> u32 {
        line_after(self.head, "[CALL_STACK_DEPTH] ")
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0)
    }

    /// True if a task is active.
    #[must_use]
    pub fn has_active(&self) -> bool {
        line_after(self.head, "[RUNQUEUE_ACTIVE] ").is_some()
    }

    /// The id of the first blocked task or, if there is none, of the first suspended one.
    #[must_use]
    pub fn waiting_task(&self) -> Option<&'a str> {
        let line = line_after(self.head, "[RUNQUEUE_BLOCKED] ")
            .or_else(|| line_after(self.head, "[RUNQUEUE_SUSPENDED] "))?;
        line.split_once(':').map(|(id, _)| id.trim())
    }
}

pub(super) fn line_after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
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
