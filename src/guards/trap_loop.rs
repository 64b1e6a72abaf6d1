//! PANIC_RESET and UNRECOVERABLE_LOOP: traps that follow each other in a loop.

use crate::trap::{MAX_PANIC_RESETS, SAME_TRAP, TrapKind};

/// What a landing on a trap pointer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// The run continues at the trap.
    Continue,
    /// A loop: the run queue is to be cleared.
    PanicReset,
    /// A loop with the panic budget spent: the machine stops.
    Unrecoverable,
}

/// The traps landed on since the pointer last left `sys://trap/*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrapLoop {
    recent: [Option<TrapKind>; SAME_TRAP],
    panic_resets: u8,
}

impl TrapLoop {
    /// Counts a landing: a trap raised, or a jump to a trap pointer.
    pub(crate) fn land(&mut self, kind: TrapKind) -> Landing {
        self.recent.rotate_left(1);
        if let Some(newest) = self.recent.last_mut() {
            *newest = Some(kind);
        }
        let [_, first, second, third] = self.recent;
        let same = self.recent.iter().all(|landed| *landed == Some(kind));
        let returning = first == third && second.is_some() && first.is_some() && first != second;
        if !same && !returning {
            return Landing::Continue;
        }
        self.recent = [None; SAME_TRAP];
        if self.panic_resets >= MAX_PANIC_RESETS {
            return Landing::Unrecoverable;
        }
        self.panic_resets = self.panic_resets.saturating_add(1);
        Landing::PanicReset
    }

    /// The pointer left `sys://trap/*`: the budget is full again.
    pub(crate) fn leave(&mut self) {
        *self = Self::default();
    }

    /// How many more landings of `kind` in a row close a loop, the closing one counted: 1 to
    /// [`SAME_TRAP`].
    #[must_use]
    pub(crate) fn landings_left(&self, kind: TrapKind) -> u8 {
        let mut ahead = self.clone();
        let mut landings = 1_u8;
        // Four of a kind close a loop whatever came before, so this ends.
        while ahead.land(kind) == Landing::Continue {
            landings = landings.saturating_add(1);
        }
        landings
    }

    /// Panic resets in a row so far, at most [`MAX_PANIC_RESETS`].
    #[must_use]
    pub(crate) const fn panic_resets(&self) -> u8 {
        self.panic_resets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TrapKind::{CpuFault, IoFault, StackFault};

    fn run(landings: &[TrapKind]) -> alloc::vec::Vec<Landing> {
        let mut guard = TrapLoop::default();
        landings.iter().map(|kind| guard.land(*kind)).collect()
    }

    #[test]
    fn the_fourth_of_a_kind_resets_twice_and_then_stops() {
        let expected = [
            Landing::Continue,
            Landing::Continue,
            Landing::Continue,
            Landing::PanicReset,
            Landing::Continue,
            Landing::Continue,
            Landing::Continue,
            Landing::PanicReset,
            Landing::Continue,
            Landing::Continue,
            Landing::Continue,
            Landing::Unrecoverable,
        ];
        assert_eq!(run(&[CpuFault; 12]), expected);
    }

    #[test]
    fn a_return_between_two_kinds_resets() {
        assert_eq!(
            run(&[CpuFault, IoFault, CpuFault]),
            [Landing::Continue, Landing::Continue, Landing::PanicReset]
        );
        assert_eq!(
            run(&[CpuFault, IoFault, StackFault, CpuFault]),
            [Landing::Continue; 4]
        );
    }

    #[test]
    fn landings_left_counts_down_to_the_loop() {
        let mut guard = TrapLoop::default();
        for left in [4, 3, 2, 1] {
            assert_eq!(guard.landings_left(CpuFault), left);
            guard.land(CpuFault);
        }
        assert_eq!(guard.landings_left(CpuFault), 4);
        guard.land(CpuFault);
        guard.land(IoFault);
        assert_eq!(guard.landings_left(CpuFault), 1);
        assert_eq!(guard.landings_left(IoFault), 3);
    }

    #[test]
    fn leaving_refills_the_budget() {
        let mut guard = TrapLoop::default();
        for _ in 0..8 {
            guard.land(CpuFault);
        }
        assert_eq!(guard.panic_resets(), MAX_PANIC_RESETS);
        guard.leave();
        assert_eq!(guard.panic_resets(), 0);
        assert_eq!(guard.land(CpuFault), Landing::Continue);
    }
}
