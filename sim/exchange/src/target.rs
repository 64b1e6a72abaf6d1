//! The services that an agent calls: providers by kind, and other HTTP services by name.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use thiserror::Error;
use url::Url;

/// The protocol of a service, which decides its default address and variables.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum TargetKind {
    /// OpenAI's API, and every server that speaks it.
    OpenAi,
    /// Anthropic's API.
    Anthropic,
    /// Ollama's API.
    Ollama,
    /// Google's Gemini API.
    Gemini,
    /// Any other HTTP service, under a name of the user's.
    Service,
}

impl TargetKind {
    /// Every provider, whose name is that of its kind.
    pub const PROVIDERS: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Ollama, Self::Gemini];

    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The kind as it is written in headers and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The provider's own address; none for a service.
    #[must_use]
    pub const fn default_url(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com"),
            Self::Ollama => Some("http://127.0.0.1:11434"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com"),
            Self::Service => None,
        }
    }

    /// The environment variables in which clients look for the address.
    #[must_use]
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
            Self::Anthropic => &["ANTHROPIC_BASE_URL"],
            Self::Ollama => &["OLLAMA_HOST", "OLLAMA_API_BASE"],
            Self::Gemini => &["GOOGLE_GEMINI_BASE_URL"],
            Self::Service => &[],
        }
    }

    /// The environment variables in which clients look for a key.
    #[must_use]
    pub const fn key_variables(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["OPENAI_API_KEY"],
            Self::Anthropic => &["ANTHROPIC_API_KEY"],
            Self::Gemini => &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            Self::Ollama | Self::Service => &[],
        }
    }

    /// The path that an address without one stands for, as clients of that kind expect it.
    const fn usual_path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1",
            _ => "",
        }
    }
}

/// A service whose traffic is recorded. A request goes to the origin of its address, with the path
/// that the agent asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The name, unique in a recording.
    pub name: String,
    /// The protocol.
    pub kind: TargetKind,
    /// The address as an agent would be given it without the recorder, without a slash at its end.
    pub url: String,
    /// The environment variables that give the agent the recorder's address in its place.
    pub variables: Vec<String>,
}

/// Why a text is not the address of a service.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotATarget {
    /// Not a URL.
    #[error("{0}")]
    NotAUrl(url::ParseError),
    /// A scheme that is not spoken.
    #[error("not an http:// or https:// address")]
    OtherScheme,
    /// A user name or a password, which would be recorded.
    #[error("has a user name or a password in it; pass it in a header instead")]
    HasPassword,
    /// A query or a fragment, which requests bring themselves.
    #[error("has a `?` or a `#` part, which a base address cannot have")]
    HasQuery,
}

impl Target {
    /// A service at `url`. An address without a path gets the one that is usual for its kind.
    ///
    /// # Errors
    /// [`NotATarget`]: what is wrong with the address.
    pub fn new(
        name: impl Into<String>,
        kind: TargetKind,
        url: &str,
        variables: Vec<String>,
    ) -> Result<Self, NotATarget> {
        let parsed = Url::parse(url).map_err(NotATarget::NotAUrl)?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(NotATarget::OtherScheme);
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(NotATarget::HasPassword);
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(NotATarget::HasQuery);
        }
        let path = match parsed.path().trim_end_matches('/') {
            "" => kind.usual_path(),
            path => path,
        };
        let origin = parsed.origin().ascii_serialization();
        Ok(Self {
            name: name.into(),
            kind,
            url: format!("{origin}{path}"),
            variables,
        })
    }

    /// The address up to its path: `https://api.openai.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        let (origin, _) = self.url.split_at(self.path_start());
        origin
    }

    /// The path of the address, `/v1`, or nothing.
    #[must_use]
    pub fn base_path(&self) -> &str {
        let (_, path) = self.url.split_at(self.path_start());
        path
    }

    fn path_start(&self) -> usize {
        let after_scheme = self.url.find("://").map_or(0, |at| at + 3);
        let path = self.url[after_scheme..].find('/');
        path.map_or(self.url.len(), |at| after_scheme + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: TargetKind, url: &str) -> Result<Target, NotATarget> {
        Target::new("x", kind, url, Vec::new())
    }

    #[test]
    fn address_is_split_into_origin_and_path() {
        for (kind, url, origin, path) in [
            (
                TargetKind::OpenAi,
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "/v1",
            ),
            (
                TargetKind::OpenAi,
                "https://gateway/openai/v1/",
                "https://gateway",
                "/openai/v1",
            ),
            (
                TargetKind::Anthropic,
                "https://api.anthropic.com/",
                "https://api.anthropic.com",
                "",
            ),
            (
                TargetKind::Service,
                "HTTPS://Search.Example:443/v2",
                "https://search.example",
                "/v2",
            ),
            (
                TargetKind::Service,
                "http://[::1]:7/a//b",
                "http://[::1]:7",
                "/a//b",
            ),
        ] {
            let target = target(kind, url).unwrap();
            assert_eq!(
                (target.origin(), target.base_path()),
                (origin, path),
                "{url}"
            );
        }
    }

    #[test]
    fn default_addresses_are_targets() {
        for kind in TargetKind::PROVIDERS {
            let url = kind.default_url().unwrap();
            assert_eq!(target(kind, url).unwrap().url, url);
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for (url, reason) in [
            ("ftp://x/", NotATarget::OtherScheme),
            ("http://me:word@x/", NotATarget::HasPassword),
            ("http://me@x/", NotATarget::HasPassword),
            ("http://x/?key=1", NotATarget::HasQuery),
            ("http://x/#a", NotATarget::HasQuery),
        ] {
            assert_eq!(target(TargetKind::Service, url), Err(reason), "{url}");
        }
        assert!(target(TargetKind::Service, "127.0.0.1:80").is_err());
        assert!(target(TargetKind::Service, "").is_err());
    }
}
