//! What a run that real providers answer may use up before it is stopped.

use clap::Args;

use crate::exit::{Exit, Failure};
use turingos_live::Budget;
use turingos_run::fixed_point::Decimal;
use turingos_run::providers::Settings;

/// The limits of a run besides its ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct BudgetArgs {
    /// Stop before the next tick when this many tokens are used.
    #[arg(long, value_name = "NUMBER")]
    max_tokens: Option<u64>,
    /// Stop before the next tick when this amount is spent, at the prices in the settings file.
    #[arg(long, value_name = "DOLLARS", value_parser = micro_dollars)]
    max_cost_usd: Option<u64>,
    /// Stop before the next tick when the tape has this many bytes.
    #[arg(long, value_name = "NUMBER")]
    max_tape_bytes: Option<u64>,
}

impl BudgetArgs {
    /// The budget. A limit in dollars needs prices.
    pub(crate) fn budget(&self, settings: &Settings) -> Result<Budget, Failure> {
        let lanes = [&settings.lanes.p, &settings.lanes.e];
        let is_free = lanes.iter().any(|lane| lane.prices == Default::default());
        if self.max_cost_usd.is_some() && is_free {
            return Err(Failure::new(
                Exit::Usage,
                "--max-cost-usd needs input_price and output_price for both lanes in the settings file",
            ));
        }
        Ok(Budget {
            tokens: self.max_tokens,
            micro_dollars: self.max_cost_usd,
            tape_bytes: self.max_tape_bytes,
        })
    }
}

/// Reads dollars with at most six decimals as micro-dollars.
fn micro_dollars(text: &str) -> Result<u64, String> {
    Decimal::read(text)
        .filter(|number| number.decimals() <= 6)
        .ok_or("expected an amount such as 2.50, with at most six decimals")?
        .scaled(6)
        .ok_or_else(|| "the amount is too large".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_at_most_six_decimals() {
        for (text, micro) in [
            ("0", 0),
            ("2.5", 2_500_000),
            ("0.000001", 1),
            ("12", 12_000_000),
        ] {
            assert_eq!(micro_dollars(text), Ok(micro));
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "1.0000001",
            "99999999999999999999",
        ] {
            assert!(micro_dollars(text).is_err(), "{text}");
        }
    }
}
