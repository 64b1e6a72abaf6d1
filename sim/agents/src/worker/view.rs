//! What a worker reads in a frame.

use std::borrow::Cow;

use memchr::memmem;
use turingos::trap::TrapKind;

use crate::frame_view::{FrameView, line_after};

/// The number of action signatures in a frame.
const SHOWN_SIGNATURES: usize = 3;

/// A parsed frame.
#[derive(Clone, Debug)]
pub(super) struct WorkerView<'a> {
    view: FrameView<'a>,
    /// The slice without the guard block below it.
    slice: &'a str,
    /// The last action signatures, oldest first.
    trace: Vec<&'a str>,
    /// The contract section, if there is one.
    pub(super) contract: Option<Guidance<'a>>,
}

/// The contract section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guidance<'a> {
    /// The next step; `None` if all are done.
    pub(super) step: Option<&'a str>,
    /// Whether its file is correct.
    pub(super) is_ready: bool,
    /// The pointer of the progress channel.
    pub(super) pointer: &'a str,
    /// The line that records the step.
    pub(super) line: &'a str,
}

/// A page of a file, or the whole file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page<'a> {
    pub(super) body: &'a str,
    /// The pointer of the next page.
    pub(super) next: Option<&'a str>,
    /// The source of the pages, if the page names it.
    pub(super) source: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// `carry`, which is the end of the page before, and the page itself.
    pub(super) fn after(&self, carry: &str) -> Cow<'a, str> {
        match carry {
            "" => Cow::Borrowed(self.body),
            _ => Cow::Owned([carry, self.body].concat()),
        }
    }
}

impl<'a> WorkerView<'a> {
    pub(super) fn of(frame: &'a str) -> Self {
        let view = FrameView::of(frame);
        let slice = match view.slice.rfind("\n\n[OS_GUARD]\n") {
            Some(end) => &view.slice[..end],
            None => view.slice,
        };
        let trace = section(view.head, "[L1_TRACE_CACHE]\n")
            .lines()
            .filter_map(|line| line.split_once(". "))
            .map(|(_, signature)| signature)
            .take(SHOWN_SIGNATURES)
            .collect();
        Self {
            view,
            slice,
            trace,
            contract: Guidance::of(section(view.head, "[OS_CONTRACT]\n")),
        }
    }

    /// The trap whose channel is in the slice.
    pub(super) fn trap(&self) -> Option<TrapKind> {
        self.view.trap()
    }

    /// True if the trap in the slice has `code`.
    pub(super) fn trap_says(&self, code: &str) -> bool {
        self.slice.lines().any(|line| {
            line.strip_prefix(code)
                .is_some_and(|rest| rest.starts_with(':'))
        })
    }

    /// The code of a page fault.
    pub(super) fn page_fault(&self) -> Option<&'a str> {
        self.slice
            .strip_prefix("[OS_TRAP: PAGE_FAULT] ")
            .map(|rest| rest.lines().next().unwrap_or_default())
    }

    /// True if the slice is clipped.
    pub(super) fn is_clipped(&self) -> bool {
        self.slice.starts_with("[OS_SECTION_CLIPPED]")
    }

    pub(super) fn has_task(&self) -> bool {
        self.view.has_active()
    }

    /// The exit code of `command`, if the slice is its outcome.
    pub(super) fn exit_code(&self, command: &str) -> Option<&'a str> {
        self.view.exit_code(|shown| shown == command)
    }

    /// The handle in the slice.
    pub(super) fn handle(&self) -> Option<&'a str> {
        line_after(self.slice, "[HANDLE] ")?
            .split_whitespace()
            .next()
    }

    /// The part of the trace that the frame still shows after one more action.
    pub(super) fn mark(&self) -> Vec<String> {
        let kept = self.trace.len().min(SHOWN_SIGNATURES - 1);
        let from = self.trace.len() - kept;
        self.trace[from..]
            .iter()
            .map(|it| (*it).to_owned())
            .collect()
    }

    /// True if exactly one action was taken since `mark` (none, if there is no mark), so that the
    /// slice is what that action requested.
    pub(super) fn follows(&self, mark: Option<&[String]>) -> bool {
        match mark {
            None => self.trace.is_empty(),
            Some(mark) => {
                self.trace.len() == mark.len() + 1
                    && self
                        .trace
                        .iter()
                        .zip(mark)
                        .all(|(shown, kept)| *shown == kept)
            }
        }
    }

    /// The slice as a page of a file.
    pub(super) fn page(&self) -> Page<'a> {
        let Some((head, body)) = self
            .slice
            .strip_prefix("[PAGE_TABLE] ")
            .and_then(|rest| rest.split_once("\n[PAGE]\n"))
        else {
            return Page {
                body: self.slice,
                next: None,
                source: None,
            };
        };
        Page {
            body,
            next: line_after(head, "[NEXT] ").filter(|next| next.starts_with("sys://page/")),
            source: line_after(head, "[SOURCE] "),
        }
    }

    /// The content of a channel, or its first page.
    pub(super) fn channel_content(&self) -> &'a str {
        let body = self.page().body;
        match body.split_once("\n[CURRENT_CONTENT]\n") {
            Some((_, content)) => content,
            None => body,
        }
    }
}

impl<'a> Guidance<'a> {
    fn of(section: &'a str) -> Option<Self> {
        let step = line_after(section, "[NEXT_STEP] ")?;
        Some(Self {
            step: (step != "(complete)").then_some(step),
            is_ready: line_after(section, "[STATUS] ") == Some("READY"),
            pointer: line_after(section, "[PROGRESS_POINTER] ").unwrap_or_default(),
            line: line_after(section, "[PROGRESS_LINE] ").unwrap_or_default(),
        })
    }
}

/// The text below a heading, up to the next section.
fn section<'a>(head: &'a str, heading: &str) -> &'a str {
    let find = |text: &str, searched: &str| memmem::find(text.as_bytes(), searched.as_bytes());
    let Some(start) = find(head, heading) else {
        return "";
    };
    let body = &head[start + heading.len()..];
    &body[..find(body, "\n\n[").unwrap_or(body.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "[OS_CONTRACT]\n[STEP] 2 of 3\n[NEXT_STEP] FILTER\n[STEP_FILE] b\n\
        [STATUS] READY\n[REASON] (none)\n[PROGRESS_POINTER] sys://append/plan/p.log\n\
        [PROGRESS_LINE] DONE:FILTER\n\n[L1_TRACE_CACHE]\n1. aa\n2. bb\n3. cc\n\n\
        [OS_CALL_STACK]\n[CALL_STACK_DEPTH] 0\n\n[OBSERVED_SLICE]\nhello\n\n[OS_GUARD]\n{}";

    #[test]
    fn frame_sections() {
        let view = WorkerView::of(FRAME);
        let contract = view.contract.unwrap();
        assert_eq!((contract.step, contract.is_ready), (Some("FILTER"), true));
        assert_eq!(contract.pointer, "sys://append/plan/p.log");
        assert_eq!(contract.line, "DONE:FILTER");
        assert_eq!(view.mark(), ["bb", "cc"]);
        assert_eq!(view.page().body, "hello");
        assert!(
            WorkerView::of("[OS_CONTRACT]\n(none)\n\n[L1_TRACE_CACHE]\n(empty)")
                .contract
                .is_none()
        );
    }

    #[test]
    fn mark_and_one_action() {
        let view = WorkerView::of(FRAME);
        let mark = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        };
        assert!(view.follows(Some(&mark(&["aa", "bb"]))));
        assert!(!view.follows(Some(&mark(&["bb", "cc"]))));
        assert!(!view.follows(Some(&mark(&["aa"]))));
        assert!(!view.follows(None));
        assert!(WorkerView::of("[L1_TRACE_CACHE]\n(empty)\n\n[OBSERVED_SLICE]\n").follows(None));
    }

    #[test]
    fn page_and_channel_content() {
        let page = "[OBSERVED_SLICE]\n[PAGE_TABLE] token=0 page=1/2 chars=9\n[SOURCE] a\n\
            [NEXT] sys://page/0?p=2\n[PREVIOUS] (none)\n[PAGE]\nbody";
        let frame = format!("x\n{page}");
        let view = WorkerView::of(&frame);
        assert_eq!(view.page().next, Some("sys://page/0?p=2"));
        assert_eq!((view.page().body, view.page().source), ("body", Some("a")));
        let frame = "x\n[OBSERVED_SLICE]\n[SYSTEM_CHANNEL] sys://append/a\n[CURRENT_CONTENT]\nold";
        assert_eq!(WorkerView::of(frame).channel_content(), "old");
    }
}
