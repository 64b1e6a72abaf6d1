//! The header of a recording: what was recorded, by which command, and what was left out.
//!
//! Its digest is the genesis of the tape's hash chain. Never holds a key, a date or a host name of
//! this machine.

use serde::{Deserialize, Serialize};
use turingos::Digest;
use turingos_run::DocumentError;
use turingos_run::document::{self, Format};

use crate::MAX_BODY_BYTES;
use crate::target::Target;

pub(crate) const FORMAT: Format = Format {
    name: "turingos.exchange",
    version: 1,
};

/// The request headers that are recorded: those that change an answer. Clients put dates, ids,
/// version numbers of themselves and keys into the others.
pub const REQUEST_HEADERS: [&str; 9] = [
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-encoding",
    "content-type",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "openai-beta",
];

/// The response headers that are recorded: those on which clients act.
pub const RESPONSE_HEADERS: [&str; 12] = [
    "allow",
    "content-encoding",
    "content-length",
    "content-type",
    "location",
    "mcp-protocol-version",
    "mcp-session-id",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "x-should-retry",
];

/// Everything that is said of a recording before its first exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    format: String,
    kind: Kind,
    /// The agent's program and arguments.
    pub command: Vec<String>,
    /// The services whose traffic is recorded.
    pub targets: Vec<Target>,
    /// The names of the request headers that are recorded, in lower case.
    pub request_headers: Vec<String>,
    /// The names of the response headers that are recorded, in lower case.
    pub response_headers: Vec<String>,
    /// The limits of bodies.
    pub limits: Limits,
    /// The rules for values that change from run to run.
    pub rules: Option<RulesText>,
    /// The head of the tape that this one took exchanges from, if it was made over another.
    pub source: Option<Digest>,
    /// What was to go wrong on purpose, as it was asked for.
    pub chaos: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Exchange,
}

/// The limits of bodies, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The most bytes of a request's body; a longer one is answered 413.
    pub request_bytes: u64,
    /// The most bytes of a response's body; a longer one is cut there.
    pub response_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: MAX_BODY_BYTES as u64,
            response_bytes: MAX_BODY_BYTES as u64,
        }
    }
}

/// A file of rules, as it was given, and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesText {
    sha256: Digest,
    text: String,
}

impl RulesText {
    /// Rules as they stand in their file.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self {
            sha256: Digest::of(text.as_bytes()),
            text,
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of the text.
    #[must_use]
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }
}

impl Header {
    /// The header of a recording of `command`, with the usual headers and limits.
    #[must_use]
    pub fn new(command: Vec<String>, targets: Vec<Target>) -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            format: FORMAT.text(),
            kind: Kind::Exchange,
            command,
            targets,
            request_headers: names(&REQUEST_HEADERS),
            response_headers: names(&RESPONSE_HEADERS),
            limits: Limits::default(),
            rules: None,
            source: None,
            chaos: None,
        }
    }

    /// The service of that name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// The exact bytes of `header.json`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        document::to_bytes(self)
    }

    /// The SHA-256 of [`Header::to_bytes`]: where the tape's hash chain begins.
    #[must_use]
    pub fn genesis(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// Reads the bytes of a `header.json`.
    ///
    /// # Errors
    /// The bytes are not exactly what [`Header::to_bytes`] writes, two services have one name, or
    /// the rules are not those of their hash.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        let header: Self = document::from_bytes(bytes, FORMAT)?;
        for (at, target) in header.targets.iter().enumerate() {
            if header.targets[..at].iter().any(|it| it.name == target.name) {
                return Err(DocumentError::Contradiction("two `targets` have one name"));
            }
            if Target::new("", target.kind, &target.url, Vec::new()).map(|it| it.url)
                != Ok(target.url.clone())
            {
                return Err(DocumentError::Contradiction(
                    "the `url` of a target is not an address",
                ));
            }
        }
        if let Some(rules) = &header.rules
            && rules.sha256 != Digest::of(rules.text.as_bytes())
        {
            return Err(DocumentError::Contradiction(
                "`sha256` is not the SHA-256 of the rules beside it",
            ));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetKind;

    fn header() -> Header {
        let url = TargetKind::OpenAi.default_url().unwrap();
        let variables = vec!["OPENAI_BASE_URL".into()];
        let target = Target::new("openai", TargetKind::OpenAi, url, variables).unwrap();
        Header {
            rules: Some(RulesText::new("[[drop]]\n".into())),
            ..Header::new(vec!["python".into(), "agent.py".into()], vec![target])
        }
    }

    fn refusal(text: &str) -> String {
        Header::from_bytes(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn bytes_are_read_back_and_say_what_they_are() {
        let bytes = header().to_bytes();
        assert!(bytes.starts_with(b"{\"format\":\"turingos.exchange/1\",\"kind\":\"exchange\","));
        let read = Header::from_bytes(&bytes).unwrap();
        assert_eq!((&read, read.genesis()), (&header(), Digest::of(&bytes)));
    }

    #[test]
    fn contradicting_headers_are_refused() {
        let text = String::from_utf8(header().to_bytes()).unwrap();
        let rules = text.replace("[[drop]]", "[[crop]]");
        assert_eq!(
            refusal(&rules),
            "`sha256` is not the SHA-256 of the rules beside it"
        );
        let twice = Header {
            targets: [header().targets, header().targets].concat(),
            ..header()
        };
        let twice = String::from_utf8(twice.to_bytes()).unwrap();
        assert_eq!(refusal(&twice), "two `targets` have one name");
        let url = text.replace("https://api", "https://me@api");
        assert_eq!(refusal(&url), "the `url` of a target is not an address");
        let newer = text.replace("exchange/1", "exchange/2");
        assert!(refusal(&newer).contains("newer version"));
        let other = text.replace("\"kind\":\"exchange\"", "\"kind\":\"soak\"");
        assert!(refusal(&other).contains("not a valid document"));
    }
}
