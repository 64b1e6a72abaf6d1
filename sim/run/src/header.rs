//! The run header: together with the tape, everything a journal follows from.
//!
//! Its digest is the genesis of the run's hash chains. Never holds a date, a host name, an address
//! or a key; the only path in it is that of a scenario file, as it was typed.

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use turingos::Digest;

use super::document::{self, DocumentError, Format};

const FORMAT: Format = Format {
    name: "turingos.run",
    version: 1,
};

/// What kind of run a header describes; its `kind` member.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum RunKind {
    /// Missions drawn from a seed, in a simulated world.
    Soak,
    /// A scenario carried out by a seeded agent.
    Scenario,
    /// A scenario or a mission carried out by real providers.
    Live,
    /// Another run with changes.
    Fork,
}

impl RunKind {
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The kind as it is written in headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The resolved configuration of one kind of run.
pub trait RunConfig: Serialize + DeserializeOwned {
    /// The kind whose headers hold this configuration.
    const KIND: RunKind;

    /// The words of the command that repeats the run of `header`. `recording` is the directory of
    /// the run, if it has one: a run with inputs from outside is repeated from its recording.
    fn command(header: &Header<Self>, recording: Option<&Path>) -> Vec<String>;
}

/// Everything that determines a run, besides its tape.
///
/// `C` is the resolved configuration: plain structs of numbers, text and lists, every default
/// written out, so that a later change of a default does not change an old run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header<C> {
    format: String,
    kind: RunKind,
    /// What every stream of randomness is derived from.
    pub seed: u64,
    /// How many ticks were asked for. A halt may end the run earlier.
    pub ticks: u64,
    /// Which mixture of missions and faults.
    pub profile: Profile,
    /// The resolved configuration.
    pub config: C,
    /// The name of the scripted scenario, if the run follows one.
    pub scenario: Option<String>,
    /// The digest of the initial world.
    pub world: Digest,
}

impl<C: RunConfig> Header<C> {
    /// A header of the current format version.
    #[must_use]
    pub fn new(
        seed: u64,
        ticks: u64,
        profile: Profile,
        config: C,
        scenario: Option<String>,
        world: Digest,
    ) -> Self {
        Self {
            format: FORMAT.text(),
            kind: C::KIND,
            seed,
            ticks,
            profile,
            config,
            scenario,
            world,
        }
    }
}

impl<C: Serialize> Header<C> {
    /// The exact bytes of `header.json`: compact, members in the order above, one newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        document::to_bytes(self)
    }

    /// The SHA-256 of [`Header::to_bytes`]: where the hash chains of this run begin.
    #[must_use]
    pub fn genesis(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }
}

impl<C: RunConfig> Header<C> {
    /// Reads the bytes of a `header.json`. `C` should deny unknown fields as this struct does.
    ///
    /// # Errors
    /// The bytes are not exactly what [`Header::to_bytes`] writes, or the header is of another
    /// kind or version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DocumentError> {
        let kind = header_kind(bytes)?;
        if kind != C::KIND {
            return Err(DocumentError::OtherKind {
                found: kind.name(),
                expected: C::KIND.name(),
            });
        }
        document::from_bytes(bytes, FORMAT)
    }

    /// The command that repeats the run, quoted for a shell. `recording` is the directory of the
    /// run, if it has one.
    #[must_use]
    pub fn command(&self, recording: Option<&Path>) -> String {
        let words = C::command(self, recording);
        // A forged header may hold a NUL byte, which no shell can pass on.
        let words: Vec<_> = words.iter().map(|word| word.replace('\0', "")).collect();
        shlex::try_join(words.iter().map(String::as_str)).expect("no word holds a NUL byte")
    }
}

/// The kind that a header says it is of.
///
/// # Errors
/// The bytes are not a header of this version, or not of a known kind.
pub(crate) fn header_kind(bytes: &[u8]) -> Result<RunKind, DocumentError> {
    #[derive(Deserialize)]
    struct Probe {
        kind: String,
    }
    document::expect_format(bytes, FORMAT)?;
    let Probe { kind } = serde_json::from_slice(bytes)?;
    let known = RunKind::ALL
        .iter()
        .copied()
        .find(|known| known.name() == kind);
    known.ok_or_else(|| DocumentError::UnknownKind {
        found: kind.chars().take(40).collect(),
    })
}

/// Which mixture of missions and faults a seeded run draws from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Profile {
    /// A model that mostly does its work, and now and then fails as models do.
    Routine,
    /// Every fault at once, far more often than in life.
    Hostile,
}

impl Profile {
    /// Every profile.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The profile as it is written in headers and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        time_out_us: u64,
        lanes: Vec<String>,
    }

    impl RunConfig for Settings {
        const KIND: RunKind = RunKind::Soak;

        fn command(header: &Header<Self>, recording: Option<&Path>) -> Vec<String> {
            let recording = recording.map_or(String::new(), |path| path.display().to_string());
            vec!["sim".into(), header.config.lanes.concat(), recording]
        }
    }

    fn header() -> Header<Settings> {
        let settings = Settings {
            time_out_us: 30_000_000,
            lanes: vec!["P".into(), "E".into()],
        };
        Header::new(
            u64::MAX,
            1200,
            Profile::Routine,
            settings,
            None,
            Digest::EMPTY,
        )
    }

    fn text() -> String {
        String::from_utf8(header().to_bytes()).unwrap()
    }

    fn error(text: &str) -> String {
        Header::<Settings>::from_bytes(text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn bytes_match_the_documentation() {
        let expected = "{\"format\":\"turingos.run/1\",\"kind\":\"soak\",\"seed\":18446744073709551615,\
            \"ticks\":1200,\"profile\":\"routine\",\
            \"config\":{\"time_out_us\":30000000,\"lanes\":[\"P\",\"E\"]},\"scenario\":null,\
            \"world\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n";
        assert_eq!(text(), expected);
        let read = Header::<Settings>::from_bytes(expected.as_bytes()).unwrap();
        assert_eq!(read, header());
        assert_eq!(read.genesis(), Digest::of(expected.as_bytes()));
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = text();
        for other in [
            text.replace(":1200", ": 1200"),
            text.replace("routine", "\\u0072outine"),
            text.replace("\"scenario\":null,", ""),
            text.trim_end().to_string(),
            format!("{text}\n"),
            text.replace(
                "{\"time_out_us\":30000000,\"lanes\":[\"P\",\"E\"]}",
                "[30000000,[\"P\",\"E\"]]",
            ),
        ] {
            assert!(error(&other).contains("not canonical from byte"), "{other}");
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        let text = text();
        for other in [
            text.replace("\"seed\"", "\"sead\""),
            text.replace("\"ticks\":1200,", ""),
            text.replace("\"ticks\":1200,", "\"ticks\":1200,\"ticks\":1200,"),
            text.replace("1200", "1200.0"),
            text.replace("1200", "-1"),
            text.replace("18446744073709551615", "18446744073709551616"),
            text.replace("\"lanes\"", "\"lane\""),
            text.replace("routine", "calm"),
            text.replace("e3b0", "E3B0"),
            format!("{text}{{}}"),
            text[..text.len() / 2].to_string(),
            String::new(),
        ] {
            assert!(error(&other).contains("not a valid document"), "{other}");
        }
    }

    #[test]
    fn newer_version_and_other_format_differ() {
        let newer = text().replace("run/1\"", "run/2\",\"novelty\":true");
        assert_eq!(
            error(&newer),
            "its format `turingos.run/2` is a newer version than `turingos.run/1`; \
             update this program"
        );
        let older = text().replace("turingos.run/1", "turingos.run/0");
        assert_eq!(
            error(&older),
            "its format is `turingos.run/0`, expected `turingos.run/1`"
        );
        let other = text().replace("turingos.run/1", "turingos.manifest/1");
        assert_eq!(
            error(&other),
            "its format is `turingos.manifest/1`, expected `turingos.run/1`"
        );
    }

    #[test]
    fn unknown_and_other_kinds_are_refused() {
        assert_eq!(
            error(&text().replace("\"soak\"", "\"exchange\"")),
            "its kind is `exchange`"
        );
        assert_eq!(
            error(&text().replace("\"soak\"", "\"live\"")),
            "its kind is `live`, expected `soak`"
        );
    }

    #[test]
    fn command_is_quoted_for_a_shell() {
        let mut header = header();
        header.config.lanes = vec!["a;b&c\0.json".into()];
        assert_eq!(
            header.command(Some(Path::new("my run"))),
            "sim 'a;b&c.json' 'my run'"
        );
    }

    #[test]
    fn every_member_changes_the_genesis() {
        let base = header();
        let mut other = [(); 6].map(|()| base.clone());
        other[0].seed = 1;
        other[1].ticks = 1;
        other[2].profile = Profile::Hostile;
        other[3].config.time_out_us = 1;
        other[4].scenario = Some("first".into());
        other[5].world = base.genesis();
        for other in other {
            assert_ne!(other.genesis(), base.genesis());
        }
    }
}
