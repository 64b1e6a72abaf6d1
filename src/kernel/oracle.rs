//! What a driver commits a tick with: a lane's answer, decoded, or why there is none.

use alloc::string::String;

use crate::bus::BusFault;
use crate::isa::{self, Transition};

/// What a lane answered to a frame: one transition, or why there is none. It is decoded once, so that
/// the tick can judge it before it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub(super) Result<Transition, OracleFault>);

impl Answer {
    /// The answer that a model's text is.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        Self(isa::decode_text(text).map_err(OracleFault::Reply))
    }

    /// The answer of a lane whose call failed for good.
    #[must_use]
    pub const fn failed(fault: OracleFault) -> Self {
        Self(Err(fault))
    }

    /// Why there is no transition.
    #[must_use]
    pub const fn fault(&self) -> Option<&OracleFault> {
        match &self.0 {
            Ok(_) => None,
            Err(fault) => Some(fault),
        }
    }
}

/// Why a lane gave no transition, after every retry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OracleFault {
    /// No answer within the time limit. The provider is to blame, as it is for the next three.
    Timeout,
    /// The connection could not be made.
    Unreachable,
    /// The connection broke before a whole response had come.
    Reset,
    /// A response came that holds no usable text.
    Bus(BusFault),
    /// A text came that is not exactly one transition. The model is to blame.
    Reply(isa::Fault),
}

impl OracleFault {
    /// The reason as it is written in records and traps.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Timeout => "ORACLE_TIMEOUT",
            Self::Unreachable => "ORACLE_UNREACHABLE",
            Self::Reset => "ORACLE_RESET",
            Self::Bus(fault) => fault.code.name(),
            Self::Reply(fault) => fault.code.name(),
        }
    }

    /// The reason for people.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Timeout => String::from("no answer within the time limit"),
            Self::Unreachable => String::from("the connection could not be made"),
            Self::Reset => String::from("the connection broke before a whole response"),
            Self::Bus(fault) => fault.detail.clone(),
            Self::Reply(fault) => fault.detail.clone(),
        }
    }

    /// True if a text came, which does not decode.
    pub(super) const fn has_text(&self) -> bool {
        matches!(self, Self::Reply(_))
    }
}
