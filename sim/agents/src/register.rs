//! The clerk's state register: how q carries its progress.
//!
//! Never looks at a frame.

use super::intent::Intent;
use super::json_text::push_number_text;
use super::mission::Mission;

/// The q to start a kernel with after the one that ended with `previous_q`: the mission that a
/// halting transition named or, if it ended in the middle of a mission, the one after that.
#[must_use]
pub fn boot_q(previous_q: &str) -> String {
    let mut words = previous_q.split_ascii_whitespace();
    let keyword = words.next();
    let number = words.next().and_then(|word| word.parse::<u64>().ok());
    let next = match (keyword, number) {
        (Some("MISSION"), Some(number)) => number.saturating_add(1),
        (Some("NEXT" | "BOOT"), Some(number)) => number,
        _ => 0,
    };
    format!("BOOT {next}")
}

/// What q says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register<'a> {
    /// Which mission.
    pub(super) mission: u64,
    /// The step to do next, from 0.
    pub(super) step: usize,
    /// How many recoveries the mission has needed.
    pub(super) attempt: u32,
    /// The handle read from a frame.
    pub(super) cap: Option<&'a str>,
}

impl<'a> Register<'a> {
    /// Reads the first line. A q that no clerk has written starts at mission 0.
    pub(super) fn parse(q: &'a str) -> Self {
        let mut register = Self {
            mission: 0,
            step: 0,
            attempt: 0,
            cap: None,
        };
        let end = memchr::memchr(b'\n', q.as_bytes()).unwrap_or(q.len());
        let mut words = q[..end].split(' ');
        while let Some(keyword) = words.next() {
            let value = words.next().unwrap_or_default();
            match keyword {
                "MISSION" | "NEXT" | "BOOT" => register.mission = value.parse().unwrap_or(0),
                "STEP" => {
                    let step = value.split('/').next().unwrap_or_default();
                    register.step = step.parse().unwrap_or(0);
                }
                "TRY" => register.attempt = value.parse().unwrap_or(0),
                "CAP" => register.cap = Some(value),
                _ => {}
            }
        }
        register
    }
}

/// Writes q for a step of a mission.
pub(super) fn push_register(
    mission: &Mission,
    step: usize,
    attempt: u32,
    cap: Option<&str>,
    intent: &mut Intent,
) {
    let q = &mut intent.q_next;
    let steps = mission.steps();
    q.push_str("MISSION ");
    push_number_text(q, mission.number);
    q.push_str(" STEP ");
    push_number_text(q, step as u64);
    q.push('/');
    push_number_text(q, steps.len() as u64);
    q.push_str(" TRY ");
    push_number_text(q, u64::from(attempt));
    q.push_str(" FILE ");
    mission.push_note_path(q);
    if let Some(cap) = cap {
        q.push_str(" CAP ");
        q.push_str(cap);
    }
    q.push('\n');
    q.push_str(steps[step].intent());
}
