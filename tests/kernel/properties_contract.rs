//! Random progress files, writes and halts against a plain statement of what a plan allows.

use crate::machine::Machine;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use turingos::contract::Contract;
use turingos::kernel::{Kernel, KernelConfig};
use turingos::trap::TrapKind;

const STEPS: [&str; 3] = ["A", "B", "C"];
const PROGRESS: &str = "progress";

const PLAN: &str = r#"{
    "enabled": true, "progress_file": "progress", "ordered_steps": ["A", "B", "C"],
    "required_files": ["needed"], "step_file_map": {"A": "a", "B": "b", "C": "c"},
    "step_expectations": {"A": {"kind": "text", "value": "good"},
        "B": {"kind": "includes", "values": ["go", "od"]}, "C": {"kind": "regex", "pattern": "^good$"}}
}"#;

/// How many lines of `text` are the plan's, from the first on, and whether these are all.
fn naive(text: &str) -> (usize, bool) {
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    let fitting = (0..=lines.len().min(STEPS.len()))
        .rev()
        .find(|count| (0..*count).all(|at| lines[at] == format!("DONE:{}", STEPS[at])))
        .unwrap_or(0);
    (fitting, fitting == lines.len())
}

/// Whether the plan lets the progress file become `new`.
fn may_become(old: &str, new: &str, ready: &[&str]) -> bool {
    let (before, was_exact) = naive(old);
    let (after, is_exact) = naive(new);
    let is_step = after == before + 1 && ready.contains(&STEPS[before]);
    is_exact && (is_step || (!was_exact && after == before))
}

/// What an append makes of a file, unless it repeats the last line.
fn appended(old: &str, line: &str) -> Option<String> {
    let last = old.lines().rfind(|line| !line.trim().is_empty());
    let gap = if old.is_empty() || old.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    (last.map(str::trim_end) != Some(line)).then(|| format!("{old}{gap}{line}\n"))
}

fn progress() -> impl Strategy<Value = String> {
    let line = select(vec![
        "DONE:A", "DONE:B", "DONE:C", "DONE:D", "DONE:a", "DONE: A", "DONE:A ", "x", "",
    ]);
    let end = select(vec!["\n", "\n", "\n", "", "\r\n", "\n\n"]);
    let wild = prop::collection::vec((line, end), 0..5).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(line, end)| format!("{line}{end}"))
            .collect()
    });
    let near = (0..=3_usize, any::<bool>()).prop_map(|(count, is_ended)| {
        let lines: Vec<_> = STEPS[..count]
            .iter()
            .map(|step| format!("DONE:{step}"))
            .collect();
        lines.join("\n") + if is_ended && count > 0 { "\n" } else { "" }
    });
    prop_oneof![near, wild]
}

/// A machine whose progress file is `old` and whose ready steps are `ready`.
fn machine(old: &str, ready: &[&str]) -> Machine {
    let mut machine = Machine::at(PROGRESS);
    let contract = Contract::parse(PLAN.as_bytes()).expect("a contract");
    machine.kernel = Kernel::boot(&KernelConfig::default(), "q0", PROGRESS).with_contract(contract);
    machine.world.files.insert(PROGRESS.into(), old.into());
    for step in STEPS {
        let content = if ready.contains(&step) { "good" } else { "bad" };
        machine
            .world
            .files
            .insert(step.to_lowercase(), content.into());
    }
    machine
}

proptest! {
    #[test]
    fn progress_matches_the_plain_statement(text in progress()) {
        let contract = Contract::parse(PLAN.as_bytes()).expect("a contract");
        let progress = contract.progress(&text);
        let (done, is_exact) = naive(&text);
        prop_assert_eq!(progress.done, done);
        prop_assert_eq!(progress.broken_line, (!is_exact).then_some(done + 1));
    }

    #[test]
    fn arbitrary_text_is_judged_as_the_plain_statement_judges_it(text in any::<String>()) {
        let contract = Contract::parse(PLAN.as_bytes()).expect("a contract");
        let (done, is_exact) = naive(&text);
        prop_assert_eq!(contract.progress(&text).done, done);
        prop_assert_eq!(contract.progress(&text).broken_line.is_none(), is_exact);
    }

    #[test]
    fn a_write_succeeds_exactly_where_the_plan_allows_it(
        old in progress(),
        new in progress(),
        ready in subsequence(STEPS.to_vec(), 0..=3),
        appends in any::<bool>(),
    ) {
        prop_assume!(!new.trim().is_empty());
        let mut machine = machine(&old, &ready);
        let new = if appends {
            machine.goto("sys://append/progress");
            let line = new.lines().next().unwrap_or_default().trim_end().to_owned();
            prop_assume!(!line.is_empty());
            machine.write(&line);
            appended(&old, &line)
        } else {
            machine.write(&new.replace('\n', "\\n").replace('\r', "\\r"));
            Some(new)
        };
        let is_taken = new.as_ref().is_some_and(|new| may_become(&old, new, &ready));
        let found = &machine.world.files[PROGRESS];
        prop_assert_eq!(found, if is_taken { new.as_ref().unwrap_or(&old) } else { &old });
        prop_assert_eq!(machine.d() == "sys://trap/io_fault", !is_taken);
    }

    #[test]
    fn a_machine_halts_exactly_when_the_plan_is_met(
        old in progress(),
        ready in subsequence(STEPS.to_vec(), 0..=3),
        has_needed in any::<bool>(),
    ) {
        let mut machine = machine(&old, &ready);
        if has_needed {
            machine.world.files.insert("needed".into(), String::new());
        }
        machine.exec("pytest");
        let files = machine.world.files.clone();
        let committed = machine.act(r#"{"op":"SYS_HALT"}"#);
        let may_halt = naive(&old) == (3, true) && ready.len() == 3 && has_needed;
        prop_assert_eq!(machine.kernel.status().name() == "HALTED", may_halt);
        prop_assert_eq!(committed.record.traps.contains(&TrapKind::HaltGuard), !may_halt);
        prop_assert_eq!(&machine.world.files, &files);
    }
}
