//! What one tick leaves behind.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use crate::digest::Digest;
use crate::dispatch::RouteEntry;
use crate::isa::Opcode;
use crate::json::{push_number, push_string};
use crate::named_enum::named_enum;
use crate::pointer::clip_bytes;
use crate::trap::TrapKind;

/// The longest pointer text a record holds, in bytes, before it is shortened.
pub const MAX_SHOWN_POINTER: usize = 200;

named_enum! {
    /// The machine's status after a tick.
    #[derive(Deserialize)]
    pub enum Status {
        /// It runs.
        Running = "RUNNING",
        /// It halted, and the halt guard agreed.
        Halted = "HALTED",
        /// Its panic budget is spent.
        Failed = "FAILED",
    }
}

/// One tick. Reading one back takes every member, also where it may be null: serde would otherwise
/// read a missing member as null.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Counts from 0 without gaps.
    pub tick: u64,
    /// Virtual time of the commit, in microseconds.
    pub time_us: u64,
    /// Where the tick observed, as [`shown_pointer`] shortens it.
    pub pointer: String,
    /// Who answered, and why.
    pub route: RouteEntry,
    /// What was decoded; `None` after a CPU fault.
    #[serde(deserialize_with = "Option::deserialize")]
    pub op: Option<Opcode>,
    /// The code of the decoder's or the oracle's fault, if there was one.
    #[serde(deserialize_with = "Option::deserialize")]
    pub fault: Option<String>,
    /// The traps of the tick in the order in which they fired.
    pub traps: Vec<TrapKind>,
    /// The frame was over its limit and sections were clipped (FRAME_HARD_LIMIT).
    pub clipped: bool,
    /// SHA-256 of the state register the frame was made for.
    pub q: Digest,
    /// SHA-256 of the observed slice, whole, before traps were noted on it.
    pub slice: Digest,
    /// The digest of the frame: SHA-256 over the digests of its parts.
    pub frame: Digest,
    /// SHA-256 of the raw provider bytes; of nothing if no reply came.
    pub reply: Digest,
    /// The digest of what was changed: of channel, path and payload of a write, or of the run queue
    /// after it changed. SHA-256 of nothing if nothing was.
    pub effect: Digest,
    /// Where the next tick observes, as [`shown_pointer`] shortens it.
    pub next: String,
    /// The machine's status after the tick.
    pub status: Status,
}

impl Record {
    /// Appends the record's canonical JSON: fixed key order, no white space.
    pub fn write_json(&self, out: &mut String) {
        out.push_str("{\"tick\":");
        push_number(out, self.tick);
        out.push_str(",\"time_us\":");
        push_number(out, self.time_us);
        out.push_str(",\"pointer\":");
        push_string(out, &self.pointer);
        self.write_route(out);
        out.push_str(",\"op\":");
        push_name(out, self.op.map(Opcode::name));
        out.push_str(",\"fault\":");
        push_name(out, self.fault.as_deref());
        out.push_str(",\"traps\":[");
        for (position, trap) in self.traps.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            push_name(out, Some(trap.name()));
        }
        out.push_str(if self.clipped {
            "],\"clipped\":true"
        } else {
            "],\"clipped\":false"
        });
        out.push_str(",\"q\":\"");
        self.q.push_hex::<32>(out);
        out.push_str("\",\"slice\":\"");
        self.slice.push_hex::<32>(out);
        out.push_str("\",\"frame\":\"");
        self.frame.push_hex::<32>(out);
        out.push_str("\",\"reply\":\"");
        self.reply.push_hex::<32>(out);
        out.push_str("\",\"effect\":\"");
        self.effect.push_hex::<32>(out);
        out.push_str("\",\"next\":");
        push_string(out, &self.next);
        out.push_str(",\"status\":");
        push_name(out, Some(self.status.name()));
        out.push('}');
    }

    fn write_route(&self, out: &mut String) {
        let route = &self.route;
        // One by one, not in a loop: a text of known length is copied without a call.
        out.push_str(",\"route\":{\"lane\":\"");
        out.push_str(route.lane.name());
        out.push_str("\",\"preferred\":\"");
        out.push_str(route.preferred.name());
        out.push_str("\",\"reason\":\"");
        out.push_str(route.reason.name());
        out.push_str("\",\"predicted\":\"");
        out.push_str(route.predicted.name());
        out.push_str("\",\"actual\":");
        push_name(out, route.actual.map(crate::isa::OpcodeClass::name));
        out.push_str(",\"health_p\":");
        push_number(out, u64::from(route.health.p.0));
        out.push_str(",\"health_e\":");
        push_number(out, u64::from(route.health.e.0));
        out.push_str(",\"failover\":");
        push_name(out, route.failover.as_deref());
        out.push('}');
    }
}

/// Names are this crate's own upper-case words and need no escaping.
fn push_name(out: &mut String, name: Option<&str>) {
    match name {
        Some(name) => {
            out.push('"');
            out.push_str(name);
            out.push('"');
        }
        None => out.push_str("null"),
    }
}

/// A pointer's text as a record holds it: whole up to [`MAX_SHOWN_POINTER`] bytes, else its
/// beginning and the first digits of its SHA-256, so that different pointers stay different.
#[must_use]
pub fn shown_pointer(text: &str) -> String {
    let mut shown = String::new();
    show_pointer(text, &mut shown);
    shown
}

/// Appends what [`shown_pointer`] gives.
pub(crate) fn show_pointer(text: &str, out: &mut String) {
    if text.len() <= MAX_SHOWN_POINTER {
        out.push_str(text);
    } else {
        out.push_str(clip_bytes(text, 150));
        out.push_str("…#");
        Digest::of(text.as_bytes()).push_hex::<16>(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Health, Lane, PerLane, RouteReason};
    use crate::isa::OpcodeClass;
    use alloc::vec;

    fn record() -> Record {
        Record {
            tick: 7,
            time_us: 1_234_567,
            pointer: "notes/\"quoted\".md".into(),
            route: RouteEntry {
                lane: Lane::P,
                preferred: Lane::E,
                reason: RouteReason::HealthFallback,
                predicted: OpcodeClass::MindScheduling,
                actual: Some(OpcodeClass::WorldMutation),
                health: PerLane {
                    p: Health(9_876),
                    e: Health(1_200),
                },
                failover: Some("TRUNCATED".into()),
            },
            op: Some(Opcode::Write),
            fault: None,
            traps: vec![TrapKind::PageFault, TrapKind::IoFault],
            clipped: false,
            q: Digest::of(b"q"),
            slice: Digest::of(b"s"),
            frame: Digest::of(b"f"),
            reply: Digest::of(b"r"),
            effect: Digest::EMPTY,
            next: "sys://trap/io_fault".into(),
            status: Status::Running,
        }
    }

    #[test]
    fn a_written_record_reads_back() {
        let mut trapped = record();
        trapped.op = None;
        trapped.fault = Some("NOT_UTF8".into());
        trapped.route.actual = None;
        for record in [record(), trapped] {
            let mut text = String::new();
            record.write_json(&mut text);
            assert_eq!(
                serde_json::from_str::<Record>(&text).expect("canonical"),
                record
            );
        }
    }

    #[test]
    fn long_pointers_are_shortened_and_stay_different() {
        let long = "x".repeat(MAX_SHOWN_POINTER + 1);
        let other = alloc::format!("{}y", "x".repeat(MAX_SHOWN_POINTER));
        assert!(shown_pointer(&long).len() <= MAX_SHOWN_POINTER);
        assert_ne!(shown_pointer(&long), shown_pointer(&other));
        assert_eq!(shown_pointer("short"), "short");
    }
}
