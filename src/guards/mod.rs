//! One file per trap mechanism. Each guard is a small counter over what the kernel tells it.
//!
//! A guard never sees the world, never changes it, and never knows about another guard; the
//! kernel decides the order and what a firing guard means.

pub(crate) mod content;
pub(crate) mod deadlock;
pub(crate) mod halt;
pub(crate) mod l1;
pub(crate) mod thrashing;
pub(crate) mod trap_loop;
pub(crate) mod watchdog;
