//! Trouble on purpose, as arguments say it: `--chaos 5%`, `--kinds`, `--chaos-at CALL:KIND`, `--seed`.

use clap::Args;

use crate::share::{self, WHOLE};
use crate::soak::report::percent;
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_replayer::ChaosPlan;

/// The seed where none is given.
pub(crate) const DEFAULT_SEED: u64 = 42;

/// What goes wrong on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct ChaosArgs {
    /// The share of calls that fail, such as 5% or 0.05: late, 429 with Retry-After, 500, 503, 529,
    /// resets, cut bodies, malformed JSON, mid-stream errors. Which ones is a function of the seed
    /// and the request.
    #[arg(long, value_name = "SHARE", value_parser = share::parse)]
    pub(crate) chaos: Option<u16>,
    /// The kinds that `--chaos` draws from instead of those, separated by commas; the others are
    /// hang, stall, slow_chunks, quota_exhausted, gateway_page, empty_body, refusal,
    /// length_truncated.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
    #[arg(requires = "chaos")]
    pub(crate) kinds: Vec<ChaosKind>,
    /// Let one call fail in this way, once: the exchange with this number on the tape, or the call
    /// with this number of those that go to a service, from 0. May be repeated.
    #[arg(long, value_name = "CALL:KIND", value_parser = planned)]
    pub(crate) chaos_at: Vec<(u64, ChaosKind)>,
    /// The seed of the faults; 42 if absent.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

impl ChaosArgs {
    /// The plan.
    #[must_use]
    pub(crate) fn plan(&self) -> ChaosPlan {
        let chaos = match (self.chaos, &self.kinds[..]) {
            (None, _) => Chaos::NONE,
            (Some(rate), []) => Chaos::spread(rate.into()),
            (Some(rate), kinds) => Chaos::of_kinds(rate.into(), kinds),
        };
        ChaosPlan {
            chaos,
            seed: self.seed.unwrap_or(DEFAULT_SEED),
            at: self.chaos_at.clone(),
        }
    }
}

impl ChaosArgs {
    /// The arguments that say the same.
    #[must_use]
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut push = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        if let Some(rate) = self.chaos {
            push(
                "--chaos",
                format!("{}%", percent(rate.into(), WHOLE.into())),
            );
        }
        if !self.kinds.is_empty() {
            let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.name()).collect();
            push("--kinds", kinds.join(","));
        }
        for (call, kind) in &self.chaos_at {
            push("--chaos-at", format!("{call}:{}", kind.name()));
        }
        if let Some(seed) = self.seed {
            push("--seed", seed.to_string());
        }
        words
    }
}

/// Reads the name of a kind.
pub(crate) fn kind(name: &str) -> Result<ChaosKind, String> {
    ChaosKind::named(name).ok_or_else(|| {
        let names: Vec<_> = ChaosKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

/// Reads the number of a call and a kind.
pub(crate) fn planned(text: &str) -> Result<(u64, ChaosKind), String> {
    let (call, name) = text
        .split_once(':')
        .ok_or("a call and a kind, such as 3:rate_limited")?;
    let call = call
        .parse()
        .map_err(|_| format!("`{call}` is not the number of an exchange"))?;
    Ok((call, kind(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planned_faults_are_a_number_and_a_kind() {
        assert_eq!(planned("3:stall"), Ok((3, ChaosKind::Stall)));
        for text in ["3", "x:stall", "3:", "3:boom", ":stall"] {
            assert!(planned(text).is_err(), "{text}");
        }
    }
}
