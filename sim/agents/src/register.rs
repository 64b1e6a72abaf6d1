//! The clerk's state register: its progress as the text of q.

use super::intent::Intent;
use super::json_text::push_number_text;
use super::mission::Mission;

/// The content of q.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register<'a> {
    /// The number of the mission.
    pub(super) mission: u64,
    /// The next step, from 0.
    pub(super) step: usize,
    /// The recoveries of this mission.
    pub(super) attempt: u32,
    /// The handle read from a frame.
    pub(super) cap: Option<&'a str>,
}

impl<'a> Register<'a> {
    /// Reads the first line. A q that is not the clerk's starts at mission 0.
    pub(super) fn parse(q: &'a str) -> Self {
        let mut register = Self {
            mission: 0,
            step: 0,
            attempt: 0,
            cap: None,
        };
        let end = memchr::memchr(b'\n', q.as_bytes()).unwrap_or(q.len());
        let mut rest = Some(&q[..end]);
        let mut next = || {
            let text = rest?;
            let space = memchr::memchr(b' ', text.as_bytes());
            rest = space.map(|at| &text[at + 1..]);
            Some(space.map_or(text, |at| &text[..at]))
        };
        while let Some(keyword) = next() {
            let value = next().unwrap_or_default();
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
