//! Shares on the command line: `5%` and `0.05` are the same, read as text.
//!
//! A share is in ten-thousandths everywhere else; no float is ever involved.

use turingos_run::fixed_point::Decimal;

/// A share of one, in ten-thousandths.
pub(super) const WHOLE: u16 = 10_000;

/// Reads a share from 0 to 1 with at most four decimals, or the same in percent with at most two.
pub(super) fn parse(text: &str) -> Result<u16, String> {
    let (number, decimals) = match text.strip_suffix('%') {
        Some(percent) => (percent, 2),
        None => (text, 4),
    };
    let share = Decimal::read(number)
        .filter(|share| share.whole_digits() <= 3 && share.decimals() <= decimals)
        .and_then(|share| u16::try_from(share.scaled(decimals)?).ok());
    share.filter(|share| *share <= WHOLE).ok_or_else(|| {
        "a share is a number from 0 to 1 such as 0.05, or a percentage such as 5%".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_run::scenario::{MAX_NOISE, noise_text};

    #[test]
    fn fractions_and_percentages_are_the_same_shares() {
        for (share, fraction, percent) in [
            (0, "0", "0%"),
            (1, "0.0001", "0.01%"),
            (500, "0.05", "5%"),
            (1_250, "0.125", "12.5%"),
            (3_000, "0.3", "30.00%"),
            (10_000, "1", "100%"),
        ] {
            assert_eq!(parse(fraction), Ok(share));
            assert_eq!(parse(percent), Ok(share));
            assert_eq!(parse(&noise_text(share)), Ok(share));
        }
        assert_eq!(parse("0.50"), Ok(5_000));
        assert_eq!(parse("0.0"), Ok(0));
        assert_eq!(WHOLE, MAX_NOISE);
    }

    #[test]
    fn other_input_is_refused() {
        for other in [
            "", ".", ".5", "1.", "-0", "+0.1", "0,5", "%", "5 %", "5%%", "1.0001", "2", "10",
            "500", "0.00001", "1e-2", "x", "101%", "0.001%", "0001%",
        ] {
            assert!(parse(other).is_err(), "{other}");
        }
    }
}
