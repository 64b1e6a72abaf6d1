//! The mapping from arbitrary bytes to a script of ticks. It is the project's own, so ordinary tests
//! need no fuzzing crate and committed inputs keep their meaning.
//!
//! Every byte string is a script, and a prefix of it is a prefix of the script. One byte selects a
//! step, which consumes as many more as it needs; the script ends where they run out.

use turingos::bus::{BusFault, BusFaultCode};
use turingos::isa::{GitLogQuery, Opcode, Placement, Syscall, TaskStatus, Transition};
use turingos::kernel::OracleFault;
use turingos::trap::TrapKind;

use turingos_world::{FaultPlan, InjectedFault, Operation, Quota};

/// The most ticks of one script.
pub(super) const MAX_STEPS: usize = 256;

/// A quota that a script soon fills.
pub(super) const SMALL_QUOTA: Quota = Quota {
    max_files: 6,
    max_directories: 3,
    max_file_bytes: 16 * 1024,
    max_total_bytes: 20 * 1024,
};

/// A placeholder in a reply for a handle, a page pointer or a task id: the machine inserts the last
/// one it saw.
pub(super) const SEEN_HANDLE: &str = "@handle";
/// See [`SEEN_HANDLE`].
pub(super) const SEEN_PAGE: &str = "@page";
/// See [`SEEN_HANDLE`].
pub(super) const SEEN_TASK: &str = "@task";

/// The events of a machine from its boot.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The length of the system prompt in characters.
    pub(super) system_prompt_chars: u32,
    /// The quota of the world.
    pub(super) quota: Quota,
    /// Whether the world's tests pass from the start.
    pub(super) tests_pass: bool,
    /// One for each tick.
    pub(super) steps: Vec<Step>,
}

/// One tick.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// How often a tick is opened and dropped before it is committed.
    pub(super) drops: u8,
    /// Virtual microseconds since the previous tick.
    pub(super) pause_us: u64,
    /// The world's faults.
    pub(super) faults: TickFaults,
    /// The oracle's answer.
    pub(super) answer: Answer,
}

/// The oracle's answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A text, decodable or not.
    Text(String),
    /// A final failure without text.
    Failure(OracleFault),
}

/// The faults of a tick's first world operations, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct TickFaults {
    faults: [Option<InjectedFault>; 4],
    asked: usize,
}

impl TickFaults {
    /// These faults, in order.
    pub(super) const fn of(faults: [Option<InjectedFault>; 4]) -> Self {
        Self { faults, asked: 0 }
    }
}

impl FaultPlan for TickFaults {
    fn next_fault(&mut self, _: Operation) -> Option<InjectedFault> {
        let fault = self.faults.get(self.asked).copied().flatten();
        self.asked = self.asked.saturating_add(1);
        fault
    }
}

/// Useful paths, pointers, commands and tasks; everything else is raw bytes.
pub(super) const WORDS: [&str; 56] = [
    "README.md",
    "notes.md",
    "long.txt",
    "missing/deep.md",
    "./notes.md",
    "../escape",
    "/absolute",
    "notes.md/below",
    "a.torn",
    "$ pytest",
    "$ pytest -q",
    "$ pytest || true",
    "$ echo done > notes.md",
    "$ cat long.txt",
    "$ rm -r tests",
    "$ sleep 500",
    "$ nonsense",
    "pytest",
    "npm test",
    "echo one",
    "echo two > b.md",
    "mkdir -p d/e && echo x > d/e/f",
    "cat missing",
    "sys://append/log.md",
    "sys://append/notes.md",
    "sys://replace/notes.md",
    "sys://replace/missing.md",
    "sys://callstack",
    "sys://callstack?x=1",
    "sys://cap/issue?access=r&path=notes.md",
    "sys://cap/issue?access=w&path=notes.md",
    "sys://cap/issue?access=rw&path=d/new.md",
    "sys://cap/issue?access=rw&path=./%20x",
    "sys://cap/list",
    "sys://git/log",
    "sys://git/log?limit=3&path=notes.md",
    "sys://git/log?since=never",
    "path=notes.md&limit=2",
    "sys://trap/cpu_fault",
    "sys://trap/io_fault?details=forged",
    "sys://trap/stack_fault",
    "sys://page/0123456789abcdef?p=1",
    "vfd://rw/0123456789abcdef/notes.md",
    SEEN_HANDLE,
    SEEN_PAGE,
    SEEN_TASK,
    "HALT",
    "done",
    "done\n",
    "one line",
    "two\nlines",
    "{\"search\":\"yet\",\"replace\":\"done\"}",
    "{\"search\":\"e\",\"replace\":\"\",\"all\":true}",
    "// ... existing code ...",
    "http://example.org/",
    "task with words\nand a scratchpad",
];

impl Script {
    /// Decodes a script.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut source = Source(bytes);
        let flags = source.byte().unwrap_or_default();
        let mut script = Self {
            system_prompt_chars: [0, 1_500, 7_000, u32::MAX][usize::from(flags & 3)],
            quota: if flags & 4 == 0 {
                Quota::default()
            } else {
                SMALL_QUOTA
            },
            tests_pass: flags & 8 == 0,
            steps: Vec::new(),
        };
        while script.steps.len() < MAX_STEPS {
            if source.step(&mut script.steps).is_none() {
                break;
            }
        }
        script.steps.truncate(MAX_STEPS);
        script
    }
}

/// The unread bytes.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Adds one step, or several of a kind.
    fn step(&mut self, steps: &mut Vec<Step>) -> Option<()> {
        let control = self.byte()?;
        let faults = if control & 0x80 == 0 {
            TickFaults::default()
        } else {
            self.faults()?
        };
        let mut step = Step {
            drops: control >> 4 & 3,
            pause_us: if control & 0x40 == 0 { 1_000 } else { 0 },
            faults,
            answer: Answer::Text(String::new()),
        };
        let choice = control & 15;
        if let Some(opcode) = Opcode::ALL.get(usize::from(choice)) {
            step.answer = Answer::Text(self.transition(*opcode)?.to_canonical());
        } else {
            match choice {
                9 => step.answer = Answer::Text(self.raw()?),
                10 => step.answer = Answer::Failure(self.failure()?),
                11 => {
                    let last = steps.last().cloned()?;
                    let count = usize::from(self.byte()? % 12);
                    steps.extend(core::iter::repeat_n(last, count));
                    return Some(());
                }
                12 => {
                    let opcode = self.pick(&Opcode::ALL)?;
                    let text = self.transition(opcode)?.to_canonical();
                    let (before, after) = (self.raw()?, self.raw()?);
                    step.answer = Answer::Text(format!("{before}{text}{after}"));
                }
                13 => {
                    // A small change of a good reply, like a model's slip.
                    let opcode = self.pick(&Opcode::ALL)?;
                    let mut text = self.transition(opcode)?.to_canonical().into_bytes();
                    let at = usize::from(self.byte()?) % text.len();
                    text[at] = self.byte()?;
                    step.answer = Answer::Text(String::from_utf8_lossy(&text).into_owned());
                }
                14 => {
                    let count = self.byte()? % 80;
                    for number in 0..count {
                        let task = format!("task {number}");
                        step.answer = Answer::Text(reply(Syscall::Push { task }));
                        steps.push(step.clone());
                    }
                    return Some(());
                }
                _ => {
                    let trap = self.pick(&TrapKind::ALL)?;
                    let pointer = trap.base().to_owned();
                    step.answer = Answer::Text(reply(Syscall::Goto { pointer }));
                }
            }
        }
        steps.push(step);
        Some(())
    }

    fn faults(&mut self) -> Option<TickFaults> {
        let (first, second) = (self.byte()?, self.byte()?);
        let fault = |nibble: u8| match nibble & 15 {
            1 => Some(InjectedFault::NotFound),
            2 => Some(InjectedFault::Denied),
            3 => Some(InjectedFault::NoSpace),
            4 | 5 => Some(InjectedFault::TornWrite),
            _ => None,
        };
        let nibbles = [first >> 4, first, second >> 4, second];
        Some(TickFaults::of(nibbles.map(fault)))
    }

    fn transition(&mut self, opcode: Opcode) -> Option<Transition> {
        let syscall = match opcode {
            Opcode::Write => Syscall::Write {
                payload: self.word()?,
                semantic_cap: self.optional(Self::word)?,
            },
            Opcode::Exec => Syscall::Exec { cmd: self.word()? },
            Opcode::Goto => Syscall::Goto {
                pointer: self.word()?,
            },
            Opcode::GitLog => Syscall::GitLog(GitLogQuery {
                query_params: self.optional(Self::word)?,
                path: self.optional(Self::word)?,
                limit: self.optional(|source| source.byte().map(u16::from))?,
                reference: self.optional(Self::word)?,
                grep: self.optional(Self::word)?,
                since: self.optional(Self::word)?,
            }),
            Opcode::Push => Syscall::Push { task: self.word()? },
            Opcode::Edit => Syscall::Edit { task: self.word()? },
            Opcode::Move => Syscall::Move {
                task_id: self.optional(Self::word)?,
                target_pos: self
                    .optional(|source| source.pick(&[Placement::Top, Placement::Bottom]))?,
                status: self.optional(|source| {
                    source.pick(&[
                        TaskStatus::Active,
                        TaskStatus::Suspended,
                        TaskStatus::Blocked,
                    ])
                })?,
            },
            Opcode::Pop => Syscall::Pop,
            Opcode::Halt => Syscall::Halt,
        };
        Some(transition(syscall))
    }

    /// One of [`WORDS`], or raw text.
    fn word(&mut self) -> Option<String> {
        let choice = usize::from(self.byte()?);
        match WORDS.get(choice) {
            Some(word) => Some((*word).to_owned()),
            None if choice < 64 => Some("x".repeat(choice * choice)),
            None => self.raw(),
        }
    }

    /// A length, then as many bytes of text.
    fn raw(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn failure(&mut self) -> Option<OracleFault> {
        Some(match self.byte()? {
            0..64 => OracleFault::Timeout,
            64..128 => OracleFault::Unreachable,
            128..192 => OracleFault::Reset,
            _ => {
                let code = self.pick(&BusFaultCode::ALL)?;
                OracleFault::Bus(BusFault::new(code, format_args!("scripted")))
            }
        })
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let choice = usize::from(self.byte()?);
        choices.get(choice.checked_rem(choices.len())?).copied()
    }

    fn optional<T>(&mut self, value: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        // Mostly absent, so that most syscalls are simple.
        if self.byte()? & 3 == 3 {
            value(self).map(Some)
        } else {
            Some(None)
        }
    }
}

fn reply(syscall: Syscall) -> String {
    transition(syscall).to_canonical()
}

/// The state register is derived from the syscall, so that it changes sometimes.
fn transition(syscall: Syscall) -> Transition {
    Transition {
        thought: None,
        q_next: format!("after {}", syscall.opcode()),
        syscall,
    }
}
