//! The mind `q_t`: a bounded run queue of tasks.
//!
//! Never larger than [`MAX_TASKS`]; never more than one ACTIVE task; an operation that is
//! impossible changes nothing.

mod run_queue;

pub use run_queue::{MAX_TASK_TEXT, MAX_TASKS, RunQueue, StackFault, Task};
