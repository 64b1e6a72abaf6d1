//! Numbers: 64-bit integers, and others as they are written or a fault that says why not.
//!
//! Never rounds, and never makes a float.

use super::fault::{JsonFault, JsonFaultKind};
use super::reader::{Event, Reader};

impl<'de> Reader<'de> {
    /// Reads the number at the cursor, which is on its sign or first digit.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Event<'de>, JsonFault> {
        let start = self.at;
        let is_negative = self.eat(b"-").is_some();
        let leading_zero = self.peek() == Some(b'0');
        let first_digit = self.at;
        let magnitude = self.digits()?;
        if leading_zero && self.at > first_digit.wrapping_add(1) {
            self.at = first_digit;
            return Err(self.syntax("a number begins with 0"));
        }
        let mut is_float = false;
        if self.eat(b".").is_some() {
            is_float = true;
            self.digits()?;
        }
        if self.eat(b"eE").is_some() {
            is_float = true;
            self.eat(b"+-");
            self.digits()?;
        }
        let kept = match magnitude.filter(|_| !is_float) {
            Some(magnitude) if !is_negative => Some(Event::Natural(magnitude)),
            Some(0) | None => None,
            Some(magnitude) => 0_i64.checked_sub_unsigned(magnitude).map(Event::Negative),
        };
        match kept {
            Some(number) => Ok(number),
            None if self.rules.any_number => self.unrounded(start),
            None => Err(self.fault(
                start,
                if is_float {
                    JsonFaultKind::FloatNumber("a fraction or an exponent")
                } else if magnitude == Some(0) {
                    JsonFaultKind::FloatNumber("negative zero")
                } else {
                    JsonFaultKind::NumberTooLarge("an integer of more than 64 bits")
                },
            )),
        }
    }

    /// The number from `start` up to the cursor as it is written. What exceeds a double is refused:
    /// most readers would refuse it too, the others would take it for infinity.
    #[cold]
    fn unrounded(&self, start: usize) -> Result<Event<'de>, JsonFault> {
        let text = self.text.get(start..self.at).unwrap_or_default();
        if is_in_double_range(text) {
            Ok(Event::Unrounded(text))
        } else {
            Err(self.fault(
                start,
                JsonFaultKind::NumberTooLarge("a number beyond any double"),
            ))
        }
    }

    /// Steps over one byte if it is one of these.
    #[inline]
    fn eat(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted.contains(byte))?;
        self.advance();
        Some(byte)
    }

    /// Reads at least one digit; `None` if they exceed 64 bits.
    #[inline]
    fn digits(&mut self) -> Result<Option<u64>, JsonFault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut length = 0_usize;
        let mut number = 0_u64;
        for &byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            // Beyond the safe length the result is not used.
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            length = length.wrapping_add(1);
        }
        self.at = self.at.wrapping_add(length);
        match length {
            0 if rest.is_empty() => Err(self.truncated("in a number")),
            0 => Err(self.syntax("expected a digit")),
            1..=SAFE_DIGITS => Ok(Some(number)),
            _ => Ok(rest.get(..length).and_then(checked_number)),
        }
    }
}

/// So many digits always fit in 64 bits.
const SAFE_DIGITS: usize = 19;

#[cold]
fn checked_number(digits: &[u8]) -> Option<u64> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// The decimal exponent of the largest double.
const LARGEST_EXPONENT: i64 = 308;

/// True if a JSON number has no greater decimal exponent than a double may have; small ones are
/// near zero.
fn is_in_double_range(text: &str) -> bool {
    let (significand, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = significand.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let length = whole.trim_start_matches('0').len();
    // The place of the first digit that is not 0, counted from the last whole digit.
    let place = match length.checked_sub(1) {
        Some(place) => i64::try_from(place).ok(),
        None => match fraction.find(|digit| digit != '0') {
            Some(zeros) => i64::try_from(zeros).ok().map(|zeros| !zeros),
            None => return true,
        },
    };
    match (place, exponent.parse::<i64>()) {
        (Some(place), Ok(exponent)) => place.saturating_add(exponent) <= LARGEST_EXPONENT,
        // An exponent of more than 64 bits.
        _ => exponent.starts_with('-'),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::Rules;
    use super::*;

    fn read_by(rules: Rules, text: &str) -> Result<Event<'_>, JsonFaultKind> {
        { Reader::new(text, rules).value() }.map_err(|fault| fault.kind)
    }

    fn read(text: &str) -> Result<Event<'_>, JsonFaultKind> {
        const INTEGERS: Rules = Rules {
            nesting: 1,
            any_number: false,
            any_character: false,
            white_space: true,
        };
        read_by(INTEGERS, text)
    }

    #[test]
    fn the_whole_range_of_64_bits_is_taken() {
        assert_eq!(read("0"), Ok(Event::Natural(0)));
        assert_eq!(read("18446744073709551615"), Ok(Event::Natural(u64::MAX)));
        assert_eq!(read("-1"), Ok(Event::Negative(-1)));
        assert_eq!(read("-9223372036854775808"), Ok(Event::Negative(i64::MIN)));
    }

    #[test]
    fn any_number_is_kept_as_written_within_the_range_of_a_double() {
        let read = |text| read_by(Rules::any_json(1), text);
        let long = "9".repeat(309);
        for taken in [
            "1.0",
            "-0",
            "-0.0",
            "1e308",
            "-1E+308",
            "0.001e311",
            "0.0e999",
            "0e99999999999999999999",
            "1e-400",
            "1e-99999999999999999999",
            "18446744073709551616",
            "-9223372036854775809",
            &long,
        ] {
            assert_eq!(read(taken), Ok(Event::Unrounded(taken)));
        }
        let longer = "9".repeat(310);
        for beyond in [
            "1e309",
            "-1e400",
            "0.01e311",
            "10.5e308",
            "1e99999999999999999999",
            &longer,
        ] {
            assert!(
                matches!(read(beyond), Err(JsonFaultKind::NumberTooLarge(_))),
                "{beyond}"
            );
        }
        assert_eq!(read("7"), Ok(Event::Natural(7)));
        assert_eq!(read("-7"), Ok(Event::Negative(-7)));
        assert!(matches!(read("01.5"), Err(JsonFaultKind::Syntax(_))));
        assert!(matches!(read("1.e5"), Err(JsonFaultKind::Syntax(_))));
    }

    #[test]
    fn other_numbers_are_refused_by_kind() {
        for overflow in [
            "18446744073709551616",
            "-9223372036854775809",
            "-18446744073709551616",
            "99999999999999999999",
        ] {
            assert!(
                matches!(read(overflow), Err(JsonFaultKind::NumberTooLarge(_))),
                "{overflow}"
            );
        }
        for float in [
            "1.0",
            "1e0",
            "1e-400",
            "1E+400",
            "-0",
            "-0.0",
            "-1e999",
            "0.5",
            "99999999999999999999.5",
            "1e99999999999999999999",
        ] {
            assert!(
                matches!(read(float), Err(JsonFaultKind::FloatNumber(_))),
                "{float}"
            );
        }
        for broken in ["00", "01", "-01", "-x", "1.x", "1.5ex", "1e+x", "--1"] {
            assert!(
                matches!(read(broken), Err(JsonFaultKind::Syntax(_))),
                "{broken}"
            );
        }
    }
}
