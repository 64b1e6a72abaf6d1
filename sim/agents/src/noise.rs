//! How replies go wrong: the kinds, and the layer that applies them to a faithful intent.
//!
//! The layer draws at most one kind for each tick. Behaviours that last several ticks keep their
//! small state in [`Noise`], never in the agent.

use super::Request;
use super::frame_view::FrameView;
use super::intent::{Intent, Spelling};
use super::misbehaviour::{Behaviour, Next};
use super::{harmless, malformed};
use turingos_draws::{Draws, Stream};

/// One way for a reply to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoiseKind {
    /// The transition inside a Markdown code fence.
    MarkdownFence,
    /// Prose before and after the transition.
    SurroundingProse,
    /// A `<think>` block before the transition.
    ThinkBlock,
    /// Another key for the opcode, an alias, lower case.
    OpcodeSpelling,
    /// Synonyms of the operands.
    OperandSynonyms,
    /// Line breaks and indentation.
    PrettyPrinted,
    /// JSON that stops in the middle.
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
    /// `null` where a value must be.
    NullOperand,
    /// A key given twice.
    DuplicateKey,
    /// A second transition right behind the first.
    TrailingTransition,
    /// `{}`.
    EmptyObject,
    /// A fraction where text must be.
    WrongType,
    /// An array where the syscall must be.
    ArrayForObject,
    /// Arrays nested hundreds deep.
    DeepNesting,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// More than 256 KiB of text.
    Oversized,
    /// The same action until a trap says stop.
    Loop,
    /// The same action whatever the traps say.
    StubbornLoop,
    /// EDIT and MOVE without touching the world.
    Thrash,
    /// To and fro between two pointers.
    PingPong,
    /// HALT in the middle of the work.
    EarlyHalt,
    /// A payload that leaves something out.
    OmissionMarker,
    /// A write where nothing can be written.
    WriteNonWritable,
    /// POP on an empty run queue.
    PopEmpty,
    /// GOTO to what is no pointer, or to outside the workspace.
    NonsensePointer,
    /// A capability handle that was never issued.
    UnknownHandle,
    /// The same successful command again.
    RepeatCommand,
    /// Nothing but garbage for many ticks.
    Lost,
}

/// What a kind means for whoever receives the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoiseClass {
    /// Decodes to the intended transition.
    Harmless,
    /// Must not decode.
    Malformed,
    /// Decodes, to an action that is no good. [`NoiseKind::Lost`] alone does not decode.
    Misbehaving,
}

impl NoiseKind {
    /// How many kinds there are.
    pub const COUNT: usize = 33;

    /// Every kind.
    pub const ALL: [Self; Self::COUNT] = [
        Self::MarkdownFence,
        Self::SurroundingProse,
        Self::ThinkBlock,
        Self::OpcodeSpelling,
        Self::OperandSynonyms,
        Self::PrettyPrinted,
        Self::TruncatedJson,
        Self::WrongOpcode,
        Self::UnknownField,
        Self::ForeignOperand,
        Self::TwoTransitions,
        Self::ProseOnly,
        Self::NullOperand,
        Self::DuplicateKey,
        Self::TrailingTransition,
        Self::EmptyObject,
        Self::WrongType,
        Self::ArrayForObject,
        Self::DeepNesting,
        Self::NotUtf8,
        Self::Oversized,
        Self::Loop,
        Self::StubbornLoop,
        Self::Thrash,
        Self::PingPong,
        Self::EarlyHalt,
        Self::OmissionMarker,
        Self::WriteNonWritable,
        Self::PopEmpty,
        Self::NonsensePointer,
        Self::UnknownHandle,
        Self::RepeatCommand,
        Self::Lost,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MarkdownFence => "markdown_fence",
            Self::SurroundingProse => "surrounding_prose",
            Self::ThinkBlock => "think_block",
            Self::OpcodeSpelling => "opcode_spelling",
            Self::OperandSynonyms => "operand_synonyms",
            Self::PrettyPrinted => "pretty_printed",
            Self::TruncatedJson => "truncated_json",
            Self::WrongOpcode => "wrong_opcode",
            Self::UnknownField => "unknown_field",
            Self::ForeignOperand => "foreign_operand",
            Self::TwoTransitions => "two_transitions",
            Self::ProseOnly => "prose_only",
            Self::NullOperand => "null_operand",
            Self::DuplicateKey => "duplicate_key",
            Self::TrailingTransition => "trailing_transition",
            Self::EmptyObject => "empty_object",
            Self::WrongType => "wrong_type",
            Self::ArrayForObject => "array_for_object",
            Self::DeepNesting => "deep_nesting",
            Self::NotUtf8 => "not_utf8",
            Self::Oversized => "oversized",
            Self::Loop => "loop",
            Self::StubbornLoop => "stubborn_loop",
            Self::Thrash => "thrash",
            Self::PingPong => "ping_pong",
            Self::EarlyHalt => "early_halt",
            Self::OmissionMarker => "omission_marker",
            Self::WriteNonWritable => "write_non_writable",
            Self::PopEmpty => "pop_empty",
            Self::NonsensePointer => "nonsense_pointer",
            Self::UnknownHandle => "unknown_handle",
            Self::RepeatCommand => "repeat_command",
            Self::Lost => "lost",
        }
    }

    /// What the kind means for the receiver.
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

/// How often each kind starts, in ten-thousandths of the ticks in which nothing else goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoiseRates {
    rates: [u16; NoiseKind::COUNT],
    /// The rates' sum: most draws are above it and need no search.
    total: u32,
}

impl NoiseRates {
    /// Every kind off.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rates: [0; NoiseKind::COUNT],
            total: 0,
        }
    }

    /// The same with one kind at `per_ten_thousand`.
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

    /// One draw over all kinds; none with the probability that is left. Rates that add up to more
    /// than 10,000 starve the last kinds.
    fn draw(&self, draws: &mut Draws) -> Option<NoiseKind> {
        let mut point = draws.below(10_000);
        if point >= self.total {
            return None;
        }
        NoiseKind::ALL.into_iter().find(|kind| {
            let rate = u32::from(self.rate(*kind));
            let hit = point < rate;
            point = point.saturating_sub(rate);
            hit
        })
    }
}

/// The layer between what an agent means and what it says.
#[derive(Clone, Debug)]
pub struct Noise {
    rates: NoiseRates,
    draws: Draws,
    behaviour: Option<Behaviour>,
    scratch: Intent,
}

impl Noise {
    /// The noise of a seed.
    #[must_use]
    pub fn new(seed: u64, rates: NoiseRates) -> Self {
        Self {
            rates,
            draws: Draws::new(seed, Stream::Noise),
            behaviour: None,
            scratch: Intent::default(),
        }
    }

    /// How many draws were taken.
    #[must_use]
    pub const fn drawn(&self) -> u64 {
        self.draws.drawn()
    }

    /// Appends what is said in place of `intent` and tells which kind of noise it is, if any.
    /// Called once for each tick.
    pub fn say(
        &mut self,
        request: &Request<'_>,
        intent: &Intent,
        out: &mut Vec<u8>,
    ) -> Option<NoiseKind> {
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
        let Some(kind) = self.rates.draw(&mut self.draws) else {
            intent.spell(Spelling::CANONICAL, out);
            return None;
        };
        let view = FrameView::of(request.frame);
        if !Behaviour::is_possible(kind, view, intent) {
            intent.spell(Spelling::CANONICAL, out);
            return None;
        }
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
            // A behaviour acts at least once, so a fresh one is never over.
            Next::Act | Next::Over => self.scratch.spell(Spelling::CANONICAL, out),
        }
    }
}
