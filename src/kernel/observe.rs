//! Step one of a tick: what the pointer shows.
//!
//! Observing never changes the kernel. What an observation would change (a page table to keep, a
//! capability to issue, a command's evidence) travels with it and counts at the commit.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::Write as _;

use super::machine::Kernel;
use super::outcome::Observation;
use super::plan;
use crate::digest::Digest;
use crate::json::push_number;
use crate::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use crate::memory::PageTable;
use crate::pointer::{CapabilityQuery, Handle, Pointer, WorkspacePath};
use crate::trap::TrapKind;

/// How many entries of a directory a page fault names.
const SHOWN_ENTRIES: usize = 20;

/// How many handles `sys://cap/list` shows.
const SHOWN_HANDLES: usize = 24;

impl Kernel {
    /// Observes `d` into `slice`, and what the plan asks for into `plan`; both are empty on entry.
    pub(super) fn observe<W: Manifold>(
        &self,
        world: &mut W,
        now_us: u64,
        slice: &mut String,
        plan: &mut String,
    ) -> Observation {
        let mut seen = Observation::default();
        match self.boot.d.pointer() {
            Err(reason) => self.page_fault(
                &mut seen,
                slice,
                reason.name(),
                "the pointer is none that this kernel knows",
            ),
            Ok(Pointer::File(path)) => self.observe_file(&mut seen, world, path, slice),
            Ok(Pointer::Command(command)) => {
                let outcome = world.exec(command, now_us);
                self.show_command(&mut seen, command, &outcome, slice);
            }
            Ok(Pointer::Append(path) | Pointer::Replace(path)) => {
                self.observe_channel(&mut seen, world, path, slice);
            }
            Ok(Pointer::CallStack) => {
                slice.push_str("[SYSTEM_CHANNEL] sys://callstack\n");
                slice.push_str(self.queue.rendered());
            }
            Ok(Pointer::Trap { kind, details }) => {
                self.show_trap(*kind, details.as_deref(), slice);
            }
            Ok(Pointer::Page { token, page }) => {
                seen.is_page = true;
                if let Err(fault) = self.pager.show(token, *page, slice) {
                    slice.clear();
                    self.page_fault(
                        &mut seen,
                        slice,
                        fault.name(),
                        "observe the source again to make a new page table",
                    );
                }
            }
            Ok(Pointer::Capability(query)) => self.show_capability(&mut seen, query, slice),
            Ok(Pointer::Handle(handle)) => self.observe_handle(&mut seen, world, handle, slice),
            Ok(Pointer::GitLog(query)) => {
                let _ = writeln!(slice, "[SYSTEM_CHANNEL] {}\n[LOG]", self.boot.d.text());
                match world.git_log(query) {
                    Ok(log) => slice.push_str(&log),
                    Err(fault) => self.world_page_fault(&mut seen, slice, &fault),
                }
            }
            Ok(Pointer::Halt) => slice.push_str("[SYSTEM_CHANNEL] HALT"),
        }
        let digest = Digest::of(slice.as_bytes());
        seen.digest = Some(digest);
        if let Some(success) = &mut seen.successful_command {
            *success = digest;
        }
        if !seen.is_page {
            seen.pages = PageTable::digest(self.boot.d.text(), slice, digest);
        }
        if let Some(pages) = seen.pages {
            self.show_first_page(&mut seen, PageTable::token(pages), slice);
        }
        seen.unnoted = slice.len();
        match &self.contract {
            Some(contract) => plan::consult(contract, world, &mut seen, slice, plan),
            None => plan.push_str("(none)"),
        }
        if seen.successful_command.is_some() && seen.successful_command == self.boot.last_success {
            seen.note(TrapKind::NoProgress, "SAME_COMMAND_SAME_RESULT");
            slice.push_str(
                "\n\n[OS_TRAP: NO_PROGRESS] the same command succeeded with the same result twice\n\
                 Action: take the step as done and go on to the next one.",
            );
        }
        seen
    }

    /// Puts the first page in place of a slice that is longer than one.
    fn show_first_page(&self, seen: &mut Observation, token: String, slice: &mut String) {
        let kept = self.pager.find(&token);
        if kept.is_none() {
            let table = PageTable::new(token, self.boot.d.text(), slice);
            seen.new_table = Some(Box::new(table));
        }
        slice.clear();
        if let Some(table) = kept.or(seen.new_table.as_deref()) {
            // Every table has a first page.
            let _ = table.show(1, slice);
        }
    }

    fn observe_file<W: Manifold>(
        &self,
        seen: &mut Observation,
        world: &mut W,
        path: &WorkspacePath,
        slice: &mut String,
    ) {
        if let Err(fault) = world.read(path, slice) {
            self.world_page_fault(seen, slice, &fault);
            if fault.code == WorldFaultCode::NotFound {
                show_entries(world, path, slice);
            }
        }
    }

    fn observe_channel<W: Manifold>(
        &self,
        seen: &mut Observation,
        world: &mut W,
        path: &WorkspacePath,
        slice: &mut String,
    ) {
        let _ = writeln!(
            slice,
            "[SYSTEM_CHANNEL] {}\n[CURRENT_CONTENT]",
            self.boot.d.text()
        );
        let mut content = String::new();
        match world.read(path, &mut content) {
            Ok(()) if content.trim().is_empty() => slice.push_str("(empty)"),
            Ok(()) => slice.push_str(content.trim_end()),
            // An append makes the file, so its absence is no fault.
            Err(fault) if fault.code == WorldFaultCode::NotFound => slice.push_str("(no file)"),
            Err(fault) => self.world_page_fault(seen, slice, &fault),
        }
    }

    fn observe_handle<W: Manifold>(
        &self,
        seen: &mut Observation,
        world: &mut W,
        handle: &Handle,
        slice: &mut String,
    ) {
        let code = if !self.capabilities.is_genuine(handle) {
            "UNKNOWN_CAPABILITY"
        } else if !handle.access.reads() {
            "NO_READ_ACCESS"
        } else {
            return self.observe_file(seen, world, &handle.tail, slice);
        };
        seen.note(TrapKind::Eacces, code);
        let _ = write!(
            slice,
            "[OS_TRAP: EACCES] {code}\nPointer: {}\nAction: issue a capability with the access \
             you need at sys://cap/issue?access=r|w|rw&path=PATH.",
            self.boot.d.text()
        );
    }

    fn show_command(
        &self,
        seen: &mut Observation,
        command: &str,
        outcome: &CommandOutcome,
        slice: &mut String,
    ) {
        slice.push_str("[COMMAND] ");
        slice.push_str(command);
        slice.push_str("\n[EXIT_CODE] ");
        push_number(slice, outcome.exit_code.into());
        slice.push_str("\n[STDOUT]\n");
        slice.push_str(outcome.stdout.trim_end());
        slice.push_str("\n[STDERR]\n");
        slice.push_str(outcome.stderr.trim_end());
        seen.elapsed_us = outcome.duration_us;
        seen.signal = Some(self.test_commands.classify(command, outcome.exit_code));
        // The digest is filled in when the slice is whole.
        seen.successful_command = (outcome.exit_code == 0).then_some(Digest::EMPTY);
    }

    fn show_trap(&self, kind: TrapKind, details: Option<&str>, slice: &mut String) {
        slice.push_str("[SYSTEM_CHANNEL] ");
        slice.push_str(kind.base());
        if let Some(details) = details {
            slice.push_str("\n[DETAILS]\n");
            slice.push_str(details);
        } else if let Some(frame) = self.boot.trap_frames.get(&kind) {
            let _ = write!(
                slice,
                "\n[DETAILS]\n{}: {}",
                frame.cause.code, frame.details
            );
        }
    }

    fn show_capability(&self, seen: &mut Observation, query: &CapabilityQuery, slice: &mut String) {
        match query {
            CapabilityQuery::Issue { access, path } => {
                let grant = self.capabilities.grant(*access, path);
                let _ = write!(
                    slice,
                    "[SYSTEM_CHANNEL] sys://cap/issue\n[HANDLE] {}",
                    grant.handle()
                );
                seen.grant = Some(Box::new(grant));
            }
            CapabilityQuery::List => {
                let _ = write!(
                    slice,
                    "[SYSTEM_CHANNEL] sys://cap/list\n[CAPABILITIES] {}",
                    self.capabilities.len()
                );
                for (access, id, tail) in self.capabilities.newest(SHOWN_HANDLES) {
                    slice.push_str("\n[HANDLE] ");
                    slice.extend(Handle::pieces(access, id, tail));
                }
            }
            CapabilityQuery::Describe(handle) if self.capabilities.is_genuine(handle) => {
                let _ = write!(
                    slice,
                    "[SYSTEM_CHANNEL] sys://cap/describe\n[HANDLE] {handle}\n[ACCESS] {}\n[PATH] {}",
                    handle.access.name(),
                    handle.tail
                );
            }
            CapabilityQuery::Describe(handle) => {
                seen.note(TrapKind::Eacces, "UNKNOWN_CAPABILITY");
                let _ = write!(
                    slice,
                    "[OS_TRAP: EACCES] UNKNOWN_CAPABILITY\nPointer: {handle}"
                );
            }
        }
    }

    fn world_page_fault(&self, seen: &mut Observation, slice: &mut String, fault: &WorldFault) {
        self.page_fault(seen, slice, fault.code.name(), &fault.detail);
    }

    fn page_fault(
        &self,
        seen: &mut Observation,
        slice: &mut String,
        code: &'static str,
        detail: &str,
    ) {
        seen.note(TrapKind::PageFault, code);
        let _ = write!(
            slice,
            "[OS_TRAP: PAGE_FAULT] {code}\nPointer: {}\nDetails: {detail}",
            self.boot.d.text()
        );
    }
}

/// Lists the directory of a missing file, so that a model can see a misspelling.
fn show_entries<W: Manifold>(world: &mut W, path: &WorkspacePath, slice: &mut String) {
    let parent = path.parent();
    if let Ok(entries) = world.list(parent.as_ref(), SHOWN_ENTRIES) {
        slice.push_str("\nEntries: ");
        if entries.is_empty() {
            slice.push_str("(empty)");
        }
        for (position, entry) in entries.iter().enumerate() {
            if position > 0 {
                slice.push_str(", ");
            }
            slice.push_str(entry);
        }
    }
}
