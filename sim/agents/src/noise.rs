//! Noise: the kinds of faults in replies, and the layer that applies them to a faithful intent.
//!
//! The layer draws at most one kind for each reply. A behaviour that lasts several ticks keeps its
//! state in [`Noise`], not in the agent.

use super::Request;
use super::frame_view::FrameView;
use super::intent::{Intent, Spelling};
use super::misbehaviour::{Behaviour, Next};
use super::{harmless, malformed};
use strum::{IntoStaticStr, VariantArray};
use turingos_draws::{Draws, FaultEdits, Seeds, Stream};

/// One kind of fault in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum NoiseKind {
    /// The transition inside a Markdown code fence.
    MarkdownFence,
    /// Prose around the transition.
    SurroundingProse,
    /// A `<think>` block before the transition.
    ThinkBlock,
    /// Another key for the opcode, an alias, lower case.
    OpcodeSpelling,
    /// Synonyms of the operands.
    OperandSynonyms,
    /// Line breaks and indentation.
    PrettyPrinted,
    /// JSON cut off in the middle.
    TruncatedJson,
    /// An opcode that does not exist.
    WrongOpcode,
    /// A key that no opcode has.
    UnknownField,
    /// A key of another opcode: a mutex violation.
    ForeignOperand,
    /// Two different transitions in two code fences.
    TwoTransitions,
    /// No transition at all.
    ProseOnly,
    /// `null` in place of a value.
    NullOperand,
    /// A key given twice.
    DuplicateKey,
    /// A second transition right behind the first.
    TrailingTransition,
    /// `{}`.
    EmptyObject,
    /// A fraction in place of text.
    WrongType,
    /// An array in place of the syscall.
    ArrayForObject,
    /// Arrays nested hundreds deep.
    DeepNesting,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// More than 256 KiB of text.
    Oversized,
    /// The same action until a trap stops it.
    Loop,
    /// The same action in spite of traps.
    StubbornLoop,
    /// EDIT and MOVE without any other action.
    Thrash,
    /// Alternation between two pointers.
    PingPong,
    /// HALT in the middle of the work.
    EarlyHalt,
    /// A payload with an omission marker in place of content.
    OmissionMarker,
    /// A write to a pointer that is not writable.
    WriteNonWritable,
    /// POP on an empty run queue.
    PopEmpty,
    /// GOTO with an invalid pointer or one outside the workspace.
    NonsensePointer,
    /// A capability handle that was never issued.
    UnknownHandle,
    /// The same successful command again.
    RepeatCommand,
    /// Only garbage for many ticks.
    Lost,
}

/// The effect of a kind of noise on the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoiseClass {
    /// Decodes to the intended transition.
    Harmless,
    /// Must not decode.
    Malformed,
    /// Decodes to a bad action; only [`NoiseKind::Lost`] does not decode.
    Misbehaving,
}

impl NoiseKind {
    /// The number of kinds.
    pub const COUNT: usize = Self::VARIANTS.len();

    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The class of the kind.
    #[must_use]
    pub const fn class(self) -> NoiseClass {
        match self {
            Self::MarkdownFence
            | Self::SurroundingProse
            | Self::ThinkBlock
            | Self::OpcodeSpelling
            | Self::OperandSynonyms
            | Self::PrettyPrinted => NoiseClass::Harmless,
            Self::TruncatedJson
            | Self::WrongOpcode
            | Self::UnknownField
            | Self::ForeignOperand
            | Self::TwoTransitions
            | Self::ProseOnly
            | Self::NullOperand
            | Self::DuplicateKey
            | Self::TrailingTransition
            | Self::EmptyObject
            | Self::WrongType
            | Self::ArrayForObject
            | Self::DeepNesting
            | Self::NotUtf8
            | Self::Oversized => NoiseClass::Malformed,
            Self::Loop
            | Self::StubbornLoop
            | Self::Thrash
            | Self::PingPong
            | Self::EarlyHalt
            | Self::OmissionMarker
            | Self::WriteNonWritable
            | Self::PopEmpty
            | Self::NonsensePointer
            | Self::UnknownHandle
            | Self::RepeatCommand
            | Self::Lost => NoiseClass::Misbehaving,
        }
    }

    /// True if the decoder must refuse the reply.
    #[must_use]
    pub const fn must_be_refused(self) -> bool {
        matches!(self.class(), NoiseClass::Malformed) || matches!(self, Self::Lost)
    }
}

/// How often each kind starts, per ten thousand ticks without an ongoing behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoiseRates {
    rates: [u16; NoiseKind::COUNT],
    /// The sum of the rates: most draws exceed it and need no search.
    total: u32,
}

impl NoiseRates {
    /// All rates zero.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rates: [0; NoiseKind::COUNT],
            total: 0,
        }
    }

    /// These rates with `kind` at `per_ten_thousand`.
    #[must_use]
    pub const fn with(mut self, kind: NoiseKind, per_ten_thousand: u16) -> Self {
        self.total = self.total - self.rates[kind as usize] as u32 + per_ten_thousand as u32;
        self.rates[kind as usize] = per_ten_thousand;
        self
    }

    /// The rate of a kind.
    #[must_use]
    pub const fn rate(&self, kind: NoiseKind) -> u16 {
        self.rates[kind as usize]
    }

    /// One draw over all kinds; `None` with the remaining probability. Rates that add up to more
    /// than 10,000 starve the last kinds.
    fn draw(&self, draws: &mut Draws) -> Option<NoiseKind> {
        let mut point = draws.below(10_000);
        if point >= self.total {
            return None;
        }
        NoiseKind::ALL.iter().copied().find(|kind| {
            let rate = u32::from(self.rate(*kind));
            let hit = point < rate;
            point = point.saturating_sub(rate);
            hit
        })
    }
}

/// The layer that turns an agent's intent into the text of its reply.
#[derive(Clone, Debug)]
pub struct Noise {
    rates: NoiseRates,
    edits: FaultEdits<NoiseKind>,
    draws: Draws,
    behaviour: Option<Behaviour>,
    scratch: Intent,
    /// The tick of the last reply, and how many replies it had before that.
    last: Option<(u64, u64)>,
    begun: bool,
}

/// The most replies of a tick that have draws of their own: one for each lane.
const REPLIES: u64 = 2;

impl Noise {
    /// The noise of a seed.
    #[must_use]
    pub fn new(seed: u64, rates: NoiseRates) -> Self {
        Self::edited(&Seeds::of(seed), rates, FaultEdits::default())
    }

    /// The noise of these seeds, of which the edits say what is applied.
    #[must_use]
    pub fn edited(seeds: &Seeds, rates: NoiseRates, edits: FaultEdits<NoiseKind>) -> Self {
        Self {
            rates,
            edits,
            draws: Draws::windowed(seeds, Stream::Noise),
            behaviour: None,
            scratch: Intent::default(),
            last: None,
            begun: false,
        }
    }

    /// Applies what these edits say from the next reply on.
    pub(crate) fn set_edits(&mut self, edits: FaultEdits<NoiseKind>) {
        self.edits = edits;
    }

    /// Whether the noise of the last reply began with it, and not with an earlier one.
    #[must_use]
    pub(crate) const fn has_begun(&self) -> bool {
        self.begun
    }

    /// How many raw words were drawn.
    #[must_use]
    pub const fn drawn(&self) -> u64 {
        self.draws.drawn()
    }

    /// Appends the reply to `intent` and returns the kind of noise that was applied, if any. Call it
    /// once for each reply: once a tick, and again if another lane is to word the reply anew.
    pub fn say(
        &mut self,
        request: &Request<'_>,
        intent: &Intent,
        out: &mut Vec<u8>,
    ) -> Option<NoiseKind> {
        let (tick, reply) = match self.last {
            Some((tick, reply)) if tick == request.tick => (tick, reply + 1),
            _ => (request.tick, 0),
        };
        self.last = Some((tick, reply));
        self.begun = false;
        self.draws
            .open(tick, tick.wrapping_mul(REPLIES).wrapping_add(reply));
        // Drawn whether it counts or not, so that no other draw of the reply depends on that.
        let drawn = self.rates.draw(&mut self.draws);
        if let Some(mut behaviour) = self.behaviour.take() {
            let view = FrameView::of(request.frame);
            let next = behaviour.act(request.q, view, intent, &mut self.draws, &mut self.scratch);
            if next != Next::Over {
                self.speak(next, out);
                let kind = behaviour.kind();
                self.behaviour = Some(behaviour);
                return Some(kind);
            }
        }
        let added = self.edits.added(tick).filter(|_| reply == 0);
        let drawn = drawn.filter(|kind| self.edits.allow(tick, *kind));
        let Some(kind) = added.or(drawn) else {
            intent.spell(Spelling::CANONICAL, out);
            return None;
        };
        let view = FrameView::of(request.frame);
        if !Behaviour::is_possible(kind, view, intent) {
            intent.spell(Spelling::CANONICAL, out);
            return None;
        }
        self.begun = true;
        match kind.class() {
            NoiseClass::Harmless => harmless::say(kind, intent, &mut self.draws, out),
            NoiseClass::Malformed => malformed::say(kind, intent, &mut self.draws, out),
            NoiseClass::Misbehaving => {
                let mut behaviour = Behaviour::start(kind, &mut self.draws);
                let next =
                    behaviour.act(request.q, view, intent, &mut self.draws, &mut self.scratch);
                self.speak(next, out);
                self.behaviour = Some(behaviour);
            }
        }
        Some(kind)
    }

    fn speak(&mut self, next: Next, out: &mut Vec<u8>) {
        match next {
            Next::Garbage => malformed::say_garbage(&mut self.draws, out),
            // A behaviour acts at least once, so a new one is not over.
            Next::Act | Next::Over => self.scratch.spell(Spelling::CANONICAL, out),
        }
    }
}
