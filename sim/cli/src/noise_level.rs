//! Noise levels on the command line: decimal fractions, read as text.
//!
//! A level is in ten-thousandths everywhere else; no float is ever involved.

use turingos_run::fixed_point::Decimal;
use turingos_run::scenario::MAX_NOISE;

/// Reads `0`, `1`, `0.05`: a share from 0 to 1 with at most four decimals.
pub(super) fn parse(text: &str) -> Result<u16, String> {
    let level = Decimal::read(text)
        .filter(|share| share.whole_digits() == 1 && share.decimals() <= 4)
        .and_then(|share| u16::try_from(share.scaled(4)?).ok());
    level
        .filter(|level| *level <= MAX_NOISE)
        .ok_or_else(|| "a share from 0 to 1 with at most four decimals, such as 0.05".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_run::scenario::noise_text;

    #[test]
    fn levels_are_read_and_written_without_floats() {
        for (level, written) in [
            (0, "0"),
            (1, "0.0001"),
            (500, "0.05"),
            (3_000, "0.3"),
            (10_000, "1"),
        ] {
            assert_eq!(parse(written), Ok(level));
            assert_eq!(noise_text(level), written);
        }
        assert_eq!(parse("0.50"), Ok(5_000));
        assert_eq!(parse("0.0"), Ok(0));
    }

    #[test]
    fn anything_else_is_refused() {
        for other in [
            "", ".", ".5", "1.", "-0", "+0.1", "0,5", "5%", "1.0001", "2", "10", "0.00001", "1e-2",
            "x",
        ] {
            assert!(parse(other).is_err(), "{other}");
        }
    }
}
