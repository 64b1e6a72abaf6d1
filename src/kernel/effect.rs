//! Step eight of a tick: at most one mutation of mind or world, all or nothing.

use alloc::format;
use alloc::string::String;

use super::channels::{self, ChannelFault};
use super::machine::Kernel;
use super::outcome::Trap;
use super::plan;
use crate::digest::Digest;
use crate::guards::content::omission_marker;
use crate::isa::Syscall;
use crate::journal::Status;
use crate::manifold::{Manifold, WorldFaultCode};
use crate::mind::StackFault;
use crate::pointer::{Location, Pointer, PointerError, WorkspacePath};
use crate::trap::TrapKind;

/// How a write changes its target.
enum Channel {
    Whole,
    Append,
    Replace,
}

/// The pointer that a write goes through.
enum Route<'a> {
    /// The one where the machine stands.
    Here(Result<&'a Pointer, PointerError>),
    /// One that the syscall names.
    Named(Pointer),
}

impl Kernel {
    /// Carries out one syscall. Returns the new pointer (`None` if it stays) and the digest of what
    /// was changed. `target` is where a GOTO leads, if it was parsed before; `content` is the digest
    /// of the payload or task.
    pub(super) fn effect<W: Manifold>(
        &mut self,
        syscall: Syscall,
        target: Option<Location>,
        content: Digest,
        now_us: u64,
        world: &mut W,
    ) -> Result<(Option<Location>, Digest), Trap> {
        match syscall {
            Syscall::Write {
                payload,
                semantic_cap,
            } => self
                .write(&payload, content, semantic_cap.as_deref(), now_us, world)
                .map(|effect| (None, effect)),
            Syscall::Exec { cmd } => Ok(jump(Location::of_command(cmd))),
            Syscall::Goto { pointer } => {
                let target = target.unwrap_or_else(|| Location::from_string(pointer));
                if target.pointer() == Ok(&Pointer::Halt) {
                    self.boot.status = Status::Halted;
                }
                Ok((Some(target), Digest::EMPTY))
            }
            Syscall::GitLog(query) => {
                Ok(jump(Location::from_string(Pointer::git_log_text(&query))))
            }
            Syscall::Push { task } => self.mind(|kernel| kernel.queue.push(&task, content)),
            Syscall::Edit { task } => self.mind(|kernel| kernel.queue.edit(&task, content)),
            Syscall::Move {
                task_id,
                target_pos,
                status,
            } => self.mind(|kernel| kernel.queue.shift(task_id.as_deref(), target_pos, status)),
            Syscall::Pop => self.mind(|kernel| kernel.queue.pop()),
            Syscall::Halt => {
                self.boot.status = Status::Halted;
                Ok((Some(Location::from(Pointer::Halt)), Digest::EMPTY))
            }
        }
    }

    fn mind(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<(), StackFault>,
    ) -> Result<(Option<Location>, Digest), Trap> {
        operation(self).map_err(|fault| Trap {
            kind: TrapKind::StackFault,
            code: fault.name(),
            details: format!("the run queue has {} tasks.", self.queue.tasks().len()),
        })?;
        Ok((None, self.queue.digest()))
    }

    fn write<W: Manifold>(
        &self,
        payload: &str,
        payload_digest: Digest,
        semantic_cap: Option<&str>,
        now_us: u64,
        world: &mut W,
    ) -> Result<Digest, Trap> {
        if let Some(marker) = omission_marker(payload) {
            return Err(Trap {
                kind: TrapKind::ContentContract,
                code: "OMISSION_MARKER",
                details: format!("the payload says {marker:?} instead of the content; write all."),
            });
        }
        let route = self.write_route(semantic_cap)?;
        let (channel, path) = self.write_target(&route)?;
        let edited = match channel {
            Channel::Whole => None,
            Channel::Append => {
                let mut content = String::new();
                match world.read(path, &mut content) {
                    Ok(()) => {}
                    // An append makes the file.
                    Err(fault) if fault.code == WorldFaultCode::NotFound => content.clear(),
                    Err(fault) => return Err(Trap::of_world(path, &fault)),
                }
                channels::append(&mut content, payload)
                    .map_err(|fault| channel_trap(path, fault))?;
                Some(content)
            }
            Channel::Replace => {
                let mut content = String::new();
                world
                    .read(path, &mut content)
                    .map_err(|fault| Trap::of_world(path, &fault))?;
                let content = channels::replace(&content, payload)
                    .map_err(|fault| channel_trap(path, fault))?;
                Some(content)
            }
        };
        let content = edited.as_deref().unwrap_or(payload);
        if let Some(contract) = &self.contract
            && contract.progress_file() == Some(path)
        {
            plan::guard_progress(contract, path, content, world)?;
        }
        let tag: &[u8] = match channel {
            Channel::Whole => b"turingos.write\0",
            Channel::Append => b"turingos.append\0",
            Channel::Replace => b"turingos.replace\0",
        };
        let path_text = path.as_str().as_bytes();
        let effect = Digest::of_parts(&[tag, payload_digest.as_bytes(), path_text]);
        world
            .write(path, content, effect, now_us)
            .map_err(|fault| Trap::of_world(path, &fault))?;
        Ok(effect)
    }

    /// True if a write without a capability has a target where the pointer stands.
    pub(super) fn can_write_here(&self) -> bool {
        self.write_target(&Route::Here(self.boot.d.pointer()))
            .is_ok()
    }

    fn write_route(&self, semantic_cap: Option<&str>) -> Result<Route<'_>, Trap> {
        let Some(text) = semantic_cap else {
            return Ok(Route::Here(self.boot.d.pointer()));
        };
        match text.parse::<Pointer>() {
            Ok(pointer @ Pointer::Handle(_)) => Ok(Route::Named(pointer)),
            Ok(_) | Err(_) => Err(Trap::writing("BAD_CAPABILITY", text)),
        }
    }

    fn write_target<'r>(&self, route: &'r Route<'_>) -> Result<(Channel, &'r WorkspacePath), Trap> {
        let pointer = match route {
            Route::Here(pointer) => *pointer,
            Route::Named(pointer) => Ok(pointer),
        };
        match pointer {
            Ok(Pointer::File(path)) => Ok((Channel::Whole, path)),
            Ok(Pointer::Append(path)) => Ok((Channel::Append, path)),
            Ok(Pointer::Replace(path)) => Ok((Channel::Replace, path)),
            Ok(Pointer::Handle(handle)) => {
                if !self.capabilities.is_genuine(handle) {
                    Err(Trap::writing(
                        "EACCES_UNKNOWN_CAPABILITY",
                        &format!("{handle}"),
                    ))
                } else if !handle.access.writes() {
                    Err(Trap::writing(
                        "EACCES_NO_WRITE_ACCESS",
                        &format!("{handle}"),
                    ))
                } else {
                    Ok((Channel::Whole, &handle.tail))
                }
            }
            Ok(
                Pointer::Command(_)
                | Pointer::CallStack
                | Pointer::Trap { .. }
                | Pointer::Page { .. }
                | Pointer::Capability(_)
                | Pointer::GitLog(_)
                | Pointer::Halt,
            ) => Err(Trap::writing("NOT_WRITABLE", self.boot.d.text())),
            Err(reason) => Err(Trap::writing(reason.name(), self.boot.d.text())),
        }
    }
}

fn jump(target: Location) -> (Option<Location>, Digest) {
    (Some(target), Digest::EMPTY)
}

fn channel_trap(path: &WorkspacePath, fault: ChannelFault) -> Trap {
    Trap::writing(fault.name(), path.as_str())
}
