//! Contracts: a plan is followed line by line, or refused with the place of the error.

use turingos::contract::{Contract, ContractError, Progress, Step};
use turingos::isa::{Syscall, Transition};
use turingos::journal::Status;
use turingos::kernel::{Answer, Committed, Kernel, KernelConfig};
use turingos::pointer::Pointer;
use turingos::trap::TrapKind;

use turingos_world::{Quota, World};

/// The most steps of a plan to walk.
const WALKED: usize = 4;

/// A `.turingos.contract.json`.
///
/// Properties: an error names a place as a JSON Pointer, with a short reason. Only the first lines
/// of a plan are valid progress, with or without the last line end. Under an enabled contract the
/// progress file changes only by the next step's line, and the machine does not halt before the
/// last step; a disabled contract shows and refuses nothing.
///
/// # Panics
/// If a property does not hold.
pub fn contract(bytes: &[u8]) {
    match Contract::parse(bytes) {
        Ok(contract) => {
            check_progress(&contract);
            check_expectations(&contract, &String::from_utf8_lossy(bytes));
            walk(contract);
        }
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &ContractError) {
    let ContractError { place, detail, .. } = error;
    assert!(place.is_empty() || place.starts_with('/'), "{place:?}");
    assert!(place.len() <= 2_048, "{} bytes", place.len());
    let escapes = place.split('~').skip(1);
    for escape in escapes {
        assert!(escape.starts_with(['0', '1']), "{place:?}");
    }
    assert!(!detail.is_empty() && detail.chars().count() <= 200);
}

fn check_progress(contract: &Contract) {
    let mut text = String::new();
    for done in 0..=contract.steps().len() {
        let whole = Progress {
            done,
            broken_line: None,
        };
        assert_eq!(contract.progress(&text), whole);
        assert_eq!(contract.progress(text.trim_end()), whole);
        for tail in ["\n", "DONE:", "DONE:(none)\n", " "] {
            let progress = contract.progress(&format!("{text}{tail}"));
            assert_eq!(progress.done, done, "{tail:?}");
            assert_eq!(progress.broken_line, Some(done + 1), "{tail:?}");
        }
        if let Some(step) = contract.steps().get(done) {
            text += &format!("{}\n", step.progress_line());
        }
    }
}

/// Any text gets a verdict, and the same one twice.
fn check_expectations(contract: &Contract, text: &str) {
    for step in contract.steps().iter().take(WALKED) {
        if let Some(expectation) = step.expectation() {
            assert_eq!(expectation.judge(text), expectation.judge(text));
        }
    }
}

/// Declares the steps done in order, and requests a halt after each.
fn walk(contract: Contract) {
    let Some(progress_file) = contract.progress_file().cloned() else {
        return;
    };
    let lines: Vec<String> = contract.steps().iter().map(Step::progress_line).collect();
    let is_enabled = contract.is_enabled();
    let append = Pointer::Append(progress_file.clone()).to_string();
    let mut world = World::new(Quota::default());
    let mut kernel =
        Kernel::boot(&KernelConfig::default(), "BOOT", "pointer").with_contract(contract);
    let mut written = String::new();
    for line in lines.iter().take(WALKED) {
        kernel.reboot("BOOT", &append);
        for payload in [format!("{line}x"), line.clone()] {
            let committed = tick(
                &mut kernel,
                &mut world,
                is_enabled,
                Syscall::Write {
                    payload,
                    semantic_cap: None,
                },
            );
            let content = world
                .files()
                .read(progress_file.as_str())
                .unwrap_or_default();
            if is_enabled && content != written {
                assert_eq!(content, format!("{written}{line}\n"));
            }
            let is_refused = committed.record.traps.iter().any(|trap| trap.is_hard());
            assert_eq!(content == written, is_refused);
            written = content.to_owned();
            kernel.reboot("BOOT", &append);
        }
    }
    let committed = tick(&mut kernel, &mut world, is_enabled, Syscall::Halt);
    // No test has passed.
    assert_eq!(kernel.status(), Status::Running);
    assert!(committed.record.traps.contains(&TrapKind::IllegalHalt));
}

fn tick(kernel: &mut Kernel, world: &mut World, is_enabled: bool, syscall: Syscall) -> Committed {
    let transition = Transition {
        thought: None,
        q_next: "go on".to_owned(),
        syscall,
    };
    let reply = transition.to_canonical();
    let open = kernel.open(0, world).expect("it never halts");
    let shows_a_plan = !open.frame().starts_with("[OS_CONTRACT]\n(none)\n");
    assert_eq!(shows_a_plan, is_enabled);
    open.commit(0, world, reply.as_bytes(), Answer::decode(&reply))
}
