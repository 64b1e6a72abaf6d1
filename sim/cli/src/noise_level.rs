//! Noise levels on the command line: decimal fractions, read as text.
//!
//! A level is in ten-thousandths everywhere else; no float is ever involved.

use turingos_run::scenario::MAX_NOISE;

/// Reads `0`, `1`, `0.05`: a share from 0 to 1 with at most four decimals.
pub(super) fn parse(text: &str) -> Result<u16, String> {
    let wanted = || "a share from 0 to 1 with at most four decimals, such as 0.05".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_decimal =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_decimal(whole) || !is_decimal(fraction) || whole.len() > 1 || fraction.len() > 4 {
        return Err(wanted());
    }
    let whole: u16 = whole.parse().map_err(|_| wanted())?;
    let fraction: u16 = format!("{fraction:0<4}").parse().map_err(|_| wanted())?;
    let level = whole * 10_000 + fraction;
    (level <= MAX_NOISE).then_some(level).ok_or_else(wanted)
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
