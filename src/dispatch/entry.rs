//! The entry that a record keeps of a routing decision.

use alloc::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Health, Lane, PerLane};
use crate::isa::OpcodeClass;
use crate::named_enum::named_enum;

named_enum! {
    /// Why a lane was chosen.
    #[derive(Deserialize)]
    pub enum RouteReason {
        /// Nothing special: E.
        Routine = "ROUTINE",
        /// A trap in the context: P.
        Trap = "TRAP",
        /// A blocked run queue, or a blocked step of the plan: P.
        Blocked = "BLOCKED",
        /// The predicted class: P.
        Class = "CLASS",
        /// The preferred lane is weak and the other clearly better.
        HealthFallback = "HEALTH_FALLBACK",
        /// The preferred lane is weak and was left so often that it is tried again.
        HealthProbe = "HEALTH_PROBE",
        /// Only one lane is ever called.
        SingleLane = "SINGLE_LANE",
    }
}

/// One tick's route, as the record keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenEntry", into = "WrittenEntry")]
pub struct RouteEntry {
    /// The lane whose answer counted.
    pub lane: Lane,
    /// The lane the context asked for.
    pub preferred: Lane,
    /// Why the first call went where it went.
    pub reason: RouteReason,
    /// What the model was expected to do.
    pub predicted: OpcodeClass,
    /// What it did; `None` if the reply could not be decoded.
    pub actual: Option<OpcodeClass>,
    /// Health when the decision was made.
    pub health: PerLane<Health>,
    /// Why lane E failed, if P was called in its place in the same tick: a code of the decoder, the
    /// bus or the oracle.
    pub failover: Option<Cow<'static, str>>,
}

/// The entry's members as a record has them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "RouteEntry")]
struct WrittenEntry {
    lane: Lane,
    preferred: Lane,
    reason: RouteReason,
    predicted: OpcodeClass,
    /// Null must be written: serde would otherwise read a missing member as null.
    #[serde(deserialize_with = "Option::deserialize")]
    actual: Option<OpcodeClass>,
    health_p: Health,
    health_e: Health,
    #[serde(deserialize_with = "Option::deserialize")]
    failover: Option<Cow<'static, str>>,
}

impl From<WrittenEntry> for RouteEntry {
    fn from(written: WrittenEntry) -> Self {
        Self {
            lane: written.lane,
            preferred: written.preferred,
            reason: written.reason,
            predicted: written.predicted,
            actual: written.actual,
            health: PerLane {
                p: written.health_p,
                e: written.health_e,
            },
            failover: written.failover,
        }
    }
}

impl From<RouteEntry> for WrittenEntry {
    fn from(entry: RouteEntry) -> Self {
        Self {
            lane: entry.lane,
            preferred: entry.preferred,
            reason: entry.reason,
            predicted: entry.predicted,
            actual: entry.actual,
            health_p: entry.health.p,
            health_e: entry.health.e,
            failover: entry.failover,
        }
    }
}
