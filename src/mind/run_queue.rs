//! The run queue: push, edit, move, pop, and its rendering for the frame.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::digest::Digest;
use crate::isa::{Placement, TaskStatus};
use crate::named_enum::named_enum;

/// The most tasks a queue holds.
pub const MAX_TASKS: usize = 64;

/// The longest objective and the longest scratchpad, in characters; more is cut.
pub const MAX_TASK_TEXT: usize = 200;

/// One entry of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// `task_` and 12 hexadecimal digits, issued from a counter and a hash.
    pub id: String,
    /// At most one task of a queue is ACTIVE.
    pub status: TaskStatus,
    /// The first line of the task's text, at most [`MAX_TASK_TEXT`] characters.
    pub objective: String,
    /// The other lines, at most [`MAX_TASK_TEXT`] characters.
    pub scratchpad: String,
    /// SHA-256 of the text that the task was last given, whole.
    pub digest: Digest,
}

named_enum! {
    /// Why a run-queue operation is impossible. The model is to blame.
    #[non_exhaustive]
    pub enum StackFault {
        /// A push over [`MAX_TASKS`].
        QueueFull = "QUEUE_FULL",
        /// An operation that needs a task, on an empty queue.
        EmptyQueue = "EMPTY_QUEUE",
        /// An operation on the active task while every task is BLOCKED.
        NoActiveTask = "NO_ACTIVE_TASK",
        /// A task id that is not in the queue.
        UnknownTask = "UNKNOWN_TASK",
    }
}

/// The tasks, topmost first.
#[derive(Clone, Debug)]
pub struct RunQueue {
    tasks: Vec<Task>,
    issued: u64,
    rendered: String,
    digest: Digest,
    /// What the digest is made of; kept for its memory.
    digested: Vec<u8>,
}

impl Default for RunQueue {
    fn default() -> Self {
        let mut queue = Self {
            tasks: Vec::new(),
            issued: 0,
            rendered: String::new(),
            digest: Digest::EMPTY,
            digested: Vec::new(),
        };
        queue.render();
        queue
    }
}

impl RunQueue {
    /// The tasks, topmost first.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The one ACTIVE task, if any.
    #[must_use]
    pub fn active(&self) -> Option<&Task> {
        self.active_index().and_then(|index| self.tasks.get(index))
    }

    /// True if there are tasks and none of them can run.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.tasks.is_empty() && self.active_index().is_none()
    }

    /// What the frame shows of the queue.
    #[must_use]
    pub fn rendered(&self) -> &str {
        &self.rendered
    }

    /// The digest of the queue: SHA-256 over a tag and, for each task from the top, its id, the first
    /// letter of its status and the digest of its text. It determines what [`RunQueue::rendered`]
    /// shows.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Puts a task on top, ACTIVE; the one before becomes SUSPENDED. `digest` is SHA-256 of `text`.
    ///
    /// # Errors
    /// [`StackFault::QueueFull`]
    pub fn push(&mut self, text: &str, digest: Digest) -> Result<(), StackFault> {
        if self.tasks.len() >= MAX_TASKS {
            return Err(StackFault::QueueFull);
        }
        let (objective, scratchpad) = split_text(text);
        let id = Digest::of_parts(&[
            b"turingos.task\0",
            &self.issued.to_be_bytes(),
            digest.as_bytes(),
        ]);
        let mut name = String::with_capacity(17);
        name.push_str("task_");
        id.push_hex::<6>(&mut name);
        self.issued = self.issued.wrapping_add(1);
        self.suspend_active();
        self.tasks.insert(
            0,
            Task {
                id: name,
                status: TaskStatus::Active,
                objective,
                scratchpad,
                digest,
            },
        );
        self.render();
        Ok(())
    }

    /// Rewrites the active task's text. `digest` is SHA-256 of `text`.
    ///
    /// # Errors
    /// [`StackFault::EmptyQueue`] or [`StackFault::NoActiveTask`]
    pub fn edit(&mut self, text: &str, digest: Digest) -> Result<(), StackFault> {
        let index = self.require_active()?;
        if let Some(task) = self.tasks.get_mut(index) {
            (task.objective, task.scratchpad) = split_text(text);
            task.digest = digest;
        }
        self.render();
        Ok(())
    }

    /// Moves or re-states a task: the named one, else the active one, else the topmost.
    ///
    /// TOP activates and BOTTOM suspends, unless `status` says otherwise; without placement and
    /// status the task goes to the bottom. Afterwards, if none is ACTIVE, the topmost task that is
    /// not BLOCKED becomes so.
    ///
    /// # Errors
    /// [`StackFault::EmptyQueue`] or [`StackFault::UnknownTask`]
    pub fn shift(
        &mut self,
        task_id: Option<&str>,
        placement: Option<Placement>,
        status: Option<TaskStatus>,
    ) -> Result<(), StackFault> {
        let index = match task_id {
            Some(id) => self
                .tasks
                .iter()
                .position(|task| task.id == id.trim())
                .ok_or(if self.tasks.is_empty() {
                    StackFault::EmptyQueue
                } else {
                    StackFault::UnknownTask
                })?,
            None if self.tasks.is_empty() => return Err(StackFault::EmptyQueue),
            None => self.active_index().unwrap_or(0),
        };
        let placement = match (placement, status) {
            (None, None) => Some(Placement::Bottom),
            (placement, _) => placement,
        };
        let status = status.unwrap_or(match placement {
            Some(Placement::Top) => TaskStatus::Active,
            Some(Placement::Bottom) | None => TaskStatus::Suspended,
        });
        if status == TaskStatus::Active {
            self.suspend_active();
        }
        let mut task = self.tasks.remove(index);
        task.status = status;
        match placement {
            Some(Placement::Top) => self.tasks.insert(0, task),
            Some(Placement::Bottom) => self.tasks.push(task),
            None => self.tasks.insert(index, task),
        }
        self.activate_topmost();
        self.render();
        Ok(())
    }

    /// Drops the active task.
    ///
    /// # Errors
    /// [`StackFault::EmptyQueue`] or [`StackFault::NoActiveTask`]
    pub fn pop(&mut self) -> Result<(), StackFault> {
        let index = self.require_active()?;
        self.tasks.remove(index);
        self.activate_topmost();
        self.render();
        Ok(())
    }

    /// Drops every task; task ids continue.
    pub fn clear(&mut self) {
        self.tasks.clear();
        self.render();
    }

    fn active_index(&self) -> Option<usize> {
        self.tasks
            .iter()
            .position(|task| task.status == TaskStatus::Active)
    }

    fn require_active(&self) -> Result<usize, StackFault> {
        if self.tasks.is_empty() {
            return Err(StackFault::EmptyQueue);
        }
        self.active_index().ok_or(StackFault::NoActiveTask)
    }

    fn suspend_active(&mut self) {
        for task in &mut self.tasks {
            if task.status == TaskStatus::Active {
                task.status = TaskStatus::Suspended;
            }
        }
    }

    fn activate_topmost(&mut self) {
        if self.active_index().is_none() {
            let next = self
                .tasks
                .iter_mut()
                .find(|task| task.status != TaskStatus::Blocked);
            if let Some(task) = next {
                task.status = TaskStatus::Active;
            }
        }
    }

    /// Renders and hashes once per change, so that a tick that leaves the queue alone copies text
    /// only.
    fn render(&mut self) {
        let digested = &mut self.digested;
        digested.clear();
        digested.extend_from_slice(b"turingos.queue\0");
        for task in &self.tasks {
            digested.extend_from_slice(task.id.as_bytes());
            digested.extend(task.status.name().bytes().next());
            digested.extend_from_slice(task.digest.as_bytes());
        }
        self.digest = Digest::of(digested);
        let out = &mut self.rendered;
        out.clear();
        // Writing to a String cannot fail.
        let _ = write!(out, "[CALL_STACK_DEPTH] {}", self.tasks.len());
        for (label, status) in [
            ("RUNQUEUE_ACTIVE", TaskStatus::Active),
            ("RUNQUEUE_SUSPENDED", TaskStatus::Suspended),
            ("RUNQUEUE_BLOCKED", TaskStatus::Blocked),
        ] {
            let tasks = self.tasks.iter().filter(|task| task.status == status);
            for (position, task) in tasks.enumerate() {
                if position == 0 {
                    let _ = write!(out, "\n[{label}] ");
                } else {
                    out.push_str(" | ");
                }
                out.push_str(&task.id);
                out.push_str(": ");
                out.push_str(&task.objective);
                if status == TaskStatus::Active && !task.scratchpad.is_empty() {
                    out.push_str("\n[SCRATCHPAD] ");
                    out.push_str(&task.scratchpad);
                }
            }
        }
    }
}

fn split_text(text: &str) -> (String, String) {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    (clip(first.trim()), clip(rest.trim()))
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_TASK_TEXT) {
        Some((end, _)) => String::from(text.get(..end).unwrap_or(text)),
        None => String::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(objectives: &[&str]) -> RunQueue {
        let mut queue = RunQueue::default();
        for objective in objectives {
            push(&mut queue, objective).expect("room");
        }
        queue
    }

    fn push(queue: &mut RunQueue, text: &str) -> Result<(), StackFault> {
        queue.push(text, Digest::of(text.as_bytes()))
    }

    fn edit(queue: &mut RunQueue, text: &str) -> Result<(), StackFault> {
        queue.edit(text, Digest::of(text.as_bytes()))
    }

    fn objectives(queue: &RunQueue) -> Vec<&str> {
        queue
            .tasks()
            .iter()
            .map(|task| task.objective.as_str())
            .collect()
    }

    fn active(queue: &RunQueue) -> Option<&str> {
        queue.active().map(|task| task.objective.as_str())
    }

    #[test]
    fn push_suspends_the_previous_task() {
        let queue = queue(&["a", "b"]);
        assert_eq!(objectives(&queue), ["b", "a"]);
        assert_eq!(active(&queue), Some("b"));
        assert_eq!(queue.tasks()[1].status, TaskStatus::Suspended);
    }

    #[test]
    fn a_push_over_the_limit_changes_nothing() {
        let mut queue = RunQueue::default();
        for _ in 0..MAX_TASKS {
            push(&mut queue, "same").expect("room");
        }
        let before = String::from(queue.rendered());
        assert_eq!(push(&mut queue, "one more"), Err(StackFault::QueueFull));
        assert_eq!(queue.rendered(), before);
    }

    #[test]
    fn equal_tasks_have_different_ids() {
        let queue = queue(&["same", "same"]);
        assert_ne!(queue.tasks()[0].id, queue.tasks()[1].id);
    }

    #[test]
    fn pop_activates_the_topmost_task_that_is_not_blocked() {
        let mut queue = queue(&["a", "b", "c"]);
        let b = queue.tasks()[1].id.clone();
        queue
            .shift(Some(&b), None, Some(TaskStatus::Blocked))
            .expect("known");
        queue.pop().expect("active");
        assert_eq!(objectives(&queue), ["b", "a"]);
        assert_eq!(active(&queue), Some("a"));
    }

    #[test]
    fn move_to_top_activates_and_to_bottom_suspends() {
        let mut queue = queue(&["a", "b", "c"]);
        let a = queue.tasks()[2].id.clone();
        queue
            .shift(Some(&a), Some(Placement::Top), None)
            .expect("known");
        assert_eq!(objectives(&queue), ["a", "c", "b"]);
        assert_eq!(active(&queue), Some("a"));
        queue
            .shift(None, Some(Placement::Bottom), None)
            .expect("active");
        assert_eq!(objectives(&queue), ["c", "b", "a"]);
        assert_eq!(active(&queue), Some("c"));
    }

    #[test]
    fn a_bare_move_rotates() {
        let mut queue = queue(&["a", "b"]);
        queue.shift(None, None, None).expect("active");
        assert_eq!(objectives(&queue), ["a", "b"]);
        assert_eq!(active(&queue), Some("a"));
    }

    #[test]
    fn a_fully_blocked_queue_is_blocked() {
        let mut queue = queue(&["a"]);
        queue
            .shift(None, None, Some(TaskStatus::Blocked))
            .expect("active");
        assert!(queue.is_blocked());
        assert_eq!(queue.pop(), Err(StackFault::NoActiveTask));
        assert_eq!(edit(&mut queue, "x"), Err(StackFault::NoActiveTask));
    }

    #[test]
    fn an_empty_queue_refuses_all_but_push() {
        let mut queue = RunQueue::default();
        assert_eq!(queue.pop(), Err(StackFault::EmptyQueue));
        assert_eq!(edit(&mut queue, "x"), Err(StackFault::EmptyQueue));
        assert_eq!(queue.shift(None, None, None), Err(StackFault::EmptyQueue));
    }

    #[test]
    fn texts_are_cut_at_characters() {
        let mut queue = RunQueue::default();
        let long = "界".repeat(MAX_TASK_TEXT + 1);
        push(&mut queue, &alloc::format!("{long}\n{long}")).expect("room");
        assert_eq!(queue.tasks()[0].objective.chars().count(), MAX_TASK_TEXT);
        assert_eq!(queue.tasks()[0].scratchpad.chars().count(), MAX_TASK_TEXT);
    }
}
