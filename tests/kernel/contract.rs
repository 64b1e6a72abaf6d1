//! A machine under a contract: what it is shown, and what is refused, exactly at the condition.

use crate::machine::{Machine, traps};
use turingos::contract::Contract;
use turingos::kernel::{Kernel, KernelConfig};
use turingos::trap::TrapKind::{self, *};

const NONE: &[TrapKind] = &[];
const HALT: &str = r#"{"op":"SYS_HALT"}"#;
const PROGRESS: &str = "plan/progress.log";
const APPEND: &str = "sys://append/plan/progress.log";

const PLAN: &str = r#"{
    "enabled": true,
    "progress_file": "plan/progress.log",
    "ordered_steps": ["INGEST", "FILTER", "REST"],
    "required_files": ["out/b.txt", "out/a.txt"],
    "step_file_map": {"INGEST": "work/in.txt", "FILTER": "work/filtered.txt"},
    "step_expectations": {
        "INGEST": {"kind": "text", "value": "1\n2\n"},
        "FILTER": {"kind": "regex", "pattern": "^2$"}
    }
}"#;

/// A machine at a file that exists, under a plan.
fn under(plan: &str, files: &[(&str, &str)]) -> Machine {
    let mut machine = Machine::at("a");
    let contract = Contract::parse(plan.as_bytes()).expect("a contract");
    machine.kernel = Kernel::boot(&KernelConfig::default(), "q0", "a").with_contract(contract);
    machine.world.files.insert("a".into(), "a".into());
    for (path, content) in files {
        machine
            .world
            .files
            .insert((*path).into(), (*content).into());
    }
    machine
}

/// The contract's section of the next frame, without its heading.
fn section(machine: &mut Machine) -> String {
    let frame = machine.peek();
    let (_, rest) = frame.split_once("[OS_CONTRACT]\n").expect("a section");
    let (section, _) = rest.split_once("\n\n").expect("a next section");
    section.to_owned()
}

/// Runs one tick and returns the code of its only trap, and that nothing was written.
fn refusal(machine: &mut Machine, kind: TrapKind, act: impl Fn(&mut Machine)) -> String {
    let files = machine.world.files.clone();
    let before = machine.kernel.tick();
    act(machine);
    assert_eq!(machine.kernel.tick(), before + 1);
    assert_eq!(machine.world.files, files, "something was written");
    assert_eq!(machine.d(), kind.base());
    let slice = machine.slice();
    let (_, details) = slice.split_once("[DETAILS]\n").expect("details");
    details.split_once(": ").expect("a code").0.to_owned()
}

#[test]
fn the_section_names_the_next_step_and_its_blocker() {
    let mut machine = under(PLAN, &[]);
    let blocked = "[STEP] 1 of 3\n[NEXT_STEP] INGEST\n[STEP_FILE] work/in.txt\n\
                   [STATUS] BLOCKED\n[REASON] FILE_MISSING\n\
                   [PROGRESS_POINTER] sys://append/plan/progress.log\n\
                   [PROGRESS_LINE] DONE:INGEST";
    assert_eq!(section(&mut machine), blocked);
    machine.world.files.insert("work/in.txt".into(), "1".into());
    assert_eq!(
        section(&mut machine),
        blocked.replace("FILE_MISSING", "TEXT_DIFFERS")
    );
    machine
        .world
        .files
        .insert("work/in.txt".into(), "1\n2".into());
    assert_eq!(
        section(&mut machine),
        blocked
            .replace("BLOCKED", "READY")
            .replace("FILE_MISSING", "(none)")
    );
    machine
        .world
        .files
        .insert(PROGRESS.into(), "DONE:INGEST\nDONE:FILTER\n".into());
    assert_eq!(
        section(&mut machine),
        "[STEP] 3 of 3\n[NEXT_STEP] REST\n[STEP_FILE] (none)\n[STATUS] READY\n[REASON] (none)\n\
         [PROGRESS_POINTER] sys://append/plan/progress.log\n[PROGRESS_LINE] DONE:REST"
    );
}

#[test]
fn the_section_of_a_finished_plan_names_the_first_missing_file() {
    let done = "DONE:INGEST\nDONE:FILTER\nDONE:REST";
    let mut machine = under(PLAN, &[(PROGRESS, done)]);
    let section_with = |machine: &mut Machine, files: &str| {
        assert_eq!(
            section(machine),
            format!("[STEP] 3 of 3\n[NEXT_STEP] (complete)\n[REQUIRED_FILES] {files}")
        );
    };
    section_with(&mut machine, "missing out/b.txt");
    machine.world.files.insert("out/b.txt".into(), "x".into());
    section_with(&mut machine, "missing out/a.txt");
    machine
        .world
        .files
        .insert("out/a.txt".into(), String::new());
    section_with(&mut machine, "(all present)");
}

#[test]
fn without_a_contract_and_with_one_that_is_off_nothing_is_shown_or_refused() {
    let off = PLAN.replace("\"enabled\": true", "\"enabled\": false");
    let mut machine = under(&off, &[(PROGRESS, "nonsense")]);
    assert_eq!(section(&mut machine), "(none)");
    assert_eq!(traps(&machine.goto(PROGRESS)), NONE);
    assert_eq!(traps(&machine.write("DONE:REST")), NONE);
    machine.exec("pytest");
    assert_eq!(traps(&machine.act(HALT)), NONE);
    assert_eq!(machine.kernel.status().name(), "HALTED");
    assert_eq!(section(&mut Machine::at("a")), "(none)");
}

#[test]
fn plan_contract_at_the_first_line_that_differs_from_the_plan() {
    for (progress, line) in [
        ("DONE:FILTER\n", 1),
        ("DONE:INGEST\nDONE:REST\n", 2),
        ("DONE:INGEST\n\n", 2),
        ("DONE:INGEST\r\n", 1),
        ("DONE:INGEST \n", 1),
        ("done:INGEST\n", 1),
        (" DONE:INGEST\n", 1),
        ("\nDONE:INGEST\n", 1),
        ("DONE:INGEST\nDONE:INGEST", 2),
        ("DONE:INGEST\nDONE:FILTER\nDONE:REST\nDONE:MORE", 4),
    ] {
        let mut machine = under(PLAN, &[(PROGRESS, progress)]);
        let slice = machine.slice();
        let trap = format!(
            "a\n\n[OS_TRAP: PLAN_CONTRACT] PROGRESS_NOT_A_PREFIX\nDetails: {PROGRESS} line {line} \
             is not the plan's line at that place.\nAction: write the file again with exactly its \
             first {} lines, or remove it if that is none.",
            line - 1
        );
        assert_eq!(slice, trap, "{progress:?}");
        let committed = machine.goto("b");
        assert_eq!(traps(&committed), [PlanContract], "{progress:?}");
        assert_eq!(committed.trap_frames[0].cause.code, "PROGRESS_NOT_A_PREFIX");
        assert_eq!(machine.d(), "b", "a soft trap stops nothing");
    }
    for progress in [
        "",
        "DONE:INGEST",
        "DONE:INGEST\n",
        "DONE:INGEST\nDONE:FILTER\n",
    ] {
        let mut machine = under(PLAN, &[(PROGRESS, progress)]);
        assert_eq!(traps(&machine.goto("a")), NONE, "{progress:?}");
    }
}

#[test]
fn a_plan_contract_comes_after_a_page_fault_and_before_no_progress() {
    let mut machine = under(PLAN, &[(PROGRESS, "x")]);
    machine.goto("missing");
    assert_eq!(traps(&machine.exec("pytest")), [PageFault, PlanContract]);
    machine.push("one");
    assert_eq!(traps(&machine.push("two")), [PlanContract, NoProgress]);
}

#[test]
fn the_progress_file_takes_only_the_next_line_of_a_ready_step() {
    let mut machine = under(PLAN, &[]);
    let try_line = |machine: &mut Machine, line: &'static str| {
        // So that refusals in a row do not make a loop of traps.
        machine.kernel.reboot("q0", APPEND);
        refusal(machine, IoFault, |machine| {
            let committed = machine.write(line);
            assert_eq!(traps(&committed), [IoFault]);
        })
    };
    assert_eq!(try_line(&mut machine, "DONE:INGEST"), "PLAN_STEP_NOT_READY");
    assert_eq!(try_line(&mut machine, "DONE:FILTER"), "PLAN_NOT_NEXT_STEP");
    machine
        .world
        .files
        .insert("work/in.txt".into(), "1\n2\n".into());
    assert_eq!(try_line(&mut machine, "DONE:FILTER"), "PLAN_NOT_NEXT_STEP");
    assert_eq!(try_line(&mut machine, " DONE:INGEST"), "PLAN_NOT_NEXT_STEP");
    machine.goto("a");
    machine.goto(APPEND);
    assert_eq!(traps(&machine.write("DONE:INGEST")), NONE);
    assert_eq!(machine.world.files[PROGRESS], "DONE:INGEST\n");
    assert_eq!(try_line(&mut machine, "DONE:INGEST"), "DUPLICATE_APPEND");
    assert_eq!(try_line(&mut machine, "DONE:FILTER"), "PLAN_STEP_NOT_READY");
    machine
        .world
        .files
        .insert("work/filtered.txt".into(), "2".into());
    machine.goto("a");
    machine.goto(APPEND);
    assert_eq!(traps(&machine.write("DONE:FILTER\\n")), NONE);
    machine.goto("a");
    machine.goto(APPEND);
    assert_eq!(traps(&machine.write("DONE:REST")), NONE);
    assert_eq!(try_line(&mut machine, "DONE:MORE"), "PLAN_NOT_NEXT_STEP");
    assert_eq!(
        machine.world.files[PROGRESS],
        "DONE:INGEST\nDONE:FILTER\nDONE:REST\n"
    );
}

#[test]
fn every_way_of_writing_the_progress_file_is_guarded() {
    let ready = [("work/in.txt", "1\n2"), ("work/filtered.txt", "2")];
    let one = "DONE:INGEST\n";
    for (payload, outcome) in [
        ("DONE:INGEST\\nDONE:FILTER\\n", None),
        ("DONE:INGEST\\nDONE:FILTER", None),
        ("DONE:INGEST\\nDONE:REST\\n", Some("PLAN_NOT_NEXT_STEP")),
        (
            "DONE:INGEST\\nDONE:FILTER\\nDONE:REST\\n",
            Some("PLAN_NOT_APPEND"),
        ),
        ("DONE:INGEST\\n", Some("PLAN_NOT_APPEND")),
        ("DONE:FILTER\\n", Some("PLAN_NOT_APPEND")),
        ("gone", Some("PLAN_NOT_APPEND")),
    ] {
        for through_capability in [false, true] {
            let mut machine = under(PLAN, &ready);
            machine.world.files.insert(PROGRESS.into(), one.into());
            let write = if through_capability {
                machine.goto("sys://cap/issue?access=w&path=plan/progress.log");
                let slice = machine.slice();
                let (_, handle) = slice.split_once("[HANDLE] ").expect("a handle");
                machine.goto("a");
                format!(r#"{{"op":"SYS_WRITE","payload":"{payload}","semantic_cap":"{handle}"}}"#)
            } else {
                machine.goto(PROGRESS);
                format!(r#"{{"op":"SYS_WRITE","payload":"{payload}"}}"#)
            };
            match outcome {
                None => {
                    assert_eq!(traps(&machine.act(&write)), NONE, "{payload}");
                    let written = payload.replace("\\n", "\n");
                    assert_eq!(machine.world.files[PROGRESS], written);
                }
                Some(code) => {
                    let found = refusal(&mut machine, IoFault, |machine| {
                        machine.act(&write);
                    });
                    assert_eq!(found, code, "{payload}");
                }
            }
        }
    }
    let replace = "sys://replace/plan/progress.log";
    for (edit, outcome) in [
        (
            r#"{\"search\":\"INGEST\",\"replace\":\"INGEST\\nDONE:FILTER\"}"#,
            None,
        ),
        (
            r#"{\"search\":\"INGEST\",\"replace\":\"FILTER\"}"#,
            Some("PLAN_NOT_APPEND"),
        ),
        (
            r#"{\"search\":\"DONE:INGEST\",\"replace\":\"\"}"#,
            Some("PLAN_NOT_APPEND"),
        ),
    ] {
        let mut machine = under(PLAN, &ready);
        machine.world.files.insert(PROGRESS.into(), one.into());
        machine.goto(replace);
        match outcome {
            None => assert_eq!(traps(&machine.write(edit)), NONE, "{edit}"),
            Some(code) => {
                let found = refusal(&mut machine, IoFault, |machine| {
                    machine.write(edit);
                });
                assert_eq!(found, code, "{edit}");
            }
        }
    }
}

#[test]
fn a_broken_progress_file_takes_only_its_repair() {
    let ready = [("work/in.txt", "1\n2"), ("work/filtered.txt", "2")];
    for (payload, is_taken) in [
        ("DONE:INGEST\\n", true),
        ("DONE:INGEST\\nDONE:FILTER\\n", true),
        ("DONE:INGEST\\nnonsense\\nDONE:FILTER\\n", false),
        ("DONE:INGEST\\nDONE:FILTER\\nDONE:REST\\n", false),
        ("nothing", false),
    ] {
        let mut machine = under(PLAN, &ready);
        machine
            .world
            .files
            .insert(PROGRESS.into(), "DONE:INGEST\nnonsense\n".into());
        machine.goto(PROGRESS);
        if is_taken {
            let committed = machine.write(payload);
            assert_eq!(traps(&committed), [PlanContract], "{payload}");
            assert_eq!(traps(&machine.goto("a")), NONE, "{payload}");
        } else {
            let code = refusal(&mut machine, IoFault, |machine| {
                machine.write(payload);
            });
            assert_eq!(code, "PLAN_BROKEN", "{payload}");
        }
    }
}

#[test]
fn other_files_are_not_guarded() {
    let mut machine = under(PLAN, &[]);
    machine.goto("plan/progress.log.old");
    assert_eq!(traps(&machine.write("DONE:REST")), [PageFault]);
    assert_eq!(machine.world.files["plan/progress.log.old"], "DONE:REST");
}

#[test]
fn halt_guard_until_every_step_is_done_and_still_ready() {
    let all = [
        (PROGRESS, "DONE:INGEST\nDONE:FILTER\nDONE:REST\n"),
        ("work/in.txt", "1\n2"),
        ("work/filtered.txt", "2"),
        ("out/a.txt", ""),
        ("out/b.txt", ""),
    ];
    let changed = |path: &str, content: Option<&str>| {
        let mut machine = under(PLAN, &all);
        match content {
            Some(content) => machine.world.files.insert(path.into(), content.into()),
            None => machine.world.files.remove(path),
        };
        machine.exec("pytest");
        machine
    };
    for (path, content, code) in [
        (PROGRESS, None, "PLAN_STEPS_UNDONE"),
        (
            PROGRESS,
            Some("DONE:INGEST\nDONE:FILTER\n"),
            "PLAN_STEPS_UNDONE",
        ),
        (PROGRESS, Some("x"), "PROGRESS_NOT_A_PREFIX"),
        ("out/a.txt", None, "REQUIRED_FILE_MISSING"),
        ("work/in.txt", None, "PLAN_STEP_UNDONE_AGAIN"),
        ("work/in.txt", Some("1"), "PLAN_STEP_UNDONE_AGAIN"),
        ("work/filtered.txt", Some("22"), "PLAN_STEP_UNDONE_AGAIN"),
    ] {
        for halt in [HALT, r#"{"op":"SYS_GOTO","pointer":"HALT"}"#] {
            let mut machine = changed(path, content);
            let found = refusal(&mut machine, HaltGuard, |machine| {
                let committed = machine.act_with_q(halt, "halted");
                assert_eq!(*traps(&committed).last().expect("a trap"), HaltGuard);
                assert_eq!(
                    committed.trap_frames.last().expect("a frame").cause.code,
                    code
                );
            });
            assert_eq!(found, code, "{path} {content:?}");
            assert_eq!(machine.kernel.q(), "q1", "a refused action keeps q");
        }
    }
    let mut machine = changed("out/a.txt", Some("anything"));
    assert_eq!(traps(&machine.act(HALT)), NONE);
    assert_eq!(machine.kernel.status().name(), "HALTED");
}

/// The evidence of a test command is asked for first, and a contract does not replace it.
#[test]
fn illegal_halt_comes_before_halt_guard() {
    let mut machine = under(PLAN, &[]);
    assert_eq!(traps(&machine.act(HALT)), [IllegalHalt]);
    machine.exec("pytest");
    assert_eq!(traps(&machine.act(HALT)), [HaltGuard]);
    let done = r#"{"enabled":true}"#;
    assert_eq!(traps(&under(done, &[]).act(HALT)), [IllegalHalt]);
}

#[test]
fn a_contract_outlives_a_reboot_and_a_dropped_tick() {
    let mut machine = under(PLAN, &[(PROGRESS, "x")]);
    let before = format!("{:?}", machine.kernel);
    machine.peek();
    assert_eq!(format!("{:?}", machine.kernel), before);
    machine.kernel.reboot("q", "a");
    assert_eq!(traps(&machine.goto("a")), [PlanContract]);
}

#[test]
fn later_writes_to_the_contract_file_change_nothing() {
    let mut machine = under(PLAN, &[]);
    let section_before = section(&mut machine);
    machine.goto(turingos::contract::CONTRACT_FILE);
    machine.write(r#"{\"enabled\":false}"#);
    assert_eq!(section(&mut machine), section_before);
}

/// True if the guard block of a tick after a refused reply offers HALT.
fn offers_halt(plan: &str, files: &[(&str, &str)]) -> bool {
    let mut machine = under(plan, files);
    machine.exec("pytest");
    machine.goto("a");
    machine.reply("prose");
    let block = machine.block().expect("a block");
    let block: serde_json::Value = serde_json::from_str(&block).expect("JSON");
    block["legal"].get("SYS_HALT").is_some()
}

#[test]
fn a_guard_block_offers_halt_only_if_the_plan_would_let_it_pass() {
    let one = r#"{"enabled":true,"progress_file":"log","ordered_steps":["ONE"]}"#;
    let file = r#"{"enabled":true,"required_files":["out"]}"#;
    for (plan, files, expected) in [
        (r#"{"enabled":true}"#, &[][..], true),
        (file, &[], false),
        (file, &[("out", "")], true),
        (one, &[], false),
        (one, &[("log", "DONE:ONE\n")], true),
        (one, &[("log", "DONE:ONE\nDONE:TWO\n")], false),
    ] {
        assert_eq!(offers_halt(plan, files), expected, "{plan} {files:?}");
    }
}
