//! Everything about one tick.

use serde::Serialize;
use turingos::bus;
use turingos::dispatch::RouteEntry;
use turingos::isa;
use turingos::mind::Task;
use turingos::trap::TrapFrame;
use turingos_agents::{Injected, NoiseKind, ProviderFaultKind};
use turingos_run::RunIoError;

use crate::caret::Excerpt;
use crate::file_changes::{FileChange, changes};
use crate::frame_sections::{FrameSection, sections};
use crate::playback::{KeptCall, Playback, Step};
use crate::timeline::TimelineEntry;

/// One tick, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TickDetail {
    /// What the timeline has.
    pub entry: TimelineEntry,
    /// Who was asked, and why.
    pub route: RouteEntry,
    /// The frame by its sections.
    pub frame: Vec<FrameSection>,
    /// Whether sections were shortened to fit the frame's limit.
    pub clipped: bool,
    /// Every call, in order.
    pub attempts: Vec<Attempt>,
    /// The canonical syscall, if one was decoded.
    pub syscall: Option<String>,
    /// The files that changed: by the syscall, or by a command that was observed.
    pub files: Vec<FileChange>,
    /// Whether changes by commands are not known, because the world is only on the tape.
    pub commands_unseen: bool,
    /// The state register before the tick.
    pub q_before: String,
    /// The state register after it.
    pub q_after: String,
    /// The run queue before, topmost first.
    pub queue_before: Vec<TaskView>,
    /// The run queue after.
    pub queue_after: Vec<TaskView>,
    /// The trap frames.
    pub trap_frames: Vec<TrapFrame>,
    /// What was injected, and which draw decided it.
    pub injected: Vec<Injection>,
}

/// One call of an oracle and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The lane.
    pub lane: &'static str,
    /// The earlier calls of this lane in this tick.
    pub attempt: u32,
    /// How long the call took, in microseconds.
    pub took_us: u64,
    /// The HTTP status, if a response came.
    pub status: Option<u16>,
    /// The provider whose format the body has.
    pub provider: Option<&'static str>,
    /// `Retry-After` in microseconds.
    pub retry_after_us: Option<u64>,
    /// The raw body as text; bytes that are not UTF-8 are replaced.
    pub body: Option<String>,
    /// What the bus and the decoder made of it.
    pub reading: Reading,
}

/// What was read out of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reading {
    /// A transition.
    Transition {
        /// The model's text.
        text: String,
        /// The canonical transition.
        canonical: String,
    },
    /// A text that the decoder refused.
    NotATransition {
        /// The model's text.
        text: String,
        /// The fault's code.
        code: &'static str,
        /// What is wrong.
        detail: String,
        /// The place, if there is one.
        place: Option<Excerpt>,
    },
    /// A response that the bus refused.
    NotAReply {
        /// The fault's code.
        code: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// No response.
    NoResponse {
        /// Why.
        fault: &'static str,
    },
}

/// A task of the run queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskView {
    /// The task's id.
    pub id: String,
    /// ACTIVE, SUSPENDED or BLOCKED.
    pub status: &'static str,
    /// Its first line.
    pub objective: String,
    /// Its other lines.
    pub scratchpad: String,
}

/// A fault that was put in on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Injection {
    /// `noise`, `provider` or `world`.
    pub layer: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// How many words had been drawn from the layer's stream before the tick, where that is known.
    pub draw: Option<u64>,
}

impl Playback {
    /// Carries out the next recorded tick and explains it; `None` behind the last one.
    ///
    /// # Errors
    /// As [`Playback::step`].
    pub async fn explain(&mut self) -> Result<Option<TickDetail>, RunIoError> {
        Ok(self.explain_step().await?.map(|(_, detail)| detail))
    }

    /// The same, with what the tick left behind.
    pub(crate) async fn explain_step(&mut self) -> Result<Option<(Step, TickDetail)>, RunIoError> {
        let files_before = self.files();
        let q_before = self.kernel().q().to_owned();
        let queue_before = tasks(self.kernel().queue().tasks());
        self.keep_calls();
        let step = self.step().await?;
        let calls = self.take_calls();
        let Some(step) = step else {
            return Ok(None);
        };
        let record = &step.committed.record;
        let attempts: Vec<Attempt> = calls.iter().map(Attempt::of).collect();
        let syscall = attempts.iter().rev().find_map(|attempt| {
            let Reading::Transition { text, .. } = &attempt.reading else {
                return None;
            };
            let transition = isa::decode(text.as_bytes()).ok()?;
            let mut canonical = String::new();
            transition.syscall.write_canonical(&mut canonical);
            Some(canonical)
        });
        let mut injected = injections(self.injected().as_ref());
        injected.extend(step.injections.world_faults.iter().map(|&kind| Injection {
            layer: "world",
            kind,
            draw: None,
        }));
        let detail = TickDetail {
            entry: TimelineEntry::of(&step.committed, &step.injections),
            route: record.route.clone(),
            frame: calls
                .last()
                .map_or_else(Vec::new, |call| sections(&call.frame)),
            clipped: record.clipped,
            attempts,
            syscall: record.op.and(syscall),
            files: changes(&files_before, &self.files()),
            commands_unseen: self.is_mirrored(),
            q_before: calls.first().map_or(q_before, |call| call.q.clone()),
            q_after: self.kernel().q().to_owned(),
            queue_before,
            queue_after: tasks(self.kernel().queue().tasks()),
            trap_frames: step.committed.trap_frames.clone(),
            injected,
        };
        Ok(Some((step, detail)))
    }
}

impl Attempt {
    fn of(call: &KeptCall) -> Self {
        let (raw, reading) = match &call.outcome {
            Ok(raw) => (Some(raw), Reading::of(raw.provider, raw.status, &raw.body)),
            Err(fault) => (
                None,
                Reading::NoResponse {
                    fault: fault.name(),
                },
            ),
        };
        Self {
            lane: call.lane.name(),
            attempt: call.attempt,
            took_us: call.took_us,
            status: raw.map(|raw| raw.status),
            provider: raw.map(|raw| raw.provider.name()),
            retry_after_us: raw.and_then(|raw| raw.retry_after_us),
            body: raw.map(|raw| String::from_utf8_lossy(&raw.body).into_owned()),
            reading,
        }
    }
}

impl Reading {
    fn of(provider: bus::Provider, status: u16, body: &[u8]) -> Self {
        let text = match bus::parse(provider, status, body) {
            Ok(reply) => reply.text,
            Err(fault) => {
                return Self::NotAReply {
                    code: fault.code.name(),
                    detail: fault.detail,
                };
            }
        };
        match isa::decode(text.as_bytes()) {
            Ok(transition) => Self::Transition {
                canonical: transition.to_canonical(),
                text,
            },
            Err(fault) => Self::NotATransition {
                code: fault.code.name(),
                detail: fault.detail,
                place: fault.byte.map(|byte| Excerpt::of(&text, byte)),
                text,
            },
        }
    }
}

fn tasks(tasks: &[Task]) -> Vec<TaskView> {
    tasks
        .iter()
        .map(|task| TaskView {
            id: task.id.clone(),
            status: task.status.name(),
            objective: task.objective.clone(),
            scratchpad: task.scratchpad.clone(),
        })
        .collect()
}

fn injections(injected: Option<&Injected>) -> Vec<Injection> {
    let Some(injected) = injected else {
        return Vec::new();
    };
    let noise = injected.noise.map(|kind| Injection {
        layer: "noise",
        kind: NoiseKind::name(kind),
        draw: Some(injected.noise_draw),
    });
    let fault = injected.fault.map(|kind| Injection {
        layer: "provider",
        kind: ProviderFaultKind::name(kind),
        draw: Some(injected.fault_draw),
    });
    noise.into_iter().chain(fault).collect()
}
