//! Numbers: 64-bit integers or a fault that says why not.
//!
//! Never rounds, and never makes a float.

use super::fault::{Fault, FaultCode};
use super::reader::{Event, Reader};

impl<'de> Reader<'de> {
    /// Reads the number at the cursor, which stands on its sign or first digit.
    pub(super) fn number(&mut self) -> Result<Event<'de>, Fault> {
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
        if is_float {
            return Err(self.float(start, "a fraction or an exponent"));
        }
        let overflow = || {
            self.fault(
                FaultCode::IntegerOverflow,
                start,
                format_args!("an integer of more than 64 bits"),
            )
        };
        let magnitude = magnitude.ok_or_else(overflow)?;
        if !is_negative {
            return Ok(Event::Natural(magnitude));
        }
        match 0_i64.checked_sub_unsigned(magnitude) {
            Some(0) => Err(self.float(start, "negative zero")),
            Some(number) => Ok(Event::Negative(number)),
            None => Err(overflow()),
        }
    }

    /// Steps over one byte if it is one of these.
    fn eat(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted.contains(byte))?;
        self.advance();
        Some(byte)
    }

    /// Reads at least one digit; `None` if they exceed 64 bits.
    fn digits(&mut self) -> Result<Option<u64>, Fault> {
        let mut number = match self.peek() {
            Some(b'0'..=b'9') => Some(0_u64),
            Some(_) => return Err(self.syntax("expected a digit")),
            None => return Err(self.truncated("in a number")),
        };
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            let digit = u64::from(byte.wrapping_sub(b'0'));
            number = number
                .and_then(|number| number.checked_mul(10))
                .and_then(|number| number.checked_add(digit));
            self.advance();
        }
        Ok(number)
    }

    fn float(&self, start: usize, what: &str) -> Fault {
        self.fault(FaultCode::FloatNumber, start, format_args!("{what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Event<'_>, FaultCode> {
        Reader::new(text, 0).value().map_err(|fault| fault.code)
    }

    #[test]
    fn the_whole_range_of_64_bits_is_taken() {
        assert_eq!(read("0"), Ok(Event::Natural(0)));
        assert_eq!(read("18446744073709551615"), Ok(Event::Natural(u64::MAX)));
        assert_eq!(read("-1"), Ok(Event::Negative(-1)));
        assert_eq!(read("-9223372036854775808"), Ok(Event::Negative(i64::MIN)));
    }

    #[test]
    fn other_numbers_are_refused_by_kind() {
        for overflow in [
            "18446744073709551616",
            "-9223372036854775809",
            "-18446744073709551616",
            "99999999999999999999",
        ] {
            assert_eq!(
                read(overflow),
                Err(FaultCode::IntegerOverflow),
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
            assert_eq!(read(float), Err(FaultCode::FloatNumber), "{float}");
        }
        for broken in ["00", "01", "-01", "-x", "1.x", "1.5ex", "1e+x", "--1"] {
            assert_eq!(read(broken), Err(FaultCode::Syntax), "{broken}");
        }
    }
}
