//! Misbehaviour that decodes: loops, thrashing, early halts, invalid pointers.
//!
//! A behaviour keeps q unchanged, so that the agent resumes its own step afterwards. It lasts a
//! bounded number of ticks and ends when a kernel boots.

use turingos::isa::Opcode;
use turingos::trap::TrapKind;

use super::frame_view::FrameView;
use super::intent::Intent;
use super::json_text::push_number_text;
use super::noise::NoiseKind;
use turingos_draws::Draws;

/// An ongoing behaviour.
#[derive(Clone, Debug)]
pub(super) struct Behaviour {
    kind: NoiseKind,
    done: u32,
    limit: u32,
    variant: u32,
}

/// What a behaviour does in this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The action in the scratch intent.
    Act,
    /// A reply without a transition.
    Garbage,
    /// The behaviour has ended.
    Over,
}

impl Behaviour {
    /// True if `kind` would have an effect here; kinds of other classes always have.
    pub(super) fn is_possible(kind: NoiseKind, view: FrameView<'_>, intent: &Intent) -> bool {
        match kind {
            NoiseKind::OmissionMarker => intent.opcode() == Opcode::Write,
            NoiseKind::PopEmpty => view.depth() == 0,
            _ => true,
        }
    }

    /// Starts a behaviour; its first [`Behaviour::act`] is never [`Next::Over`].
    pub(super) fn start(kind: NoiseKind, draws: &mut Draws) -> Self {
        let limit = match kind {
            NoiseKind::Loop => 4,
            NoiseKind::StubbornLoop => draws.range(5, 7),
            NoiseKind::Thrash => 5,
            NoiseKind::PingPong => 6,
            NoiseKind::WriteNonWritable | NoiseKind::RepeatCommand => 2,
            // Both lanes may speak in a tick: this lasts for the 12 ticks that spend a panic budget.
            NoiseKind::Lost => draws.range(20, 28),
            _ => 1,
        };
        Self {
            kind,
            done: 0,
            limit,
            variant: draws.below(1_000),
        }
    }

    pub(super) const fn kind(&self) -> NoiseKind {
        self.kind
    }

    /// Writes the next action into `scratch`.
    pub(super) fn act(
        &mut self,
        q: &str,
        view: FrameView<'_>,
        intent: &Intent,
        draws: &mut Draws,
        scratch: &mut Intent,
    ) -> Next {
        if self.done > 0 && self.is_over(q, view) {
            return Next::Over;
        }
        let turn = self.done;
        self.done += 1;
        scratch.reset(Opcode::Goto);
        scratch.q_next.push_str(q);
        match self.kind {
            NoiseKind::Loop | NoiseKind::StubbornLoop => {
                scratch.operand("pointer").push_str("README.md");
            }
            NoiseKind::Thrash => self.thrash(turn, view, scratch),
            NoiseKind::PingPong => {
                let pointer = ["README.md", "sys://cap/list"][(turn % 2) as usize];
                scratch.operand("pointer").push_str(pointer);
            }
            NoiseKind::EarlyHalt => scratch.set_opcode(Opcode::Halt),
            NoiseKind::OmissionMarker => {
                scratch.copy_from(intent);
                scratch.q_next.clear();
                scratch.q_next.push_str(q);
                scratch.replace_value("payload", draws.pick(&OMISSIONS));
            }
            NoiseKind::WriteNonWritable if turn == 0 => {
                scratch.operand("pointer").push_str("sys://callstack");
            }
            NoiseKind::WriteNonWritable => {
                scratch.set_opcode(Opcode::Write);
                scratch
                    .operand("payload")
                    .push_str("Nobody can write here.");
            }
            NoiseKind::PopEmpty => scratch.set_opcode(Opcode::Pop),
            NoiseKind::NonsensePointer => {
                scratch.operand("pointer").push_str(draws.pick(&NONSENSE));
            }
            NoiseKind::UnknownHandle => {
                let handle = "vfd://rw/0123456789abcdef/notes/slot-00.md";
                if self.variant.is_multiple_of(2) {
                    scratch.set_opcode(Opcode::Write);
                    scratch
                        .operand("payload")
                        .push_str("Through a door that is not there.");
                    scratch.operand("semantic_cap").push_str(handle);
                } else {
                    scratch.operand("pointer").push_str(handle);
                }
            }
            NoiseKind::RepeatCommand => {
                scratch.set_opcode(Opcode::Exec);
                scratch.operand("cmd").push_str("ls");
            }
            _ => return Next::Garbage,
        }
        Next::Act
    }

    fn is_over(&self, q: &str, view: FrameView<'_>) -> bool {
        if self.done >= self.limit || q.starts_with("BOOT") {
            return true;
        }
        let stopped_by: &[TrapKind] = match self.kind {
            NoiseKind::Loop => &[TrapKind::L1CacheHit],
            NoiseKind::Thrash => &[TrapKind::Thrashing],
            NoiseKind::PingPong => &[TrapKind::Deadlock],
            _ => &[],
        };
        view.trap().is_some_and(|trap| stopped_by.contains(&trap))
    }

    fn thrash(&self, turn: u32, view: FrameView<'_>, scratch: &mut Intent) {
        if !view.has_active() {
            scratch.set_opcode(Opcode::Push);
            scratch.operand("task").push_str("Think about the plan");
        } else if turn % 2 == 1 {
            scratch.set_opcode(Opcode::Move);
            scratch.operand("target_pos").push_str("BOTTOM");
        } else {
            scratch.set_opcode(Opcode::Edit);
            let task = scratch.operand("task");
            task.push_str("Think about the plan once more, ");
            push_number_text(task, u64::from(self.variant + turn));
        }
    }
}

/// Payloads with the markers that models write in place of omitted content.
const OMISSIONS: [&str; 4] = [
    "# Note\nfirst line\n// ... existing code ...\nlast line\n",
    "# Note\n(rest of the code stays the same)\n",
    "# Note\n此处省略\n",
    "# Note\n# ... existing content\nend\n",
];

/// Pointers that a kernel must refuse.
const NONSENSE: [&str; 10] = [
    "../../etc/passwd",
    "/etc/shadow",
    "notes/../../secret.md",
    "https://example.com/task",
    "sys://nowhere",
    "sys://page/zzzz?p=0",
    "sys://trap/imaginary",
    "sys://cap/issue?access=all&path=README.md",
    "notes\\slot-01.md",
    "notes//slot-01.md",
];
