//! Reads a record in place, if it has the common spelling.
//!
//! Never refuses a record: one that is not read here is read by the record's own parser, which also
//! names its fault. One test compares the two, and another checks that the records of a soak are read
//! here, because without it `verify-run` in `benches/throughput.rs` takes 3.8 times as long.

use turingos::dispatch::{Lane, RouteReason};
use turingos::isa::{Opcode, OpcodeClass};
use turingos::journal::{Record, Status};
use turingos::trap::TrapKind;

/// The members that a verifier needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RecordView<'r> {
    pub(super) tick: u64,
    pub(super) time_us: u64,
    pub(super) pointer: &'r str,
    pub(super) actual: Option<OpcodeClass>,
    pub(super) op: Option<Opcode>,
    pub(super) has_fault: bool,
    pub(super) traps: Vec<TrapKind>,
    pub(super) next: &'r str,
    pub(super) status: Status,
}

impl<'r> RecordView<'r> {
    /// Reads the one spelling of a record without an escape in it; nothing if it is any other.
    pub(super) fn read(record: &'r str) -> Option<Self> {
        // Looked for without stopping at the first, which is several times faster.
        if record
            .bytes()
            .fold(false, |found, byte| found | (byte < b' '))
        {
            return None;
        }
        let mut cursor = Cursor { rest: record };
        cursor.text("{\"tick\":")?;
        let tick = cursor.number()?;
        cursor.text(",\"time_us\":")?;
        let time_us = cursor.number()?;
        cursor.text(",\"pointer\":\"")?;
        let pointer = cursor.string()?;
        let actual = cursor.route()?;
        cursor.text(",\"op\":")?;
        let op = cursor.nullable(|name| Opcode::ALL.into_iter().find(|it| it.name() == name))?;
        cursor.text(",\"fault\":")?;
        let has_fault = cursor.nullable(|_| Some(()))?.is_some();
        cursor.text(",\"traps\":[")?;
        let traps = cursor.traps()?;
        cursor.text(",\"clipped\":")?;
        cursor.word()?;
        for key in [
            ",\"q\":\"",
            ",\"slice\":\"",
            ",\"frame\":\"",
            ",\"reply\":\"",
            ",\"effect\":\"",
        ] {
            cursor.text(key)?;
            cursor.digest()?;
        }
        cursor.text(",\"next\":\"")?;
        let next = cursor.string()?;
        cursor.text(",\"status\":\"")?;
        let status = cursor.string()?;
        let statuses = [Status::Running, Status::Halted, Status::Failed];
        let status = statuses.into_iter().find(|it| it.name() == status)?;
        (cursor.rest == "}").then_some(Self {
            tick,
            time_us,
            pointer,
            actual,
            op,
            has_fault,
            traps,
            next,
            status,
        })
    }

    /// The same of a record that its own parser read.
    pub(super) fn of(record: &'r Record) -> Self {
        Self {
            tick: record.tick,
            time_us: record.time_us,
            pointer: &record.pointer,
            actual: record.route.actual,
            op: record.op,
            has_fault: record.fault.is_some(),
            traps: record.traps.clone(),
            next: &record.next,
            status: record.status,
        }
    }
}

struct Cursor<'r> {
    rest: &'r str,
}

impl<'r> Cursor<'r> {
    fn text(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// A number as it is written: no sign, no zero before another digit.
    fn number(&mut self) -> Option<u64> {
        let bytes = self.rest.as_bytes();
        let digits = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (number, rest) = self.rest.split_at(digits);
        if digits > 1 && number.starts_with('0') {
            return None;
        }
        self.rest = rest;
        number.parse().ok()
    }

    /// The rest of a string whose quote has been read.
    fn string(&mut self) -> Option<&'r str> {
        let end = memchr::memchr2(b'"', b'\\', self.rest.as_bytes())?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    /// `null`, or a string that means something.
    fn nullable<T>(&mut self, meaning: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
        if let Some(rest) = self.rest.strip_prefix("null") {
            self.rest = rest;
            return Some(None);
        }
        self.text("\"")?;
        meaning(self.string()?).map(Some)
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.rest.strip_prefix("false");
        self.rest = rest.or_else(|| self.rest.strip_prefix("true"))?;
        Some(())
    }

    /// The digits of a digest and the quote behind them.
    fn digest(&mut self) -> Option<()> {
        let (digits, rest) = self.rest.as_bytes().split_first_chunk::<64>()?;
        let is_digit = |digit: u8| (digit.wrapping_sub(b'0') < 10) | (digit.wrapping_sub(b'a') < 6);
        if rest.first() != Some(&b'"') || !digits.iter().fold(true, |all, it| all & is_digit(*it)) {
            return None;
        }
        self.rest = self.rest.get(65..)?;
        Some(())
    }

    fn traps(&mut self) -> Option<Vec<TrapKind>> {
        let mut traps = Vec::new();
        if let Some(rest) = self.rest.strip_prefix(']') {
            self.rest = rest;
            return Some(traps);
        }
        loop {
            self.text("\"")?;
            let name = self.string()?;
            traps.push(TrapKind::ALL.into_iter().find(|it| it.name() == name)?);
            if let Some(rest) = self.rest.strip_prefix(']') {
                self.rest = rest;
                return Some(traps);
            }
            self.text(",")?;
        }
    }

    /// The route; returns the class of what was done.
    fn route(&mut self) -> Option<Option<OpcodeClass>> {
        for key in [",\"route\":{\"lane\":\"", ",\"preferred\":\""] {
            self.text(key)?;
            let lane = self.string()?;
            [Lane::P, Lane::E]
                .into_iter()
                .find(|it| it.name() == lane)?;
        }
        self.text(",\"reason\":\"")?;
        let reason = self.string()?;
        RouteReason::ALL
            .into_iter()
            .find(|it| it.name() == reason)?;
        self.text(",\"predicted\":\"")?;
        class(self.string()?)?;
        self.text(",\"actual\":")?;
        let actual = self.nullable(class)?;
        for key in [",\"health_p\":", ",\"health_e\":"] {
            self.text(key)?;
            u16::try_from(self.number()?).ok()?;
        }
        self.text(",\"failover\":")?;
        self.nullable(|_| Some(()))?;
        self.text("}")?;
        Some(actual)
    }
}

fn class(name: &str) -> Option<OpcodeClass> {
    let classes = [
        OpcodeClass::WorldMutation,
        OpcodeClass::WorldNavigation,
        OpcodeClass::MindScheduling,
        OpcodeClass::SystemControl,
    ];
    classes.into_iter().find(|it| it.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::{Settings, Soak, on_virtual_time};
    use crate::{Profile, Tick};

    fn records() -> Vec<String> {
        let mut records = Vec::new();
        for &profile in Profile::ALL {
            let look = |tick: &Tick<'_>| records.push(tick.record.to_owned());
            let header = Settings::header(profile, 3, 400);
            on_virtual_time(Soak::start_into(&header, look).drive()).unwrap();
        }
        records
    }

    /// What the record's own parser says.
    fn parsed(text: &str) -> Option<Record> {
        let record: Record = serde_json::from_str(text).ok()?;
        let mut again = String::new();
        record.write_json(&mut again);
        (again == text).then_some(record)
    }

    #[test]
    fn soak_records_are_read_as_by_the_parser() {
        let records = records();
        for text in records.iter().filter(|text| !text.contains('\\')) {
            let record = parsed(text).unwrap();
            assert_eq!(
                RecordView::read(text),
                Some(RecordView::of(&record)),
                "{text}"
            );
        }
        let escaped = records.iter().filter(|text| text.contains('\\')).count();
        assert!(
            escaped * 20 < records.len(),
            "{escaped} of {}",
            records.len()
        );
    }

    #[test]
    fn view_agrees_with_the_parser() {
        let records = records();
        for text in records.iter().step_by(40) {
            for at in 0..text.len() {
                for changed in [
                    format!("{}{}", &text[..at], text.get(at + 1..).unwrap_or_default()),
                    format!("{}0{}", &text[..at], &text[at..]),
                    format!(
                        "{}\"{}",
                        &text[..at],
                        text.get(at + 1..).unwrap_or_default()
                    ),
                    format!("{}\u{1}{}", &text[..at], &text[at..]),
                    format!("{}é{}", &text[..at], &text[at..]),
                ] {
                    if let Some(view) = RecordView::read(&changed) {
                        let record = parsed(&changed);
                        let record = record.as_ref().map(RecordView::of);
                        assert_eq!(Some(view), record, "{changed}");
                    }
                }
            }
        }
    }

    /// Looked at without a branch for each digit, so that several bad ones could make up for
    /// each other.
    #[test]
    fn digest_with_any_bad_digit_is_left_to_the_parser() {
        let digest = |text: &str| Cursor { rest: text }.digest().is_some();
        let digits = "0123456789abcdef".repeat(4);
        assert!(digest(&format!("{digits}\"")));
        for bad in ["/", ":", "`", "g", "A", "\"", "é"] {
            for count in 1..=3 {
                let text = bad.repeat(count) + &digits;
                let end = text.floor_char_boundary(64);
                assert!(!digest(&format!("{}\"", &text[..end])), "{count} {bad}");
            }
        }
        for end in ["", "0", "0\"", "'"] {
            assert!(!digest(&format!("{digits}{end}")), "{end}");
        }
        assert!(!digest(&format!("{}\"", &digits[1..])));
    }

    #[test]
    fn any_number_of_control_characters_is_left_to_the_parser() {
        let record = &records()[0];
        assert!(RecordView::read(record).is_some());
        for count in 1..=3 {
            let controls = "\u{1}".repeat(count);
            let other = record.replacen("\"next\":\"", &format!("\"next\":\"{controls}"), 1);
            assert_ne!(&other, record);
            assert!(RecordView::read(&other).is_none(), "{count}");
        }
    }
}
