//! What each kind of tick counts as.

use serde_json::json;
use turingos::trap::TrapKind;

use super::*;
use crate::Profile;
use crate::scenario::{AgentKind, BuiltIn, ScenarioRun, Settings};
use crate::soak::on_virtual_time;

/// A scenario with a contract, and one command that is a test without naming a file.
fn scenario() -> Scenario {
    let text = BuiltIn::named("ordered-pipeline").unwrap().text;
    let mut document: serde_json::Value = serde_json::from_str(text).unwrap();
    document["test_commands"] = json!(["make check"]);
    Scenario::parse(document.to_string().as_bytes()).unwrap()
}

/// A tick of lane E that observes the mission, pushes a task and stays.
fn pushed() -> Record {
    let profile = Profile::Routine;
    let settings = Settings::of(scenario(), profile, AgentKind::Worker, 0);
    let header = settings.into_header(profile, 1);
    let first = on_virtual_time(async { ScenarioRun::seeded(&header).tick().await });
    let mut record = first.unwrap().unwrap().record;
    record.op = Some(Opcode::Push);
    record.pointer = "MISSION.md".into();
    record.next = record.pointer.clone();
    record.effect = Digest::of(b"the run queue");
    record.traps.clear();
    record.route.lane = Lane::E;
    record.route.failover = None;
    record
}

/// The metrics of a run of these ticks, which are numbered anew.
fn metrics(records: &[Record]) -> Metrics {
    let mut watch = Watch::of(&scenario());
    for (tick, record) in (0..).zip(records) {
        watch.count(&Record {
            tick,
            ..record.clone()
        });
    }
    let end = EndState {
        files: (1, 4),
        done: 2,
        prefix: 3,
        steps: 5,
    };
    watch.metrics(Ending::TickLimit, false, end)
}

fn at(pointer: &str) -> Record {
    Record {
        pointer: pointer.into(),
        ..pushed()
    }
}

fn trapped(kind: TrapKind) -> Record {
    Record {
        traps: vec![kind],
        ..pushed()
    }
}

#[test]
fn place_of_a_pointer() {
    for (pointer, placed, drifted) in [
        ("MISSION.md", 1, 0),
        ("data/orders.csv", 1, 0),
        ("plan/progress.log", 1, 0),
        ("out/result.json", 1, 0),
        // A directory, although the mission has files in it.
        ("out", 1, 1),
        ("another.txt", 1, 1),
        ("sys://append/plan/progress.log", 1, 0),
        ("sys://append/another.txt", 1, 1),
        ("sys://replace/work/paid.csv", 1, 0),
        ("sys://replace/another.txt", 1, 1),
        ("vfd://rw/0123456789abcdef/work/paid.csv", 1, 0),
        ("vfd://rw/0123456789abcdef/another.txt", 1, 1),
        ("sys://cap/issue?access=rw&path=work/paid.csv", 1, 0),
        ("sys://cap/issue?access=rw&path=another.txt", 1, 1),
        (
            "sys://cap/describe?handle=vfd://rw/0123456789abcdef/work/paid.csv",
            1,
            0,
        ),
        (
            "sys://cap/describe?handle=vfd://rw/0123456789abcdef/another.txt",
            1,
            1,
        ),
        ("sys://cap/list", 1, 1),
        ("sys://page/0123456789abcdef?p=2", 1, 0),
        ("sys://callstack", 1, 1),
        ("sys://git/log", 1, 1),
        ("HALT", 1, 0),
        ("$ make check", 1, 0),
        ("$ make checks", 1, 1),
        ("$ cat work/paid.csv", 1, 0),
        ("$ cat 'work/paid.csv'", 1, 0),
        ("$ cat work/paid.csv2", 1, 1),
        ("sys://trap/cpu_fault", 0, 0),
    ] {
        let found = metrics(&[at(pointer)]);
        assert_eq!(
            (found.placed, found.drifted),
            (placed, drifted),
            "{pointer}"
        );
        assert_eq!(found.unparsed_pointers.average(), Some(0), "{pointer}");
    }
}

#[test]
fn pointer_that_does_not_parse_is_a_drift_and_a_figure_of_its_own() {
    let found = metrics(&[at("../outside"), at("MISSION.md"), at("sys://nowhere")]);
    assert_eq!((found.placed, found.drifted), (3, 2));
    assert_eq!(found.unparsed_pointers.average(), Some(6_666));
}

#[test]
fn ticks_lanes_failovers_and_traps_are_counted() {
    let mut by_p = trapped(TrapKind::PageFault);
    by_p.route.lane = Lane::P;
    let mut failed_over = trapped(TrapKind::PageFault);
    failed_over.route.lane = Lane::P;
    failed_over.route.failover = Some("NOT_JSON".into());
    failed_over.traps.push(TrapKind::CpuFault);
    let found = metrics(&[pushed(), by_p, failed_over]);
    assert_eq!(
        (found.ticks, found.p, found.e, found.failovers),
        (3, 2, 1, 1)
    );
    assert_eq!(found.trap(TrapKind::PageFault), 2);
    assert_eq!(found.trap(TrapKind::CpuFault), 1);
    assert_eq!(found.trap(TrapKind::IoFault), 0);
}

#[test]
fn appends_to_the_progress_file_are_counted_and_those_that_were_taken() {
    let write = Record {
        op: Some(Opcode::Write),
        ..at("sys://append/plan/progress.log")
    };
    let refused = Record {
        traps: vec![TrapKind::IoFault],
        ..write.clone()
    };
    let slice_only = Record {
        traps: vec![TrapKind::PlanContract],
        ..write.clone()
    };
    let elsewhere = Record {
        pointer: "sys://append/work/paid.csv".into(),
        ..write.clone()
    };
    let unparsed = Record {
        pointer: "../outside".into(),
        ..write.clone()
    };
    let read = at("sys://append/plan/progress.log");
    let found = metrics(&[write, refused, slice_only, elsewhere, unparsed, read]);
    assert_eq!((found.appends_tried, found.appends_taken), (3, 2));
}

/// Without a contract no place is that of progress: not even one that does not parse.
#[test]
fn run_without_a_contract_appends_no_progress() {
    let text = BuiltIn::named("ordered-pipeline").unwrap().text;
    let mut document: serde_json::Value = serde_json::from_str(text).unwrap();
    document["contract"] = json!({"enabled": false});
    let mut watch = Watch::of(&Scenario::parse(document.to_string().as_bytes()).unwrap());
    watch.count(&Record {
        op: Some(Opcode::Write),
        ..at("../outside")
    });
    assert_eq!(watch.metrics.appends_tried, 0);
}

#[test]
fn recovery_lasts_until_the_next_useful_tick() {
    let wrote = Record {
        op: Some(Opcode::Write),
        ..pushed()
    };
    let went = |op, next: &str| Record {
        op: Some(op),
        next: next.into(),
        ..pushed()
    };
    let halted = Record {
        op: Some(Opcode::Halt),
        status: Status::Halted,
        ..pushed()
    };
    for useful in [
        wrote.clone(),
        went(Opcode::Goto, "work/paid.csv"),
        went(Opcode::Exec, "$ make check"),
        halted,
    ] {
        let found = metrics(&[trapped(TrapKind::IoFault), pushed(), useful]);
        assert_eq!((found.recoveries_begun, found.recovered()), (1, 1));
        assert_eq!(found.recovery_median(), 2);
    }
    for useless in [
        Record {
            effect: Digest::EMPTY,
            ..wrote.clone()
        },
        went(Opcode::Goto, "another.txt"),
        went(Opcode::Goto, "../outside"),
        went(Opcode::Exec, "$ ls"),
        // It stays where it is.
        went(Opcode::Pop, "work/paid.csv"),
        trapped(TrapKind::CpuFault),
        Record {
            traps: vec![TrapKind::CpuFault],
            ..wrote.clone()
        },
    ] {
        let found = metrics(&[trapped(TrapKind::IoFault), useless]);
        assert_eq!((found.recoveries_begun, found.recovered()), (1, 0));
    }
}

#[test]
fn traps_of_one_recovery_begin_no_other() {
    let wrote = Record {
        op: Some(Opcode::Write),
        ..pushed()
    };
    let found = metrics(&[
        wrote.clone(),
        trapped(TrapKind::IoFault),
        trapped(TrapKind::CpuFault),
        // It only adds to the slice.
        Record {
            traps: vec![TrapKind::PageFault],
            ..wrote.clone()
        },
        wrote.clone(),
        trapped(TrapKind::Thrashing),
        wrote,
    ]);
    assert_eq!(found.recoveries_begun, 2);
    assert_eq!(found.recovery_ticks, BTreeMap::from([(1, 1), (2, 1)]));
}

#[test]
fn end_of_a_run_is_counted_once() {
    let whole = metrics(&[pushed()]);
    assert_eq!(
        (whole.runs, whole.passed, whole.halted, whole.limited),
        (1, 0, 0, 1)
    );
    assert_eq!(whole.completions, BTreeMap::from([(4_000, 1)]));
    assert_eq!(whole.right_files.average(), Some(2_500));
    assert_eq!(whole.done_prefix.average(), Some(6_000));
    for (steps, passed, completion) in [(0, true, 10_000), (0, false, 0), (4, true, 5_000)] {
        let end = EndState {
            files: (0, 0),
            done: 2,
            prefix: 0,
            steps,
        };
        let found = Watch::of(&scenario()).metrics(Ending::Halted, passed, end);
        assert_eq!(found.completions, BTreeMap::from([(completion, 1)]));
        assert_eq!(
            (found.passed, found.halted, found.limited),
            (u64::from(passed), 1, 0)
        );
        assert_eq!(found.right_files.average(), None);
    }
}
