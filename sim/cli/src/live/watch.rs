//! One line on standard error for each tick, if that is a terminal.
//!
//! Never shows what a model or a file said: only the kernel's own names, and a shortened pointer.

use std::io::Write;

use crate::terminal::Show;
use crate::terminal::looks::Looks;
use turingos_live::session::Watched;

/// Shows ticks as they happen.
#[derive(Debug)]
pub(crate) struct Watch {
    looks: Looks,
    is_shown: bool,
}

impl Watch {
    pub(crate) fn new(looks: Looks, is_wanted: bool) -> Self {
        Self {
            looks,
            is_shown: looks.progress(is_wanted) != Show::Nothing,
        }
    }

    /// Shows a tick. The first interruption, `None`, is answered where signals are counted: a
    /// command may be running then.
    pub(crate) fn show(&self, watched: Option<Watched<'_>>) {
        if let Some(watched) = watched.filter(|_| self.is_shown) {
            // A lost terminal must not end a run that costs money.
            let _ = writeln!(self.looks.standard_error(), "{}", line(&watched));
        }
    }
}

fn line(watched: &Watched<'_>) -> String {
    let record = &watched.committed.record;
    let what = match (record.op, record.fault.as_deref()) {
        (Some(op), _) => op.name(),
        (None, fault) => fault.unwrap_or("-"),
    };
    let traps: String = (record.traps.iter())
        .map(|trap| format!("  {}", trap.name()))
        .collect();
    let pointer: String = record.pointer.chars().take(48).collect();
    format!(
        "tick {}  {}  {what}  {pointer}  {} tokens  ${}{traps}",
        record.tick,
        record.route.lane.name(),
        watched.spending.tokens,
        dollars(watched.spending.micro_dollars()),
    )
}

/// Micro-dollars as dollars.
pub(crate) fn dollars(micro: u64) -> String {
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_six_decimals() {
        assert_eq!(dollars(0), "0.000000");
        assert_eq!(dollars(12_345_678), "12.345678");
    }
}
