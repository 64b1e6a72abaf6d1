//! Wilson's score interval in integers.
//!
//! E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

/// The square of 1.959964, the quantile of a 95 % interval, times [`SCALE`].
const Z_SQUARED: u128 = 3_841_459;
const SCALE: u128 = 1_000_000;

/// The 95 % interval of the share of `hits` in `runs`, in ten-thousandths, rounded outwards; all of
/// 0 to 10,000 without a run.
#[must_use]
pub(crate) fn interval_per_10000(hits: u64, runs: u64) -> (u64, u64) {
    let (hits, runs) = (u128::from(hits.min(runs)), u128::from(runs));
    if runs == 0 {
        return (0, 10_000);
    }
    // (2k + z^2 -+ z sqrt(z^2 + 4k(n - k) / n)) / (2 (n + z^2)), everything times SCALE.
    let middle = 2 * hits * SCALE + Z_SQUARED;
    let spread = Z_SQUARED * (Z_SQUARED + 4 * hits * (runs - hits) * SCALE / runs);
    let half = spread.isqrt() + 1;
    let whole = 2 * (runs * SCALE + Z_SQUARED);
    let low = match hits {
        0 => 0,
        _ => middle.saturating_sub(half) * 10_000 / whole,
    };
    let high = match runs - hits {
        0 => 10_000,
        _ => ((middle + half) * 10_000).div_ceil(whole).min(10_000),
    };
    let narrow = |value: u128| u64::try_from(value).unwrap_or(10_000);
    (narrow(low), narrow(high))
}

#[cfg(test)]
mod tests {
    use super::interval_per_10000;

    #[test]
    fn interval_is_that_of_published_tables() {
        // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29.
        for (hits, runs, low, high) in [
            (81, 263, 2_553, 3_662),
            (15, 148, 624, 1_605),
            (0, 20, 0, 1_611),
            (1, 29, 61, 1_718),
        ] {
            let (found_low, found_high) = interval_per_10000(hits, runs);
            assert!(found_low.abs_diff(low) <= 1, "{hits}/{runs}: {found_low}");
            assert!(
                found_high.abs_diff(high) <= 1,
                "{hits}/{runs}: {found_high}"
            );
        }
        assert_eq!(interval_per_10000(0, 0), (0, 10_000));
        assert_eq!(interval_per_10000(100, 100).1, 10_000);
    }
}
