//! The loop guards, stated over histories: what the last actions were decides, not a counter.

use super::action::Call;
use super::model::Sight;

/// A call and, if it writes where the pointer stands, that place.
pub(crate) type Signature = (Call, Option<String>);

/// What landing on a trap leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    PanicReset,
    Unrecoverable,
}

/// Every history begins anew when its guard fires.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loops {
    calls_since_watchdog: Vec<Signature>,
    calls_since_hit: Vec<Signature>,
    /// EDIT and MOVE since the last physical action.
    shuffles: Vec<Call>,
    physical: Vec<(Signature, Sight)>,
    landings: Vec<&'static str>,
    pub(crate) panic_resets: usize,
}

impl Loops {
    /// Counts an action everywhere; says which guard stops it, the first in order.
    pub(crate) fn act(&mut self, signature: &Signature, sight: &Sight) -> Option<&'static str> {
        let call = &signature.0;
        if call.is_physical() {
            self.shuffles.clear();
            self.physical.push((signature.clone(), sight.clone()));
        }
        if matches!(call, Call::Edit(_) | Call::Move { .. }) {
            self.shuffles.push(call.clone());
        }
        self.calls_since_watchdog.push(signature.clone());
        self.calls_since_hit.push(signature.clone());

        let mut stopped_by = Vec::new();
        if self.shuffles.len() == 3 {
            self.shuffles.clear();
            stopped_by.push("THRASHING");
        }
        if call.is_physical()
            && let [.., a, b, again_a, again_b] = self.physical.as_slice()
            && a == again_a
            && b == again_b
            && a.0 != b.0
        {
            self.physical.clear();
            stopped_by.push("DEADLOCK");
        }
        if ends_with_equal(&self.calls_since_watchdog, 5) {
            self.calls_since_watchdog.clear();
            stopped_by.push("WATCHDOG_NMI");
        }
        if ends_with_equal(&self.calls_since_hit, 3) {
            self.calls_since_hit.clear();
            stopped_by.push("L1_CACHE_HIT");
        }
        stopped_by.first().copied()
    }

    /// Counts a landing on a trap, raised or jumped to.
    pub(crate) fn land(&mut self, trap: &'static str) -> Verdict {
        self.landings.push(trap);
        let returns = matches!(self.landings.as_slice(), [.., a, b, again] if a == again && a != b);
        if !returns && !ends_with_equal(&self.landings, 4) {
            return Verdict::GoOn;
        }
        self.landings.clear();
        if self.panic_resets == 2 {
            return Verdict::Unrecoverable;
        }
        self.panic_resets += 1;
        Verdict::PanicReset
    }

    /// The pointer stands outside the traps.
    pub(crate) fn leave_traps(&mut self) {
        self.landings.clear();
        self.panic_resets = 0;
    }
}

fn ends_with_equal<T: PartialEq>(history: &[T], times: usize) -> bool {
    let Some(last) = history.last() else {
        return false;
    };
    history.len() >= times && history.iter().rev().take(times).all(|one| one == last)
}
