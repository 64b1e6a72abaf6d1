//! Which trap a failure goes back to, told tick by tick.

use turingos::journal::Status::{self, Failed, Halted, Running};
use turingos::kernel::{Committed, Kernel, KernelConfig};
use turingos::trap::{TrapFrame, TrapKind};
use turingos_agents::{Begun, Injected};
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::{FailureTally, Gate, Injections, Profile, Tick};

/// A tick: the trap that it fired, whether its reply was faithful, how the machine stands after it,
/// and whether its next pointer is a trap.
type Told = (Option<TrapKind>, bool, Status, bool);

const FREE: Told = (None, false, Running, false);

const fn trapped(kind: TrapKind) -> Told {
    (Some(kind), false, Running, true)
}

const fn faithful((kind, _, status, leads_to_trap): Told) -> Told {
    (kind, true, status, leads_to_trap)
}

const fn ended(status: Status, (kind, is_faithful, _, leads_to_trap): Told) -> Told {
    (kind, is_faithful, status, leads_to_trap)
}

/// A real tick, and a frame of each kind of trap.
fn samples() -> (Committed, Vec<TrapFrame>) {
    let mut soak = Soak::start(&Settings::header(Profile::Hostile, 5, 120));
    on_virtual_time(async {
        let first = soak.tick().await.unwrap().unwrap();
        let mut frames = first.trap_frames.clone();
        while let Some(committed) = soak.tick().await.unwrap() {
            frames.extend(committed.trap_frames);
        }
        (first, frames)
    })
}

fn tallied(story: &[Told]) -> FailureTally {
    let (mut committed, frames) = samples();
    let kernel = |pointer: &str| Kernel::boot(&KernelConfig::default(), "q", pointer);
    let (free, at_trap) = (kernel("README.md"), kernel("sys://trap/cpu_fault"));
    assert!(free.d().trap().is_none() && at_trap.d().trap().is_some());
    let mut tally = FailureTally::default();
    for (kind, is_faithful, status, leads_to_trap) in story {
        let of_kind = |kind: &TrapKind| {
            let frame = frames.iter().find(|frame| frame.trap_base.0 == *kind);
            frame.expect("a hostile soak fires it").clone()
        };
        committed.trap_frames = kind.iter().map(of_kind).collect();
        committed.record.status = *status;
        let injected = Injected {
            tick: 0,
            noise: None,
            fault: None,
            faithful: *is_faithful,
            replaced: None,
            begun: Begun::default(),
            noise_draw: 0,
            fault_draw: 0,
        };
        let injections = Injections {
            tick: 0,
            noise: None,
            replaced_noise: None,
            provider_fault: None,
            world_faults: Vec::new(),
        };
        tally.count(&Tick {
            committed: &committed,
            record: "",
            line: b"",
            injections: &injections,
            injected: Some(&injected),
            world_faults: &[],
            kernel: if *leads_to_trap { &at_trap } else { &free },
        });
    }
    tally
}

fn trap(tally: &FailureTally, gate: &str) -> Option<TrapKind> {
    let gates = [Gate::judged(gate, false, "")];
    let found = tally.fingerprint(&gates).expect("a gate failed");
    found.trap.map(|trap| trap.kind)
}

use TrapKind::{CpuFault, IoFault, PageFault};

/// Each row: the story, the trap that began the first lost recovery, the one that began the first
/// avoidable one, and the trap of a mission that ended so.
#[test]
fn failure_goes_back_to_the_trap_that_began_the_recovery() {
    let (a, b) = (trapped(CpuFault), trapped(IoFault));
    let fails = |told| ended(Failed, told);
    let waits: Told = (None, false, Running, true);
    for (number, (story, lost, avoidable, open)) in [
        (vec![FREE], None, None, None),
        (vec![a, fails(b)], Some(CpuFault), None, Some(CpuFault)),
        // A faithful answer counts at a trap only.
        (
            vec![faithful(a), fails(b)],
            Some(CpuFault),
            None,
            Some(CpuFault),
        ),
        (
            vec![a, faithful(b), fails(a)],
            Some(CpuFault),
            Some(CpuFault),
            Some(CpuFault),
        ),
        (
            vec![a, faithful(fails(b))],
            Some(CpuFault),
            Some(CpuFault),
            Some(CpuFault),
        ),
        // One that left the loop does not count for the next.
        (
            vec![a, faithful(b), FREE, b, fails(a)],
            Some(IoFault),
            None,
            Some(IoFault),
        ),
        // The first lost one and the first avoidable one may be two.
        (
            vec![a, fails(a), FREE, b, faithful(b), fails(a)],
            Some(CpuFault),
            Some(IoFault),
            Some(CpuFault),
        ),
        (
            vec![a, faithful(a), fails(a), FREE, b, faithful(b), fails(b)],
            Some(CpuFault),
            Some(CpuFault),
            Some(CpuFault),
        ),
        // An observation that failed stops no action.
        (vec![trapped(PageFault), fails(waits)], None, None, None),
        // Under way until an action leads away from the traps, or the machine stops.
        (vec![a], None, None, Some(CpuFault)),
        (vec![a, waits], None, None, Some(CpuFault)),
        (vec![a, waits, b], None, None, Some(CpuFault)),
        (vec![a, waits, FREE], None, None, None),
        (vec![a, FREE, b], None, None, Some(IoFault)),
        (vec![a, ended(Halted, FREE)], None, None, None),
        (vec![a, ended(Halted, waits)], None, None, None),
    ]
    .into_iter()
    .enumerate()
    {
        let tally = tallied(&story);
        for gate in ["no-unrecoverable-loop", "clean-end"] {
            assert_eq!(trap(&tally, gate), lost, "{number} {gate}");
        }
        let found = trap(&tally, "no-avoidable-failure");
        assert_eq!(found, avoidable, "{number}");
        for gate in ["halted", "contract-done", "files-as-expected", "traps-met"] {
            assert_eq!(trap(&tally, gate), open, "{number} {gate}");
        }
        assert_eq!(trap(&tally, "ticks"), None);
    }
}

#[test]
fn first_cpu_fault_is_kept() {
    let tally = tallied(&[trapped(IoFault), FREE, trapped(CpuFault), FREE]);
    assert_eq!(trap(&tally, "no-cpu-fault"), Some(CpuFault));
    let tally = tallied(&[trapped(IoFault)]);
    assert_eq!(trap(&tally, "no-cpu-fault"), None);
}
