//! The name of the sandbox that holds the commands of a real workspace, as a header has it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A sandbox around commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sandbox {
    /// Linux Landlock and a system call filter.
    Landlock {
        /// The version of the kernel's interface that is used, from 1. A higher one restricts more.
        abi: u8,
    },
    /// The program `bwrap`, which makes namespaces.
    Bwrap,
    /// None: a command has all the rights of its user.
    None,
}

/// The text before the version of Landlock.
const LANDLOCK: &str = "landlock-";

impl Sandbox {
    /// True if this sandbox is of the same kind as `other` and restricts at least as much.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Landlock { abi }, Self::Landlock { abi: other }) => abi >= other,
            (own, other) => own == other,
        }
    }
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Landlock { abi } => write!(f, "{LANDLOCK}{abi}"),
            Self::Bwrap => f.write_str("bwrap"),
            Self::None => f.write_str("none"),
        }
    }
}

impl FromStr for Sandbox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text {
            "bwrap" => Some(Self::Bwrap),
            "none" => Some(Self::None),
            other => (other.strip_prefix(LANDLOCK))
                .and_then(|abi| abi.parse().ok())
                .filter(|abi| (1..100).contains(abi))
                .map(|abi| Self::Landlock { abi }),
        };
        // Only one spelling of a version is a name: no plus sign, no leading zero.
        found
            .filter(|sandbox| sandbox.to_string() == text)
            .ok_or_else(|| "expected landlock-VERSION, bwrap or none".to_owned())
    }
}

impl TryFrom<String> for Sandbox {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Sandbox> for String {
    fn from(sandbox: Sandbox) -> Self {
        sandbox.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for sandbox in [
            Sandbox::Landlock { abi: 1 },
            Sandbox::Landlock { abi: 99 },
            Sandbox::Bwrap,
            Sandbox::None,
        ] {
            assert_eq!(sandbox.to_string().parse(), Ok(sandbox));
        }
        for other in [
            "",
            "Bwrap",
            "landlock",
            "landlock-",
            "landlock-0",
            "landlock-07",
            "landlock-+7",
            "landlock-100",
            "landlock-256",
        ] {
            assert!(other.parse::<Sandbox>().is_err(), "{other}");
        }
    }

    #[test]
    fn higher_version_covers_a_lower_one() {
        let landlock = |abi| Sandbox::Landlock { abi };
        assert!(landlock(7).covers(landlock(7)) && landlock(7).covers(landlock(6)));
        assert!(!landlock(6).covers(landlock(7)));
        for (own, other) in [
            (landlock(7), Sandbox::None),
            (Sandbox::Bwrap, landlock(1)),
            (Sandbox::None, Sandbox::Bwrap),
        ] {
            assert!(!own.covers(other), "{own} {other}");
            assert!(own.covers(own));
        }
    }
}
