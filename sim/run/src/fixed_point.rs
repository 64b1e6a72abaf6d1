//! Decimal text as a fixed-point number: `2.5` to six decimals is 2,500,000.
//!
//! No float is ever involved.

/// A decimal number without sign and exponent, as it is written: `7`, `0.05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal<'t> {
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    /// Reads digits, or digits on both sides of one point.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        (is_digits(whole) && is_digits(fraction)).then_some(Self { whole, fraction })
    }

    /// How many digits are before the point.
    #[must_use]
    pub const fn whole_digits(self) -> usize {
        self.whole.len()
    }

    /// How many digits are after the point.
    #[must_use]
    pub const fn decimals(self) -> usize {
        self.fraction.len()
    }

    /// The number times ten to the power of `decimals`, further digits dropped; nothing if 64 bits
    /// do not hold it.
    #[must_use]
    pub fn scaled(self, decimals: usize) -> Option<u64> {
        let fraction = self.fraction.chars().chain(std::iter::repeat('0'));
        let digits: String = self.whole.chars().chain(fraction.take(decimals)).collect();
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_is_scaled_without_floats() {
        for (text, decimals, scaled) in [
            ("0", 4, 0),
            ("0.05", 4, 500),
            ("2.5", 6, 2_500_000),
            ("0.2507", 3, 250),
            ("12", 0, 12),
            ("007", 1, 70),
        ] {
            let number = Decimal::read(text).unwrap();
            assert_eq!(number.scaled(decimals), Some(scaled), "{text}");
        }
        let large = Decimal::read("99999999999999999999").unwrap();
        assert_eq!(large.scaled(0), None);
        let number = Decimal::read("12.345").unwrap();
        assert_eq!((number.whole_digits(), number.decimals()), (2, 3));
    }

    #[test]
    fn other_text_is_not_decimal() {
        for text in ["", ".", ".5", "5.", "-1", "+1", "1e3", "1.2.3", " 1", "٣"] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
    }
}
