//! Scripts of ticks.

use arbitrary::Arbitrary;
use turingos::bus::{BusFault, BusFaultCode};
use turingos::isa::Transition;
use turingos::journal::Record;
use turingos::kernel::OracleFault;
use turingos::trap::TrapKind;
use turingos_world::{InjectedFault, Quota};

use super::super::script::{Answer, MAX_STEPS, SMALL_QUOTA, Script, Step, TickFaults};
use super::super::ticks::run;
use super::transition::Call;
use super::value;

#[derive(Debug, Arbitrary)]
struct Run<'a> {
    steps: Vec<Tick<'a>>,
    system_prompt_chars: u32,
    has_small_quota: bool,
    tests_pass: bool,
}

#[derive(Debug, Arbitrary)]
struct Tick<'a> {
    said: Said<'a>,
    /// How often the same is said in a row.
    repeat: u8,
    drops: u8,
    has_no_pause: bool,
    faults: [Option<Fault>; 4],
}

#[derive(Debug, Arbitrary)]
enum Said<'a> {
    Call(Call<'a>),
    Visit(u8),
    Text(&'a str),
    Failure(u8),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Fault {
    NotFound,
    Denied,
    NoSpace,
    TornWrite,
}

/// A script of ticks.
///
/// Properties: those of the target `ticks`.
///
/// # Panics
/// If a property does not hold.
pub fn built_ticks(bytes: &[u8]) {
    let _ = built_records(bytes);
}

/// Runs a script as [`built_ticks`] does and returns its records, for coverage checks.
///
/// # Panics
/// If a property of [`built_ticks`] does not hold.
#[must_use = "a caller that wants no records calls `built_ticks`"]
pub fn built_records(bytes: &[u8]) -> Vec<Record> {
    value::<Run<'_>>(bytes).map_or_else(Vec::new, |script| run(&script.script()))
}

impl Run<'_> {
    fn script(&self) -> Script {
        let steps = self.steps.iter().flat_map(|tick| {
            let count = usize::from(tick.repeat % 12) + 1;
            std::iter::repeat_n(tick.step(), count)
        });
        Script {
            system_prompt_chars: self.system_prompt_chars,
            quota: match self.has_small_quota {
                true => SMALL_QUOTA,
                false => Quota::default(),
            },
            tests_pass: self.tests_pass,
            steps: steps.take(MAX_STEPS).collect(),
        }
    }
}

impl Tick<'_> {
    fn step(&self) -> Step {
        Step {
            drops: self.drops & 3,
            pause_us: if self.has_no_pause { 0 } else { 1_000 },
            faults: TickFaults::of(self.faults.map(|fault| {
                fault.map(|fault| match fault {
                    Fault::NotFound => InjectedFault::NotFound,
                    Fault::Denied => InjectedFault::Denied,
                    Fault::NoSpace => InjectedFault::NoSpace,
                    Fault::TornWrite => InjectedFault::TornWrite,
                })
            })),
            answer: self.said.answer(),
        }
    }
}

impl Said<'_> {
    fn answer(&self) -> Answer {
        let call = |syscall: turingos::Syscall| {
            let transition = Transition {
                thought: None,
                q_next: format!("after {}", syscall.opcode()),
                syscall,
            };
            Answer::Text(transition.to_canonical())
        };
        match self {
            Self::Call(said) => call(said.syscall()),
            Self::Visit(choice) => {
                let trap = TrapKind::ALL[usize::from(*choice) % TrapKind::ALL.len()];
                let pointer = trap.base().to_owned();
                call(turingos::Syscall::Goto { pointer })
            }
            Self::Text(text) => Answer::Text((*text).to_owned()),
            Self::Failure(choice) => {
                let choice = usize::from(*choice);
                let code = BusFaultCode::ALL[choice % BusFaultCode::ALL.len()];
                Answer::Failure(match choice {
                    0 => OracleFault::Timeout,
                    1 => OracleFault::Unreachable,
                    2 => OracleFault::Reset,
                    _ => OracleFault::Bus(BusFault::new(code, format_args!("scripted"))),
                })
            }
        }
    }
}
