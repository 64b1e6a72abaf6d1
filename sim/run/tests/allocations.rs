//! How often a tick allocates in its steady state. This binary has one test, because the counter is
//! that of the whole process.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use turingos::{Answer, Kernel, KernelConfig};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::{Profile, Tick};
use turingos_world::{Quota, World};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations so far, those that grow a buffer included.
fn allocations() -> u64 {
    let stats = COUNTED.stats();
    (stats.allocations + stats.reallocations) as u64
}

/// Ticks after which every buffer has its size and the history of the world is full.
const WARM: u64 = 12_000;
const TICKS: u64 = 2_000;

/// Allocations of `TICKS` ticks of a soak.
fn of_soak(profile: Profile) -> u64 {
    let header = Settings::header(profile, 42, WARM + TICKS);
    let mut before = 0;
    let sink = |tick: &Tick<'_>| {
        if tick.committed.record.tick + 1 == WARM {
            before = allocations();
        }
    };
    let mut soak = Soak::start_into(&header, sink);
    on_virtual_time(soak.drive()).expect("nothing can fail");
    let after = allocations();
    drop(soak);
    after - before
}

/// Allocations of `TICKS` ticks that look at two files in turn.
fn of_looking() -> u64 {
    let files = [("a.md", "buy milk\n"), ("b.md", "buy eggs\n")];
    let mut world = World::with_files(Quota::default(), files).expect("two files fit");
    let mut kernel = Kernel::boot(&KernelConfig::default(), "looking", "a.md");
    let replies = ["b.md", "a.md", "sys://callstack"].map(|pointer| {
        format!(r#"{{"q_next":"looking","a_t":{{"op":"SYS_GOTO","pointer":"{pointer}"}}}}"#)
    });
    let mut before = 0;
    for (tick, reply) in (0..WARM + TICKS).zip(replies.iter().cycle()) {
        if tick == WARM {
            before = allocations();
        }
        let open = kernel.open(tick, &mut world).expect("it never halts");
        let committed = open.commit(tick, &mut world, reply.as_bytes(), Answer::decode(reply));
        assert!(committed.record.traps.is_empty());
        kernel.recycle(committed);
    }
    allocations() - before
}

#[test]
fn steady_state_ticks_allocate_only_what_they_keep() {
    // The members of the syscall, the next state, the pointer's text and the path in it: what the
    // registers hold next, and the list that it is read from.
    let looking = of_looking();
    assert!(looking <= 4 * TICKS, "{looking} in {TICKS} ticks");
    // What a soak adds: the provider's payload, read and decoded, and the words and the output of
    // simulated commands.
    let soaks = [Profile::Routine, Profile::Hostile].map(of_soak);
    assert!(soaks[0] <= 11 * TICKS, "{soaks:?} in {TICKS} ticks");
    assert!(soaks[1] <= 14 * TICKS, "{soaks:?} in {TICKS} ticks");
}
