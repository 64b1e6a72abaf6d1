//! One file per trap mechanism. Each guard is a small counter over what the kernel tells it.
//!
//! A guard never sees the world, never changes it, and never knows about another guard; the
//! kernel decides the order and what a firing guard means.

pub mod content;
pub mod deadlock;
pub mod halt;
pub mod l1;
pub mod thrashing;
pub mod trap_loop;
pub mod watchdog;
