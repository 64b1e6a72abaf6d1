//! Retry, back-off and rate limits: integer microseconds on whatever clock the caller runs.
//!
//! Does not sleep and reads no clock.

use serde::{Deserialize, Serialize};

use turingos_draws::Draws;

/// How a lane's calls are bounded and repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryConfig {
    /// How long one call may take, in microseconds.
    pub timeout_us: u64,
    /// How many calls a lane gets for one tick, the first included.
    pub max_attempts: u32,
    /// The first pause between two calls, in microseconds; each further one doubles.
    pub backoff_us: u64,
    /// The longest pause of the back-off, in microseconds.
    pub max_backoff_us: u64,
    /// The longest `Retry-After` that is waited for, in microseconds; a longer one ends the lane's
    /// calls for the tick.
    pub max_retry_after_us: u64,
}

impl Default for RetryConfig {
    /// The bounds that public client libraries use: 2 retries or more, half a second doubled up
    /// to 8 seconds, and a `Retry-After` of up to 120 seconds.
    fn default() -> Self {
        Self {
            timeout_us: 30_000_000,
            max_attempts: 4,
            backoff_us: 500_000,
            max_backoff_us: 8_000_000,
            max_retry_after_us: 120_000_000,
        }
    }
}

impl RetryConfig {
    /// The pause after `attempt` (from 0) failed: what the provider asked for, else an exponential
    /// back-off of which the upper half is drawn. `None` if the provider asked for too long.
    pub(crate) fn pause_us(
        &self,
        attempt: u32,
        retry_after_us: Option<u64>,
        jitter: &mut Draws,
    ) -> Option<u64> {
        if let Some(asked) = retry_after_us {
            return (asked <= self.max_retry_after_us).then_some(asked);
        }
        let doubled = 1_u64
            .checked_shl(attempt)
            .and_then(|factor| self.backoff_us.checked_mul(factor))
            .unwrap_or(self.max_backoff_us)
            .min(self.max_backoff_us);
        let half = doubled / 2;
        let drawn = jitter.below(u32::try_from(half).unwrap_or(u32::MAX));
        Some(half + u64::from(drawn))
    }
}

/// How many calls a lane takes, in the long run and at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneLimit {
    /// The steady rate, in calls a minute; at least 1.
    pub calls_per_minute: u32,
    /// How many calls may come at once after a rest; at least 1.
    pub burst: u32,
}

/// A lane's rate limit: the generic cell rate algorithm in integers.
#[derive(Clone, Debug)]
pub(crate) struct RateLimit {
    interval_us: u64,
    tolerance_us: u64,
    /// When the bucket will be full again, in the caller's microseconds.
    full_at_us: u64,
}

impl RateLimit {
    /// A rested lane.
    #[must_use]
    pub(crate) fn new(limit: &LaneLimit) -> Self {
        let interval_us = 60_000_000 / u64::from(limit.calls_per_minute.max(1));
        Self {
            interval_us,
            tolerance_us: interval_us * u64::from(limit.burst.max(1) - 1),
            full_at_us: 0,
        }
    }

    /// Takes a call's place at `now_us`; returns how long the call has to wait, in microseconds.
    pub(crate) fn reserve(&mut self, now_us: u64) -> u64 {
        let full_at = self.full_at_us.max(now_us);
        self.full_at_us = full_at + self.interval_us;
        (full_at - now_us).saturating_sub(self.tolerance_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_draws::Stream;

    #[test]
    fn pauses_double_up_to_the_cap_with_the_upper_half_drawn() {
        let config = RetryConfig::default();
        let mut jitter = Draws::new(1, Stream::RetryJitter);
        for (attempt, full) in [
            (0, 500_000),
            (1, 1_000_000),
            (4, 8_000_000),
            (63, 8_000_000),
        ] {
            let pause = config
                .pause_us(attempt, None, &mut jitter)
                .expect("bounded");
            assert!((full / 2..full).contains(&pause), "{attempt}: {pause}");
        }
    }

    #[test]
    fn retry_after_is_honoured_up_to_its_bound_and_draws_nothing() {
        let config = RetryConfig::default();
        let mut jitter = Draws::new(1, Stream::RetryJitter);
        assert_eq!(config.pause_us(3, Some(7), &mut jitter), Some(7));
        let too_long = config.max_retry_after_us + 1;
        assert_eq!(config.pause_us(0, Some(too_long), &mut jitter), None);
        assert_eq!(jitter.drawn(), 0);
    }

    #[test]
    fn burst_passes_then_the_rate_limits() {
        let mut limit = RateLimit::new(&LaneLimit {
            calls_per_minute: 60,
            burst: 2,
        });
        assert_eq!(limit.reserve(0), 0);
        assert_eq!(limit.reserve(0), 0);
        assert_eq!(limit.reserve(0), 1_000_000);
        assert_eq!(limit.reserve(2_000_000), 0);
        let mut rested = RateLimit::new(&LaneLimit {
            calls_per_minute: 60,
            burst: 1,
        });
        assert_eq!(rested.reserve(10_000_000), 0);
        assert_eq!(rested.reserve(10_500_000), 500_000);
    }
}
