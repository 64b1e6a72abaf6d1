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
        /// True if commands may use the network.
        network: bool,
    },
    /// The program `bwrap`, which makes namespaces.
    Bwrap {
        /// True if commands may use the network.
        network: bool,
    },
    /// None: a command has all the rights of its user.
    None,
}

/// The text before the version of Landlock.
const LANDLOCK: &str = "landlock-";

/// The end of the name of a sandbox with the network in it.
const NETWORK: &str = "+network";

impl Sandbox {
    /// True if this sandbox is of the same kind as `other` and restricts at least as much.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Landlock { abi, network },
                Self::Landlock {
                    abi: other_abi,
                    network: other_network,
                },
            ) => abi >= other_abi && network <= other_network,
            (
                Self::Bwrap { network },
                Self::Bwrap {
                    network: other_network,
                },
            ) => network <= other_network,
            (own, other) => own == other,
        }
    }

    /// True if commands may use the network.
    #[must_use]
    pub const fn has_network(self) -> bool {
        match self {
            Self::Landlock { network, .. } | Self::Bwrap { network } => network,
            Self::None => true,
        }
    }
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Landlock { abi, .. } => write!(f, "{LANDLOCK}{abi}")?,
            Self::Bwrap { .. } => f.write_str("bwrap")?,
            Self::None => return f.write_str("none"),
        }
        match self.has_network() {
            true => f.write_str(NETWORK),
            false => Ok(()),
        }
    }
}

impl FromStr for Sandbox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, network) = match text.strip_suffix(NETWORK) {
            Some(name) => (name, true),
            None => (text, false),
        };
        let found = match name {
            "bwrap" => Some(Self::Bwrap { network }),
            "none" => Some(Self::None),
            other => (other.strip_prefix(LANDLOCK))
                .and_then(|abi| abi.parse().ok())
                .filter(|abi| (1..100).contains(abi))
                .map(|abi| Self::Landlock { abi, network }),
        };
        // Only one spelling of a version is a name: no plus sign, no leading zero.
        found
            .filter(|sandbox| sandbox.to_string() == text)
            .ok_or_else(|| {
                "expected landlock-VERSION or bwrap, with or without +network, or none".to_owned()
            })
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

    const fn landlock(abi: u8, network: bool) -> Sandbox {
        Sandbox::Landlock { abi, network }
    }

    #[test]
    fn names_are_read_back() {
        for (sandbox, name) in [
            (landlock(1, false), "landlock-1"),
            (landlock(99, true), "landlock-99+network"),
            (Sandbox::Bwrap { network: false }, "bwrap"),
            (Sandbox::Bwrap { network: true }, "bwrap+network"),
            (Sandbox::None, "none"),
        ] {
            assert_eq!(sandbox.to_string(), name);
            assert_eq!(name.parse(), Ok(sandbox));
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
            "none+network",
            "bwrap+",
            "bwrap+network+network",
        ] {
            assert!(other.parse::<Sandbox>().is_err(), "{other}");
        }
    }

    #[test]
    fn stricter_sandbox_covers_a_looser_one() {
        let bwrap = |network| Sandbox::Bwrap { network };
        for (own, other) in [
            (landlock(7, false), landlock(7, false)),
            (landlock(7, false), landlock(6, false)),
            (landlock(7, false), landlock(7, true)),
            (bwrap(false), bwrap(true)),
            (Sandbox::None, Sandbox::None),
        ] {
            assert!(own.covers(other), "{own} {other}");
        }
        for (own, other) in [
            (landlock(6, false), landlock(7, false)),
            (landlock(7, true), landlock(7, false)),
            (landlock(7, false), Sandbox::None),
            (bwrap(true), bwrap(false)),
            (bwrap(false), landlock(1, false)),
            (Sandbox::None, bwrap(false)),
        ] {
            assert!(!own.covers(other), "{own} {other}");
        }
    }
}
