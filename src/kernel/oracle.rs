//! What a driver commits a tick with: the oracle's answer, or why there is none.

use alloc::string::String;

use crate::bus::BusFault;
use crate::dispatch::Lane;

/// How a tick's oracle calls ended, retries and failover included.
#[derive(Clone, Debug)]
pub struct OracleOutcome<'a> {
    /// The lane that answered last.
    pub lane: Lane,
    /// The routed lane was E and failed after every retry; `lane` is P.
    pub failed_over: bool,
    /// The raw provider bytes of the last response; empty if none came.
    pub raw: &'a [u8],
    /// The model's text, or why there is none.
    pub reply: Result<&'a str, OracleFault>,
}

/// Why an oracle gave no text, after every retry. The provider is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OracleFault {
    /// No answer within the time limit.
    Timeout,
    /// The connection could not be made.
    Unreachable,
    /// The connection broke before a whole response had come.
    Reset,
    /// A response came that holds no usable text.
    Bus(BusFault),
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
        }
    }
}
