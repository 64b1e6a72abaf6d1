//! The spending of a live run, tokens and money, in integers.
//!
//! It is an upper bound: a call counts with its highest possible cost until the provider reports
//! its usage, and keeps that if the provider never does.

use turingos::bus::Usage;

use turingos_run::providers::settings::{LaneSettings, Prices};

/// Bytes per token where a provider reports no usage: fewer than any tokenizer uses for English or
/// JSON.
const BYTES_PER_TOKEN: u64 = 3;

/// The most bytes of text that a token stands for on average: a report of fewer tokens than that is
/// not believed.
const MOST_BYTES_PER_TOKEN: u64 = 8;

/// The most bytes of a body that a token takes: a streamed one has an event of a few hundred bytes
/// for each. A longer body is padded, and its padding is paid for.
const MOST_BODY_BYTES_PER_TOKEN: u64 = 1_024;

/// The bytes of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bytes {
    /// Of the request's body.
    pub(super) request: usize,
    /// Of the texts in it that the model reads.
    pub(super) prompt: usize,
    /// Of the reply's text.
    pub(super) text: usize,
    /// Of the response's body.
    pub(super) body: usize,
}

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Tokens of requests and replies.
    pub tokens: u64,
    /// Their cost in millionths of a micro-dollar, so that sums are exact.
    cost: u128,
}

impl Spending {
    /// The most that one call of `lane` with a body of `bytes` can use: its estimated input and its
    /// output limit.
    #[must_use]
    pub(super) fn at_most(lane: &LaneSettings, bytes: usize) -> Self {
        let input = (bytes as u64).div_ceil(BYTES_PER_TOKEN);
        let output = lane.provider.max_output_tokens.into();
        Self::of(input, output, lane.prices)
    }

    /// The usage that the provider reported, of a call with so many bytes. A missing number is
    /// estimated, and one that is too small for the bytes is raised.
    #[must_use]
    pub(super) fn reported(lane: &LaneSettings, usage: Usage, bytes: Bytes) -> Self {
        let estimate = |bytes: usize| (bytes as u64).div_ceil(BYTES_PER_TOKEN);
        let least = |bytes: usize| bytes as u64 / MOST_BYTES_PER_TOKEN;
        let padding = bytes.body as u64 / MOST_BODY_BYTES_PER_TOKEN;
        let input = usage
            .input_tokens
            .unwrap_or_else(|| estimate(bytes.request));
        let output = usage.output_tokens.unwrap_or_else(|| estimate(bytes.text));
        Self::of(
            input.max(least(bytes.prompt)),
            output.max(least(bytes.text)).max(padding),
            lane.prices,
        )
    }

    fn of(input: u64, output: u64, prices: Prices) -> Self {
        let cost = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        Self {
            tokens: input.saturating_add(output),
            cost: cost(input, prices.input).saturating_add(cost(output, prices.output)),
        }
    }

    /// The cost in micro-dollars, rounded up.
    #[must_use]
    pub fn micro_dollars(self) -> u64 {
        u64::try_from(self.cost.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// The sum.
    #[must_use]
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost.saturating_add(other.cost),
        }
    }

    /// The difference.
    #[must_use]
    pub(super) const fn minus(self, part: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(part.tokens),
            cost: self.cost.saturating_sub(part.cost),
        }
    }
}

/// The most a run may use. It is checked between ticks, so a run may exceed it by the calls of one
/// tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// The most tokens.
    pub tokens: Option<u64>,
    /// The most money, in micro-dollars.
    pub micro_dollars: Option<u64>,
    /// The longest tape, in bytes.
    pub tape_bytes: Option<u64>,
}

impl Budget {
    /// The part of the budget that is used up, if any.
    #[must_use]
    pub(super) fn exceeded_by(self, spending: Spending, tape_bytes: u64) -> Option<&'static str> {
        let is_used_up = |limit: Option<u64>, used| limit.is_some_and(|limit| used >= limit);
        if is_used_up(self.tokens, spending.tokens) {
            Some("token budget used up")
        } else if is_used_up(self.micro_dollars, spending.micro_dollars()) {
            Some("cost budget used up")
        } else if is_used_up(self.tape_bytes, tape_bytes) {
            Some("tape limit reached")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_run::providers::Settings;

    fn lane() -> LaneSettings {
        let text = "version = 1\n[lane.p]\nkind = \"openai\"\nmodel = \"m\"\n\
                    max_output_tokens = 100\ninput_price = 150000\noutput_price = 600001\n";
        Settings::parse(text.as_bytes()).unwrap().lanes.p
    }

    #[test]
    fn costs_are_rounded_up_once() {
        let usage = Usage {
            input_tokens: Some(10),
            output_tokens: Some(1),
        };
        let one = Spending::reported(&lane(), usage, Bytes::default());
        assert_eq!(one.tokens, 11);
        // 1.5 + 0.600001 micro-dollars.
        assert_eq!(one.micro_dollars(), 3);
        let ten = (0..10).fold(Spending::default(), |sum, _| sum.plus(one));
        assert_eq!(ten.micro_dollars(), 22);
        assert_eq!(
            ten.minus(one),
            (0..9).fold(Spending::default(), |sum, _| sum.plus(one))
        );
    }

    #[test]
    fn missing_usage_is_estimated_upwards() {
        let at_most = Spending::at_most(&lane(), 7);
        assert_eq!(at_most.tokens, 3 + 100);
        let bytes = Bytes {
            request: 7,
            prompt: 3,
            text: 10,
            body: 200,
        };
        let unknown = Spending::reported(&lane(), Usage::default(), bytes);
        assert_eq!(unknown.tokens, 3 + 4);
    }

    #[test]
    fn usage_too_small_for_the_bytes_is_raised() {
        let tokens = |input, output, bytes| {
            let usage = Usage {
                input_tokens: Some(input),
                output_tokens: Some(output),
            };
            Spending::reported(&lane(), usage, bytes).tokens
        };
        let bytes = Bytes {
            request: 9_000,
            prompt: 8_000,
            text: 800,
            body: 80_000,
        };
        assert_eq!(tokens(0, 0, bytes), 1_000 + 100);
        assert_eq!(tokens(1_001, 101, bytes), 1_102);
        let padded = Bytes {
            body: 4 * 1024 * 1024,
            ..bytes
        };
        assert_eq!(tokens(1_001, 101, padded), 1_001 + 4_096);
    }

    #[test]
    fn budget_is_inclusive() {
        let used = Spending::at_most(&lane(), 0);
        let of = |tokens, micro_dollars| {
            let budget = Budget {
                tokens,
                micro_dollars,
                tape_bytes: Some(10),
            };
            budget.exceeded_by(used, 9)
        };
        let tape = Budget {
            tape_bytes: Some(10),
            ..Budget::default()
        };
        assert_eq!(tape.exceeded_by(used, 10), Some("tape limit reached"));
        assert_eq!(of(None, None), None);
        assert_eq!(of(Some(101), Some(1_000)), None);
        assert_eq!(of(Some(100), None), Some("token budget used up"));
        assert_eq!(of(None, Some(61)), Some("cost budget used up"));
    }
}
