//! Each fault and its effects.

use turingos::Manifold;
use turingos::isa::GitLogQuery;
use turingos::manifold::WorldFaultCode;
use turingos_world::{
    FaultPlan, InjectedFault, Injection, Operation, Quota, ScriptedFaults, World,
};

use super::{path, read, write};

const EVERY_FAULT: [InjectedFault; 4] = [
    InjectedFault::NotFound,
    InjectedFault::Denied,
    InjectedFault::NoSpace,
    InjectedFault::TornWrite,
];

fn world(faults: &[(Operation, InjectedFault)]) -> World<ScriptedFaults> {
    World::with_files(Quota::default(), [("f", "old content"), ("d/g", "g")])
        .unwrap()
        .with_faults(ScriptedFaults::new(faults.iter().copied()))
}

#[test]
fn fault_codes_and_log() {
    for fault in EVERY_FAULT {
        let mut world = world(&[(Operation::Read, fault)]);
        assert_eq!(read(&mut world, "f"), Err(fault.code()));
        assert_eq!(read(&mut world, "f").unwrap(), "old content");
        let injection = Injection {
            operation: Operation::Read,
            fault,
        };
        assert_eq!(world.take_injections(), [injection]);
        assert_eq!(world.take_injections(), []);
        assert_eq!(world.injected_faults(), 1);
    }
}

#[test]
fn listing_and_history_faults() {
    let mut world = world(&[
        (Operation::List, InjectedFault::Denied),
        (Operation::GitLog, InjectedFault::NotFound),
    ]);
    assert_eq!(
        world.list(None, 9).unwrap_err().code,
        WorldFaultCode::Denied
    );
    assert_eq!(world.list(None, 9).unwrap(), ["d/", "f"]);
    let query = GitLogQuery::default();
    assert_eq!(
        world.git_log(&query).unwrap_err().code,
        WorldFaultCode::NotFound
    );
    assert!(world.git_log(&query).is_ok());
    assert_eq!(world.plan_mut().remaining(), 0);
}

#[test]
fn failed_write_changes_nothing() {
    for fault in [
        InjectedFault::NotFound,
        InjectedFault::Denied,
        InjectedFault::NoSpace,
    ] {
        for name in ["f", "new/file"] {
            let mut world = world(&[(Operation::Write, fault)]);
            let before = world.digest();
            assert_eq!(write(&mut world, name, "new"), Err(fault.code()));
            assert_eq!(world.digest(), before);
            assert_eq!(write(&mut world, name, "new"), Ok(()));
        }
    }
}

#[test]
fn torn_write_leaves_a_staging_file() {
    let mut world = world(&[(Operation::Write, InjectedFault::TornWrite)]);
    let head = world.history().head();
    assert_eq!(
        write(&mut world, "f", "12345678"),
        Err(WorldFaultCode::TornWrite)
    );
    assert_eq!(read(&mut world, "f").unwrap(), "old content");
    assert_eq!(read(&mut world, "f.torn").unwrap(), "1234");
    assert_eq!(world.list(None, 9).unwrap(), ["d/", "f", "f.torn"]);
    assert_eq!(world.files().total_bytes(), 11 + 1 + 4);
    assert_eq!(world.history().head(), head);
    write(&mut world, "other", "x").unwrap();
    assert_eq!(world.files().file_count(), 4);
    write(&mut world, "f", "done").unwrap();
    assert_eq!(world.list(None, 9).unwrap(), ["d/", "f", "other"]);
}

#[test]
fn torn_prefix_ends_between_characters() {
    let mut world = world(&[(Operation::Write, InjectedFault::TornWrite)]);
    write(&mut world, "f", "日本").unwrap_err();
    assert_eq!(read(&mut world, "f.torn").unwrap(), "日");
}

#[test]
fn file_with_staging_suffix_is_kept() {
    let mut world = world(&[(Operation::Write, InjectedFault::TornWrite)]);
    world.plan_mut().next_fault(Operation::Write);
    write(&mut world, "f.torn", "mine").unwrap();
    *world.plan_mut() = ScriptedFaults::new([(Operation::Write, InjectedFault::TornWrite)]);
    write(&mut world, "f", "torn away").unwrap_err();
    write(&mut world, "f", "whole").unwrap();
    assert_eq!(read(&mut world, "f.torn").unwrap(), "mine");
}

#[test]
fn overwritten_staging_file_is_kept() {
    let mut world = world(&[(Operation::Write, InjectedFault::TornWrite)]);
    write(&mut world, "f", "12345678").unwrap_err();
    write(&mut world, "f.torn", "adopted").unwrap();
    write(&mut world, "f", "whole").unwrap();
    assert_eq!(read(&mut world, "f.torn").unwrap(), "adopted");
}

#[test]
fn staging_counts_against_the_quota() {
    let quota = Quota {
        max_files: 1,
        ..Quota::default()
    };
    let mut world = World::with_files(quota, [("f", "old")])
        .unwrap()
        .with_faults(ScriptedFaults::new([(
            Operation::Write,
            InjectedFault::TornWrite,
        )]));
    write(&mut world, "f", "new").unwrap_err();
    assert_eq!(world.list(None, 9).unwrap(), ["f"]);
}

#[test]
fn failed_redirection_keeps_the_file() {
    let cases = [
        (InjectedFault::NotFound, "f: No such file or directory\n"),
        (InjectedFault::Denied, "f: Permission denied\n"),
        (InjectedFault::NoSpace, "f: No space left on device\n"),
        (InjectedFault::TornWrite, "f: Input/output error\n"),
    ];
    for (fault, stderr) in cases {
        for line in ["echo new > f", "echo new >> f"] {
            let mut world = world(&[(Operation::Write, fault)]);
            let head = world.history().head();
            let outcome = world.exec(line, 1);
            assert_eq!((outcome.exit_code, outcome.stderr.as_str()), (1, stderr));
            assert_eq!(read(&mut world, "f").unwrap(), "old content");
            assert_eq!(world.history().head(), head);
            let torn = fault == InjectedFault::TornWrite;
            assert_eq!(read(&mut world, "f.torn").is_ok(), torn);
        }
    }
}

#[test]
fn failed_command_reports_the_fault() {
    for line in ["rm f", "rm -r d", "mv f h", "mkdir h", "cp f h"] {
        let mut world = world(&[(Operation::Write, InjectedFault::Denied)]);
        let before = world.digest();
        let outcome = world.exec(line, 1);
        assert_eq!(outcome.exit_code, 1, "{line}");
        assert!(outcome.stderr.ends_with(": Permission denied\n"), "{line}");
        assert_eq!(world.digest(), before, "{line}");
        assert_eq!(world.exec(line, 1).exit_code, 0, "{line}");
    }
}

#[test]
fn refused_line_does_nothing() {
    let codes = [127, 126, 1, 1];
    for (fault, exit_code) in EVERY_FAULT.into_iter().zip(codes) {
        let mut world = world(&[(Operation::Exec, fault)]);
        let before = world.digest();
        let outcome = world.exec("rm f", 1);
        assert_eq!(outcome.exit_code, exit_code);
        assert!(!outcome.stderr.is_empty());
        assert_eq!(world.digest(), before);
    }
}

#[test]
fn boxed_plan() {
    let plan: Box<dyn FaultPlan> = Box::new(ScriptedFaults::new([(
        Operation::Write,
        InjectedFault::Denied,
    )]));
    let mut world = World::new(Quota::default()).with_faults(plan);
    assert_eq!(write(&mut world, "f", "x"), Err(WorldFaultCode::Denied));
    assert!(world.list(Some(&path("f")), 1).is_err());
}
