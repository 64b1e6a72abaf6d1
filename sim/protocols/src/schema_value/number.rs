//! Numbers of JSON as decimals with 18 places, so that bounds and steps are compared exactly.

use serde_json::{Number, Value};

/// One, as a decimal.
pub(super) const ONE: i128 = 1_000_000_000_000_000_000;

/// The digits after the point.
const PLACES: i32 = 18;

/// Beyond any number that is made.
const HUGE: i128 = i128::MAX / 4;

/// The number as a decimal. One beyond the range of decimals becomes the largest of its sign, and
/// places after the last are left out.
pub(super) fn decimal(number: &Number) -> i128 {
    let text = number.to_string();
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse().unwrap_or(0)),
        None => (text.as_str(), 0),
    };
    let unsigned = digits.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let shift: i32 = PLACES + exponent - places.min(1_000);
    let mantissa: i128 = format!("{whole}{fraction}").parse().unwrap_or(HUGE);
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let magnitude = match (shift >= 0, power) {
        (true, Some(power)) => mantissa.checked_mul(power).map_or(HUGE, |it| it.min(HUGE)),
        (true, None) if mantissa == 0 => 0,
        (true, None) => HUGE,
        (false, Some(power)) => mantissa / power,
        (false, None) => 0,
    };
    if digits.starts_with('-') {
        -magnitude
    } else {
        magnitude
    }
}

/// The decimal as a number of JSON, an integer if it is one; none beyond 64 bits.
pub(super) fn number(decimal: i128) -> Option<Number> {
    if decimal % ONE == 0 {
        return i64::try_from(decimal / ONE).ok().map(Number::from);
    }
    let sign = if decimal < 0 { "-" } else { "" };
    let magnitude = decimal.unsigned_abs();
    let one = ONE.unsigned_abs();
    let text = format!("{sign}{}.{:018}", magnitude / one, magnitude % one);
    text.trim_end_matches('0').parse().ok()
}

/// True for values that JSON Schema calls equal: 1 and 1.0 are.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => decimal(left) == decimal(right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| equal(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, expected) in [
            ("0", 0),
            ("-3", -3 * ONE),
            ("0.5", ONE / 2),
            ("-1.25", -5 * ONE / 4),
            ("1e3", 1_000 * ONE),
            ("2.5e-3", ONE / 400),
            ("1e300", HUGE),
            ("-1e300", -HUGE),
            ("1e-300", 0),
            ("18446744073709551615", 18_446_744_073_709_551_615 * ONE),
        ] {
            assert_eq!(decimal(&text.parse().unwrap()), expected, "{text}");
        }
        assert_eq!(number(ONE / 8).unwrap().to_string(), "0.125");
        assert_eq!(number(-ONE * 3 / 2).unwrap().to_string(), "-1.5");
        assert_eq!(number(7 * ONE).unwrap().to_string(), "7");
        assert_eq!(number(HUGE / ONE * ONE), None);
    }
}
