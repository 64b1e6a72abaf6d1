//! The contract at work: what it reads of the world, what it shows, and what it refuses.
//!
//! Never writes a file and never declares a step done itself.

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

use super::outcome::{Observation, Plan, SoftTrap, Trap};
use crate::contract::{Blocker, Change, Contract, PlanFault, Progress, Stand, Step};
use crate::manifold::{Manifold, WorldFault, WorldFaultCode};
use crate::pointer::{WorkspacePath, clip_bytes};
use crate::trap::TrapKind;

/// Step two of a tick: writes the contract's section to `section`, and notes on the slice a
/// progress file that does not match the plan. Reads the progress file and at most one step's
/// file, or, once every step is done, the required files.
pub(super) fn consult<W: Manifold>(
    contract: &Contract,
    world: &mut W,
    seen: &mut Observation,
    slice: &mut String,
    section: &mut String,
) {
    let mut content = String::new();
    let standing = standing(contract, world, &mut content);
    if let Err(objection) = &standing {
        let Objection { fault, details, .. } = objection;
        // Writing to a String cannot fail.
        let _ = write!(
            slice,
            "\n\n[OS_TRAP: PLAN_CONTRACT] {fault}\nDetails: {details}\nAction: {}",
            objection.action()
        );
        seen.note_soft(SoftTrap {
            kind: TrapKind::PlanContract,
            code: fault.name(),
            details: Some(details.clone()),
        });
    }
    let is_broken = standing.is_err();
    let done = match &standing {
        Ok(done) | Err(Objection { done, .. }) => *done,
    };
    let stand = match contract.steps().get(done) {
        Some(step) => Stand::Next {
            number: done.saturating_add(1),
            step,
            blocker: match standing {
                Err(Objection {
                    fault: PlanFault::ProgressUnreadable,
                    ..
                }) => Some(Blocker::FileUnreadable),
                Ok(_) | Err(_) => blocker(step, world, &mut content),
            },
        },
        None => Stand::Complete {
            missing: missing_file(contract, world, &mut content),
        },
    };
    seen.plan = match &stand {
        Stand::Next {
            blocker: Some(_), ..
        } => Plan::Blocked,
        Stand::Complete { missing: None } if !is_broken && contract.asks_for_something() => {
            Plan::Complete
        }
        Stand::Complete { missing: None } if !is_broken => Plan::None,
        Stand::Next { blocker: None, .. } | Stand::Complete { .. } => Plan::Unmet,
    };
    contract.guide(stand, section);
}

/// HALT_GUARD: every step is done and still holds, and every required file is there.
pub(super) fn guard_halt<W: Manifold>(contract: &Contract, world: &mut W) -> Result<(), Trap> {
    let refuse = |fault: PlanFault, details: String| {
        Err(Trap {
            kind: TrapKind::HaltGuard,
            code: fault.name(),
            details: format!("HALT refused: {details}"),
        })
    };
    let mut content = String::new();
    let done = match standing(contract, world, &mut content) {
        Ok(done) => done,
        Err(Objection { fault, details, .. }) => return refuse(fault, details),
    };
    if let Some(step) = contract.steps().get(done) {
        let details = format!("step {} is not done.", step.name());
        return refuse(PlanFault::StepsUndone, details);
    }
    if let Some(path) = missing_file(contract, world, &mut content) {
        let details = format!("{} is missing.", clip_bytes(path.as_str(), 200));
        return refuse(PlanFault::RequiredFileMissing, details);
    }
    for step in contract.steps() {
        if let Some(blocker) = blocker(step, world, &mut content) {
            let details = format!("step {} holds no more: {blocker}.", step.name());
            return refuse(PlanFault::StepUndoneAgain, details);
        }
    }
    Ok(())
}

/// Refuses to let the progress file at `path` become `new`, unless that adds the next step's line
/// while its file is ready, or makes a broken file whole again.
pub(super) fn guard_progress<W: Manifold>(
    contract: &Contract,
    path: &WorkspacePath,
    new: &str,
    world: &mut W,
) -> Result<(), Trap> {
    let mut content = String::new();
    read_progress(path, world, &mut content).map_err(|fault| Trap::of_world(path, &fault))?;
    let refuse = |fault: PlanFault, why: &str| Err(Trap::refused_write(fault.name(), path, why));
    match contract.change(&content, new) {
        Ok(Change::Repair) => Ok(()),
        Ok(Change::Done(step)) => match blocker(step, world, &mut content) {
            None => Ok(()),
            Some(blocker) => refuse(
                PlanFault::StepNotReady,
                &format!("step {} is not ready: {blocker}.", step.name()),
            ),
        },
        Err(fault) => {
            let Progress { done, .. } = contract.progress(&content);
            let next = match contract.steps().get(done) {
                Some(step) => format!("the next line is {}.", step.progress_line()),
                None => String::from("every step is done; the file takes no more lines."),
            };
            refuse(fault, &next)
        }
    }
}

/// What is wrong with the progress file.
struct Objection {
    /// How many steps count as done nevertheless.
    done: usize,
    fault: PlanFault,
    details: String,
}

impl Objection {
    /// What the model can do about it.
    fn action(&self) -> String {
        if self.fault == PlanFault::ProgressUnreadable {
            String::from("observe the file, and go on once it can be read.")
        } else {
            format!(
                "write the file again with exactly its first {} lines, or remove it if that is none.",
                self.done
            )
        }
    }
}

/// How many steps are done.
fn standing<W: Manifold>(
    contract: &Contract,
    world: &mut W,
    content: &mut String,
) -> Result<usize, Objection> {
    let Some(path) = contract.progress_file() else {
        return Ok(0);
    };
    let shown = clip_bytes(path.as_str(), 200);
    if let Err(fault) = read_progress(path, world, content) {
        return Err(Objection {
            done: 0,
            fault: PlanFault::ProgressUnreadable,
            details: format!("reading {shown}: {}", fault.code.name()),
        });
    }
    let Progress { done, broken_line } = contract.progress(content);
    match broken_line {
        None => Ok(done),
        Some(line) => Err(Objection {
            done,
            fault: PlanFault::ProgressNotAPrefix,
            details: format!("{shown} line {line} is not the plan's line at that place."),
        }),
    }
}

/// The progress file's content; one that is not there is empty.
fn read_progress<W: Manifold>(
    path: &WorkspacePath,
    world: &mut W,
    content: &mut String,
) -> Result<(), WorldFault> {
    content.clear();
    match world.read(path, content) {
        Err(fault) if fault.code == WorldFaultCode::NotFound => {
            content.clear();
            Ok(())
        }
        outcome => outcome,
    }
}

/// What blocks a step.
fn blocker<W: Manifold>(step: &Step, world: &mut W, content: &mut String) -> Option<Blocker> {
    let path = step.file()?;
    content.clear();
    let outcome = world.read(path, content).map_err(|fault| fault.code);
    match (outcome, step.expectation()) {
        (Ok(()), Some(expectation)) => expectation.judge(content),
        // A file that only has to be there may hold anything.
        (Ok(()) | Err(WorldFaultCode::NotText | WorldFaultCode::TooLarge), None) => None,
        (Err(WorldFaultCode::NotFound), _) => Some(Blocker::FileMissing),
        (Err(_), _) => Some(Blocker::FileUnreadable),
    }
}

/// The first required file that is not there, or that the world does not let be looked for.
fn missing_file<'c, W: Manifold>(
    contract: &'c Contract,
    world: &mut W,
    content: &mut String,
) -> Option<&'c WorkspacePath> {
    contract.required_files().iter().find(|path| {
        content.clear();
        !matches!(
            world.read(path, content).map_err(|fault| fault.code),
            Ok(()) | Err(WorldFaultCode::NotText | WorldFaultCode::TooLarge)
        )
    })
}
