//! Documents that other verbs leave behind: the account of a shrink, and a fork curve.
//!
//! They are read strictly, and only shown: nothing here can be computed again from one run.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use turingos::Digest;
use turingos_run::Fingerprint;

/// No such document is longer, in bytes.
pub const MAX_DOCUMENT_BYTES: u64 = 16 * 1024 * 1024;

/// A curve with more fork ticks is not shown.
const MAX_POINTS: usize = 10_000;

/// What `sim shrink` did to get at a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShrinkAccount {
    format: String,
    /// What fails.
    pub failure: Fingerprint,
    /// Whether no single fault can be taken out.
    pub minimal: bool,
    /// How many runs the search made.
    pub runs: u64,
    /// The run that was shrunk.
    pub original: RunSize,
    /// The run that is left.
    pub smallest: RunSize,
    /// The faults that are left.
    pub faults: Vec<RemainingFault>,
    /// The kinds of fault that are off.
    pub off: Vec<String>,
    /// The parts of the scenario that are left.
    pub parts: Vec<String>,
    /// The original and each smaller run, in the order in which they were found.
    pub history: Vec<SearchStep>,
    /// The command that repeats the smallest run.
    pub reproduce: String,
}

/// A run, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSize {
    /// Its root.
    pub root: Digest,
    /// How many faults are injected.
    pub faults: u64,
    /// How many ticks it has.
    pub ticks: u64,
    /// How many parts its scenario has.
    pub parts: u64,
}

/// A fault that is left.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemainingFault {
    /// The tick in which it begins.
    pub tick: u64,
    /// Its kind.
    pub kind: String,
    /// `noise`, `provider` or `world`.
    pub class: String,
    /// Whether the failure needs it; `None` if that was not tried.
    pub necessary: Option<bool>,
}

/// A smaller run that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchStep {
    /// What was made smaller.
    pub stage: String,
    /// How many runs had been made.
    pub runs: u64,
    /// How many faults were left.
    pub faults: u64,
    /// How many ticks were left.
    pub ticks: u64,
    /// How many parts of the scenario were left.
    pub parts: u64,
}

/// The share of failures by fork tick.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkCurve {
    format: String,
    /// The root of the run that was forked.
    pub parent: Digest,
    /// How it failed, if it did.
    #[serde(deserialize_with = "Option::deserialize")]
    pub failure: Option<Fingerprint>,
    /// The first fork tick.
    pub first: u64,
    /// The last one that was wanted.
    pub last: u64,
    /// How many seeds were tried at each.
    pub seeds: u64,
    /// Whether every fork tick was tried.
    pub complete: bool,
    /// The tick at which the share rises most, if it rises beyond chance.
    #[serde(deserialize_with = "Option::deserialize")]
    pub turning_point: Option<u64>,
    /// What was found at each fork tick.
    pub points: Vec<CurvePoint>,
}

/// The forks at one tick.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// The first tick with another seed.
    pub tick: u64,
    /// How many seeds were tried.
    pub runs: u64,
    /// How many runs failed.
    pub failed: u64,
    /// How many failed as the parent did.
    pub failed_alike: u64,
    /// The share that failed, in ten-thousandths.
    pub share_per_10000: u64,
    /// The lower end of its 95 % interval.
    pub low_per_10000: u64,
    /// The upper end.
    pub high_per_10000: u64,
}

impl ShrinkAccount {
    /// The file beside the others of a run that `sim shrink` wrote.
    pub const FILE: &str = "shrink.json";

    /// Reads an account.
    ///
    /// # Errors
    /// The bytes are none; the text says why.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let account: Self = read(bytes)?;
        expect_format(&account.format, "turingos.shrink-report/1")?;
        Ok(account)
    }
}

impl ForkCurve {
    /// Reads a fork curve.
    ///
    /// # Errors
    /// The bytes are none; the text says why.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let curve: Self = read(bytes)?;
        expect_format(&curve.format, "turingos.fork-curve/1")?;
        if curve.points.len() > MAX_POINTS {
            let found = curve.points.len();
            return Err(format!("has {found} fork ticks, more than {MAX_POINTS}"));
        }
        let ticks = || curve.points.iter().map(|point| point.tick);
        let is_ordered = ticks().zip(ticks().skip(1)).all(|(one, next)| one < next);
        let is_within = ticks().all(|tick| (curve.first..=curve.last).contains(&tick));
        match is_ordered && is_within {
            true => Ok(curve),
            false => Err("has fork ticks that are out of order or range".to_owned()),
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn expect_format(found: &str, expected: &str) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("its format is `{found}`, expected `{expected}`")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A fork curve over ticks 10 to 13 of the run with this root.
    pub(in crate::report) fn curve(root: &str) -> String {
        let point = |tick: u64, failed: u64| {
            format!(
                "{{\"tick\":{tick},\"runs\":10,\"failed\":{failed},\"failed_alike\":{failed},\
                 \"share_per_10000\":{0},\"low_per_10000\":{1},\"high_per_10000\":{0}}}",
                failed * 1_000,
                failed * 500
            )
        };
        let points: Vec<_> = [(10, 1), (11, 2), (12, 9), (13, 10)]
            .map(|(tick, failed)| point(tick, failed))
            .into();
        format!(
            "{{\"format\":\"turingos.fork-curve/1\",\"parent\":\"{root}\",\"failure\":null,\
             \"first\":10,\"last\":13,\"seeds\":10,\"complete\":true,\"turning_point\":12,\
             \"points\":[{}]}}\n",
            points.join(",")
        )
    }

    /// The account of a search that ended with the run with this root.
    pub(in crate::report) fn account(root: &str) -> String {
        format!(
            "{{\"format\":\"turingos.shrink-report/1\",\"failure\":{{\"gate\":\"halted\",\
             \"trap\":{{\"kind\":\"CPU_FAULT\",\"code\":\"TRUNCATED\"}}}},\"minimal\":true,\
             \"runs\":40,\"original\":{{\"root\":\"{root}\",\"faults\":300,\"ticks\":250,\
             \"parts\":4}},\"smallest\":{{\"root\":\"{root}\",\"faults\":1,\"ticks\":20,\
             \"parts\":1}},\"faults\":[{{\"tick\":3,\"kind\":\"<b>lost\",\"class\":\"noise\",\
             \"necessary\":true}}],\"off\":[\"loop\"],\"parts\":[\"step 1\"],\"history\":[{{\"stage\":\"original\",\
             \"runs\":0,\"faults\":300,\"ticks\":250,\"parts\":4}},{{\"stage\":\"faults\",\
             \"runs\":40,\"faults\":1,\"ticks\":20,\"parts\":1}}],\"reproduce\":\"sim run x\"}}\n"
        )
    }

    #[test]
    fn documents_are_read_strictly() {
        let root = Digest::EMPTY.to_string();
        let curve = curve(&root);
        assert_eq!(
            ForkCurve::from_bytes(curve.as_bytes())
                .unwrap()
                .points
                .len(),
            4
        );
        let account = account(&root);
        assert_eq!(
            ShrinkAccount::from_bytes(account.as_bytes()).unwrap().runs,
            40
        );
        for (from, to) in [
            ("\"tick\":11", "\"tick\":10"),
            ("\"tick\":13", "\"tick\":14"),
            ("fork-curve/1", "fork-curve/2"),
            ("\"seeds\"", "\"seads\""),
            ("\"turning_point\":12,", ""),
        ] {
            let other = curve.replace(from, to);
            assert_ne!(other, curve);
            assert!(ForkCurve::from_bytes(other.as_bytes()).is_err(), "{other}");
        }
        assert!(ShrinkAccount::from_bytes(curve.as_bytes()).is_err());
    }
}
