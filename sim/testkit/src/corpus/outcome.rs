//! The expected outcome of the decoder, compared with the actual one.

use std::fmt;

use turingos::isa::{Fault, FaultCode, Transition, decode_canonical, decode_model};

use super::Disagreement;

/// The expected result of the decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted<'e> {
    /// The transition of this canonical text.
    Accept(&'e str),
    Refuse(FaultCode),
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(canonical) => write!(f, "accept {canonical}"),
            Self::Refuse(code) => write!(f, "refuse {code}"),
        }
    }
}

impl Wanted<'_> {
    /// Compares with what `reader`, a decoder's name for people, said.
    pub(super) fn compare(
        &self,
        reader: &str,
        said: Result<Transition, Fault>,
    ) -> Result<(), Disagreement> {
        let agrees = match (self, &said) {
            (Self::Accept(canonical), Ok(transition)) => transition.to_canonical() == *canonical,
            (Self::Refuse(code), Err(fault)) => fault.code == *code,
            (Self::Accept(_), Err(_)) | (Self::Refuse(_), Ok(_)) => false,
        };
        if agrees {
            return Ok(());
        }
        let got = match said {
            Ok(transition) => format!("accept {}", transition.to_canonical()),
            Err(fault) => format!("refuse {} ({})", fault.code, fault.detail),
        };
        Err(Disagreement {
            expected: format!("{self} by the {reader}"),
            got,
        })
    }
}

/// Checks that an accepted text is canonical: both envelopes read it, and it is written
/// again byte by byte.
pub(super) fn check_fixed_point(canonical: &str) -> Result<(), Disagreement> {
    let wanted = Wanted::Accept(canonical);
    let bytes = canonical.as_bytes();
    wanted.compare("canonical envelope, read again", decode_canonical(bytes))?;
    wanted.compare("model envelope, read again", decode_model(bytes))
}
