//! The wait that the headers of a response ask for.
//!
//! A recording and its replay both take it from the headers, so a tape whose two members disagree was
//! edited.

use crate::fixed_point::Decimal;

/// The wait in microseconds, given the response's headers by name: `retry-after-ms`, otherwise
/// `Retry-After` in seconds, both as non-negative decimal numbers. A date is ignored, because it
/// would depend on the local clock.
#[must_use]
pub fn retry_after_us<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<u64> {
    let of = |name, decimals| {
        let number = Decimal::read(header(name)?.trim())?;
        // A wait beyond 64 bits of microseconds is as long as one of that many.
        Some(number.scaled(decimals).unwrap_or(u64::MAX))
    };
    of("retry-after-ms", 3).or_else(|| of("retry-after", 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_values() {
        let of = |name: &str, value: &'static str| {
            retry_after_us(|asked| (asked == name).then_some(value))
        };
        assert_eq!(of("retry-after", "2"), Some(2_000_000));
        assert_eq!(of("retry-after", " 0.5 "), Some(500_000));
        assert_eq!(of("retry-after-ms", "1500"), Some(1_500_000));
        assert_eq!(of("retry-after-ms", "0.2507"), Some(250));
        assert_eq!(of("retry-after", "99999999999999999999"), Some(u64::MAX));
        for no in [
            "",
            "-1",
            "+1",
            "1e3",
            ".5",
            "5.",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "NaN",
        ] {
            assert_eq!(of("retry-after", no), None, "{no:?}");
        }
        let both = |name: &str| Some(if name == "retry-after" { "9" } else { "250" });
        assert_eq!(retry_after_us(both), Some(250_000));
    }
}
