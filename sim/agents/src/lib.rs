//! Whatever answers a frame: seeded agents today; recordings and live providers by the same trait.
//!
//! An oracle never sees the kernel or the world, only a [`Request`]; it answers with raw provider
//! bytes, which the driver puts through the bus like any other.

pub mod brownout;
pub mod clerk;
pub mod frame_view;
mod harmless;
pub mod intent;
pub mod json_text;
mod malformed;
mod misbehaviour;
pub mod mission;
pub mod noise;
pub mod profile;
pub mod provider_faults;
mod rates;
mod register;
pub mod seeded;
pub mod step;
pub mod wire;
pub mod worker;

pub use brownout::Brownout;
pub use clerk::boot_q;
pub use profile::AgentProfile;
pub use seeded::{Injected, InjectionCounts};

use serde::{Deserialize, Serialize};
use turingos::bus::Provider;
use turingos::dispatch::Lane;

/// What one call sends. The three texts together are the model's whole input.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The tick that asks, from 0.
    pub tick: u64,
    /// Which lane is called.
    pub lane: Lane,
    /// How often this lane was called for this tick before, from 0.
    pub attempt: u32,
    /// The constant instructions.
    pub system_prompt: &'a str,
    /// The state register.
    pub q: &'a str,
    /// The frame.
    pub frame: &'a str,
}

/// A response as it came off the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    /// Whose format the body is in.
    pub provider: Provider,
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After` in microseconds, if the response had one.
    pub retry_after_us: Option<u64>,
    /// Headers worth recording, in the order in which they came; a tape keeps those of
    /// [`turingos_run::tape::KEPT_HEADERS`] only. Nothing in a run follows from them.
    pub headers: Vec<(String, String)>,
    /// The body, exactly.
    pub body: Vec<u8>,
}

/// No response at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportFault {
    /// The connection could not be made.
    Unreachable,
    /// The connection was reset before a whole response had come.
    Reset,
    /// No whole response within the time limit.
    Timeout,
    /// The response is longer than any that is looked at; the rest was not read.
    #[serde(rename = "too_large")]
    TooLarge,
}

impl TransportFault {
    /// Every fault.
    pub const ALL: [Self; 4] = [
        Self::Unreachable,
        Self::Reset,
        Self::Timeout,
        Self::TooLarge,
    ];

    /// The fault as it is written on tapes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
        }
    }
}

/// What speaks through a seeded oracle: it means one transition for each frame, and nothing else.
///
/// An agent is shown what a model is shown. It never sees the kernel, the world or the run it is
/// part of, and what it answers follows from how it was made and from its two arguments.
pub trait Agent {
    /// Answers one frame into `intent`, whose buffers are reused.
    fn answer(&mut self, q: &str, frame: &str, intent: &mut intent::Intent);
}

/// Something that answers frames.
pub trait Oracle {
    /// Answers one request. An answer may never come: the driver bounds every call with a time
    /// limit on tokio's clock.
    fn call(
        &mut self,
        request: Request<'_>,
    ) -> impl Future<Output = Result<RawReply, TransportFault>>;

    /// How long the last answer took beyond what passed on tokio's clock, in microseconds. A
    /// simulated provider says so instead of sleeping, because a sleep costs more than an answer.
    fn simulated_latency_us(&self) -> u64 {
        0
    }

    /// What was done on purpose to the reply last returned. Only a simulated provider does such
    /// things.
    fn injected(&self) -> Option<&Injected> {
        None
    }
}
