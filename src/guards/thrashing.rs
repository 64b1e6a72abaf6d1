//! THRASHING: three EDIT or MOVE operations without a world operation between them.

use crate::isa::Opcode;

/// How many shuffles in a row make a thrash.
pub(crate) const THRESHOLD: u8 = 3;

/// Counts shuffles of the run queue since the last world operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thrashing {
    shuffles: u8,
}

impl Thrashing {
    /// Counts an action; true exactly when it is the [`THRESHOLD`]th shuffle. PUSH, POP and HALT
    /// neither count nor clear. Firing starts the count anew.
    pub(crate) fn count(&mut self, opcode: Opcode) -> bool {
        if opcode.class().is_world() {
            self.shuffles = 0;
        } else if matches!(opcode, Opcode::Edit | Opcode::Move) {
            self.shuffles = self.shuffles.saturating_add(1);
        }
        let fires = self.shuffles >= THRESHOLD;
        if fires {
            self.shuffles = 0;
        }
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_at_the_third_shuffle() {
        let mut guard = Thrashing::default();
        assert!(!guard.count(Opcode::Edit));
        assert!(!guard.count(Opcode::Move));
        assert!(!guard.count(Opcode::Push));
        assert!(guard.count(Opcode::Edit));
        assert!(!guard.count(Opcode::Edit));
    }

    #[test]
    fn a_world_operation_clears_the_count() {
        for world in [Opcode::Write, Opcode::Exec, Opcode::Goto, Opcode::GitLog] {
            let mut guard = Thrashing::default();
            guard.count(Opcode::Edit);
            guard.count(Opcode::Edit);
            assert!(!guard.count(world));
            assert!(!guard.count(Opcode::Edit));
        }
    }
}
