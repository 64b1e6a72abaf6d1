//! The run queue as the frame shows it, and which task a move leaves active.

use turingos::Digest;
use turingos::isa::{Placement, TaskStatus};
use turingos::mind::RunQueue;

fn queue(tasks: &[&str]) -> RunQueue {
    let mut queue = RunQueue::default();
    for task in tasks {
        let digest = Digest::of(task.as_bytes());
        queue.push(task, digest).expect("room");
    }
    queue
}

/// The id of the task with that objective.
fn id(queue: &RunQueue, objective: &str) -> String {
    let mut tasks = queue.tasks().iter();
    let task = tasks.find(|task| task.objective == objective);
    task.expect("a task").id.clone()
}

#[test]
fn a_queue_is_shown_by_status() {
    assert_eq!(queue(&[]).rendered(), "[CALL_STACK_DEPTH] 0");
    let mut shown = queue(&["one", "two\nwith a note", "three", "four\nnotes\nof it"]);
    let [one, two, three, four] =
        ["one", "two", "three", "four"].map(|objective| id(&shown, objective));
    assert_eq!(
        shown.rendered(),
        format!(
            "[CALL_STACK_DEPTH] 4\n\
             [RUNQUEUE_ACTIVE] {four}: four\n[SCRATCHPAD] notes\nof it\n\
             [RUNQUEUE_SUSPENDED] {three}: three | {two}: two | {one}: one"
        )
    );
    for task in [&four, &two] {
        shown
            .shift(Some(task), None, Some(TaskStatus::Blocked))
            .expect("moved");
    }
    assert_eq!(
        shown.rendered(),
        format!(
            "[CALL_STACK_DEPTH] 4\n\
             [RUNQUEUE_ACTIVE] {three}: three\n\
             [RUNQUEUE_SUSPENDED] {one}: one\n\
             [RUNQUEUE_BLOCKED] {four}: four | {two}: two"
        )
    );
}

#[test]
fn only_a_task_that_becomes_active_suspends_the_active_one() {
    for (status, active) in [
        (TaskStatus::Suspended, "two"),
        (TaskStatus::Blocked, "two"),
        (TaskStatus::Active, "one"),
    ] {
        let mut queue = queue(&["one", "two", "three"]);
        let (one, two) = (id(&queue, "one"), id(&queue, "two"));
        queue
            .shift(Some(&two), None, Some(TaskStatus::Active))
            .expect("moved");
        queue.shift(Some(&one), None, Some(status)).expect("moved");
        let found = queue.active().expect("an active task");
        assert_eq!(found.objective, active, "{status:?}");
    }
}

#[test]
fn a_move_without_words_rotates() {
    let mut queue = queue(&["one", "two", "three"]);
    for active in ["two", "one", "three", "two"] {
        queue.shift(None, None, None).expect("moved");
        assert_eq!(queue.active().expect("a task").objective, active);
    }
    queue
        .shift(None, Some(Placement::Top), None)
        .expect("moved");
    assert_eq!(queue.active().expect("a task").objective, "two");
}
