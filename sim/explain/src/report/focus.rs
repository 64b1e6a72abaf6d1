//! Which ticks of a run deserve to be shown, judged by its trap frames.
//!
//! Holds a few values for each kind of trap, whatever the length of the run.

use std::collections::BTreeMap;

use turingos::trap::{TrapFrame, TrapKind};

/// Ticks that are shown before an interesting one, and after it.
const BEFORE: u64 = 6;
const AFTER: u64 = 3;

/// The most windows of a report.
const MAX_WINDOWS: usize = 8;

/// The most rows of a table of traps: kinds and causes are few, but a recording may hold any code.
const MAX_ROWS: usize = 64;

/// A tick that is shown in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// The tick.
    pub tick: u64,
    /// Why it was chosen.
    pub reason: String,
}

/// The ticks around one or more interesting ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first tick.
    pub from: u64,
    /// The last tick.
    pub to: u64,
    /// What is interesting in it.
    pub reasons: Vec<String>,
}

/// The traps of one kind and cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapRow {
    /// The name of the kind.
    pub kind: String,
    /// The code of the cause; empty in a journal of TuringOS.
    pub code: String,
    /// Whether it stops an action.
    pub is_hard: bool,
    /// How often it fired.
    pub count: u64,
    /// The first tick in which it fired.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// What the first one said.
    pub details: String,
}

/// The traps of a run, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traps {
    rows: BTreeMap<(String, String), TrapRow>,
    left_out: u64,
    stop: Option<u64>,
    reset: Option<u64>,
    first_hard: Option<u64>,
    last_hard: Option<u64>,
    first: Option<u64>,
}

impl Traps {
    /// Counts a trap frame.
    pub(super) fn count(&mut self, frame: &TrapFrame) {
        let kind = frame.trap_base.0;
        self.count_named(frame.tick, kind.name(), &frame.cause.code, &frame.details);
    }

    /// Counts a trap that is known by its name, as a journal of TuringOS has it.
    pub(super) fn count_named(&mut self, tick: u64, name: &str, code: &str, details: &str) {
        let kind = TrapKind::from_name(&name.to_ascii_uppercase());
        let is_hard = kind.is_none_or(TrapKind::is_hard);
        match kind {
            Some(TrapKind::UnrecoverableLoop) => self.stop = self.stop.or(Some(tick)),
            Some(TrapKind::PanicReset) => self.reset = self.reset.or(Some(tick)),
            _ if is_hard => {
                self.first_hard = self.first_hard.or(Some(tick));
                self.last_hard = Some(tick);
            }
            _ => {}
        }
        self.first = self.first.or(Some(tick));
        let key = (name.to_owned(), code.to_owned());
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let row = self.rows.entry(key).or_insert_with(|| TrapRow {
            kind: name.to_owned(),
            code: code.to_owned(),
            is_hard,
            count: 0,
            first: tick,
            last: tick,
            details: details.to_owned(),
        });
        row.count += 1;
        row.last = tick;
    }

    /// The rows, most frequent first.
    #[must_use]
    pub fn rows(&self) -> Vec<&TrapRow> {
        let mut rows: Vec<_> = self.rows.values().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.count));
        rows
    }

    /// How many traps are in no row, because there are too many causes.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The tick to show in full. `last` is the run's last tick, if it is known.
    pub(super) fn focus(&self, has_failed: bool, last: Option<u64>) -> Option<Focus> {
        let chosen = [
            (
                self.stop,
                "the machine stopped here: its panic budget was spent",
            ),
            (
                self.last_hard.filter(|_| has_failed),
                "the last trap before the failed end",
            ),
            (self.reset, "the first panic reset"),
            (self.first_hard, "the first trap that stopped an action"),
            (self.first, "the first trap"),
            (last, "the last tick; nothing trapped"),
        ];
        let mut chosen = chosen.into_iter();
        chosen.find_map(|(tick, reason)| {
            Some(Focus {
                tick: tick?,
                reason: reason.to_owned(),
            })
        })
    }

    /// The windows to show: around the focus, the first trap of each kind, and the ends of the run.
    pub(super) fn windows(&self, focus: Option<&Focus>, last: Option<u64>) -> Vec<Window> {
        let around = |tick: u64, reason: String| Window {
            from: tick.saturating_sub(BEFORE),
            to: tick.saturating_add(AFTER),
            reasons: vec![reason],
        };
        let mut windows = Vec::new();
        if let Some(focus) = focus {
            windows.push(around(focus.tick, format!("tick {}", focus.tick)));
        }
        if let Some(last) = last {
            windows.push(around(last, "the end".to_owned()));
        }
        windows.push(Window {
            from: 0,
            to: AFTER,
            reasons: vec!["the start".to_owned()],
        });
        // Hard traps first, and the rarest first: those are the ones to look at.
        let mut kinds: BTreeMap<&str, (bool, u64, u64)> = BTreeMap::new();
        for row in self.rows.values() {
            let kind = kinds
                .entry(&row.kind)
                .or_insert((!row.is_hard, 0, row.first));
            kind.1 += row.count;
            kind.2 = kind.2.min(row.first);
        }
        let mut firsts: Vec<_> = kinds.into_iter().map(|(name, key)| (key, name)).collect();
        firsts.sort();
        let firsts = firsts.into_iter();
        windows
            .extend(firsts.map(|((_, _, first), name)| around(first, format!("the first {name}"))));
        windows.truncate(MAX_WINDOWS);
        merged(windows)
    }
}

/// The windows in the order of their ticks, those that touch made one.
fn merged(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_by_key(|window| window.from);
    let mut merged: Vec<Window> = Vec::new();
    for window in windows {
        match merged.last_mut() {
            Some(last) if window.from <= last.to.saturating_add(1) => {
                last.to = last.to.max(window.to);
                last.reasons.extend(window.reasons);
            }
            _ => merged.push(window),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traps(fired: &[(u64, &str)]) -> Traps {
        let mut traps = Traps::default();
        for (tick, name) in fired {
            traps.count_named(*tick, name, "CODE", "details");
        }
        traps
    }

    fn focus(fired: &[(u64, &str)], has_failed: bool) -> Option<u64> {
        { traps(fired).focus(has_failed, Some(99)) }.map(|focus| focus.tick)
    }

    #[test]
    fn worst_trap_is_in_focus() {
        let soft = (3, "PAGE_FAULT");
        let hard = [(10, "CPU_FAULT"), (20, "IO_FAULT")];
        assert_eq!(focus(&[], true), Some(99));
        assert_eq!(focus(&[soft], false), Some(3));
        assert_eq!(focus(&[soft, hard[0], hard[1]], false), Some(10));
        assert_eq!(focus(&[soft, hard[0], hard[1]], true), Some(20));
        let stop = (15, "UNRECOVERABLE_LOOP");
        assert_eq!(focus(&[soft, hard[0], stop, hard[1]], true), Some(15));
        assert_eq!(
            focus(&[hard[0], (15, "PANIC_RESET"), hard[1]], false),
            Some(15)
        );
    }

    #[test]
    fn windows_that_touch_are_one() {
        let traps = traps(&[(40, "CPU_FAULT"), (45, "IO_FAULT"), (70, "PAGE_FAULT")]);
        let focus = traps.focus(true, Some(99));
        let windows = traps.windows(focus.as_ref(), Some(99));
        let bounds: Vec<_> = windows.iter().map(|it| (it.from, it.to)).collect();
        assert_eq!(bounds, [(0, 3), (34, 48), (64, 73), (93, 102)]);
        assert_eq!(
            windows[1].reasons,
            ["the first CPU_FAULT", "tick 45", "the first IO_FAULT"]
        );
    }

    #[test]
    fn number_of_rows_and_windows_is_bounded() {
        let mut traps = Traps::default();
        for tick in 0..200 {
            traps.count_named(tick * 50, &format!("KIND_{tick}"), "CODE", "");
        }
        assert_eq!(traps.rows().len(), MAX_ROWS);
        assert_eq!(traps.left_out(), 136);
        assert!(traps.windows(None, Some(9_999)).len() <= MAX_WINDOWS);
    }
}
