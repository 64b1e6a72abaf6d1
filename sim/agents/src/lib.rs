//! Oracles, which answer frames, and the seeded agents behind the simulated one.
//!
//! An [`Oracle`] answers a [`Request`] with raw provider bytes, which the driver decodes through the
//! bus. [`SeededOracle`] is the simulated one: an [`Agent`] (the [`Clerk`] of soaks or the
//! [`Worker`] of missions) decides on one transition, [`Noise`] distorts its text,
//! and provider faults replace the reply, all drawn from a seed by the rates of an
//! [`AgentProfile`]. Recordings and live providers implement the same trait in other crates.
//!
//! ```
//! use turingos::bus;
//! use turingos::dispatch::Lane;
//! use turingos_agents::{AgentProfile, Oracle, Request, SeededOracle};
//!
//! let mut oracle = SeededOracle::new(42, AgentProfile::routine());
//! let request = Request {
//!     tick: 0,
//!     lane: Lane::E,
//!     attempt: 0,
//!     system_prompt: "",
//!     q: "BOOT",
//!     frame: "[OBSERVED_SLICE]\nA workspace of small missions.\n",
//! };
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # runtime.block_on(async {
//! let raw = oracle.call(request).await.expect("this seed begins with a reply");
//! let reply = bus::parse(raw.provider, raw.status, &raw.body).expect("and a whole one");
//! assert!(reply.text.contains("SYS_"));
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! An oracle sees neither the kernel nor the world. This crate uses no tokio and no `std::fs`; a
//! simulated provider reports its latency instead of sleeping.

mod brownout;
mod clerk;
mod frame_view;
mod harmless;
mod intent;
pub mod json_text;
mod malformed;
mod misbehaviour;
mod mission;
mod noise;
mod profile;
mod provider_faults;
mod rates;
mod register;
mod seeded;
mod step;
pub mod wire;
mod worker;

pub use brownout::Brownout;
pub use clerk::{Clerk, MAX_RECOVERIES};
pub use intent::{Intent, Spelling};
pub use mission::{Mission, MissionKind};
pub use noise::{Noise, NoiseClass, NoiseKind, NoiseRates};
pub use profile::{AgentProfile, FaultRates};
pub use provider_faults::{ProviderFaultKind, Recovery};
pub use seeded::{
    Begun, GivenReply, Injected, InjectionCounts, OracleEdits, Replaced, SeededOracle,
};
pub use step::Step;
pub use worker::Worker;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use turingos::bus::{self, BusFault, Provider};
use turingos::dispatch::Lane;

/// The input of one call. The three texts together are the model's whole input.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The tick, from 0.
    pub tick: u64,
    /// The lane that is called.
    pub lane: Lane,
    /// The earlier calls of this lane in this tick.
    pub attempt: u32,
    /// The system prompt, the same for a whole run.
    pub system_prompt: &'a str,
    /// The state register.
    pub q: &'a str,
    /// The frame.
    pub frame: &'a str,
}

/// A response as received from the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    /// The provider whose format the body has.
    pub provider: Provider,
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After` in microseconds, if the response had one.
    pub retry_after_us: Option<u64>,
    /// Headers for the record, in the order received. A run does not depend on them, and a tape
    /// keeps only those of its allow-list.
    pub headers: Vec<(String, String)>,
    /// The body, unchanged.
    pub body: Vec<u8>,
}

/// Why a call got no response.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TransportFault {
    /// The connection could not be made.
    Unreachable,
    /// The connection was reset before the response was complete.
    Reset,
    /// The response was not complete within the time limit.
    Timeout,
    /// The response is longer than the limit; the rest was not read.
    TooLarge,
}

impl TransportFault {
    /// Every fault.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name on tapes.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The model behind a seeded oracle: it decides on one transition for each frame.
///
/// An agent sees what a model sees. Its answer must depend only on its own construction and on the
/// two arguments.
pub trait Agent {
    /// Writes the answer to one frame into `intent`, whose buffers are reused.
    fn answer(&mut self, q: &str, frame: &str, intent: &mut Intent);
}

/// Answers frames: a seeded agent, a recording or a live provider.
pub trait Oracle {
    /// Answers one request. The future may stay pending for ever: the driver sets a time limit for
    /// every call.
    fn call(
        &mut self,
        request: Request<'_>,
    ) -> impl Future<Output = Result<RawReply, TransportFault>>;

    /// The simulated latency of the last answer in microseconds, in addition to the time that
    /// passed on the driver's clock. Reporting it is cheaper than sleeping.
    fn simulated_latency_us(&self) -> u64 {
        0
    }

    /// True if an answer that is there at once took no time but the simulated latency: no clock is read
    /// then, and no pause before a call is waited for.
    fn is_simulated(&self) -> bool {
        false
    }

    /// Takes back the body of an earlier reply, which is not needed any more, for its memory.
    fn recycle(&mut self, _body: Vec<u8>) {}

    /// The body of the last request as it was sent, if the oracle encoded one; a tape keeps it.
    fn take_sent(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// The reply last returned was read: its text and usage, or why there is none.
    fn read(&mut self, _reply: Result<&bus::Reply, &BusFault>) {}

    /// What was done on purpose to the reply last returned. Only a simulated provider does such
    /// things.
    fn injected(&self) -> Option<&Injected> {
        None
    }
}
