//! An open tick as its caller sees it: number, state, duration, and what is expected of the model.

use crate::machine::Machine;
use turingos::Stopped;
use turingos::bus::{BusFaultCode, Provider, parse};
use turingos::contract::Contract;
use turingos::isa::{OpcodeClass, decode};
use turingos::journal::Status;
use turingos::kernel::{Kernel, KernelConfig, OracleFault};

#[test]
fn an_open_tick_shows_number_state_and_duration() {
    let mut machine = Machine::at("a");
    machine.act_with_q(r#"{"op":"SYS_EXEC","cmd":"pytest"}"#, "tests run");
    machine.act_with_q(r#"{"op":"SYS_GOTO","pointer":"b"}"#, "tests ran");
    let seen = |machine: &mut Machine| {
        let open = machine.kernel.open(0, &mut machine.world).expect("running");
        (open.tick(), open.q().to_owned(), open.elapsed_us())
    };
    assert_eq!(seen(&mut machine), (2, "tests ran".into(), 0));
    machine.act_with_q(r#"{"op":"SYS_EXEC","cmd":"pytest -q"}"#, "again");
    assert_eq!(seen(&mut machine), (3, "again".into(), 2_000));
}

#[test]
fn a_stopped_machine_says_how_it_stopped() {
    let mut machine = Machine::at("$ pytest");
    machine.act(r#"{"op":"SYS_HALT"}"#);
    let stopped = machine
        .kernel
        .open(0, &mut machine.world)
        .expect_err("halted");
    assert_eq!(stopped, Stopped(Status::Halted));
    assert_eq!(stopped.to_string(), "the machine is HALTED");
}

#[test]
fn a_call_that_fails_says_why() {
    let body = parse(Provider::OpenAi, 503, b"").expect_err("a refusal");
    let reply = decode(b"prose").expect_err("no transition");
    assert_eq!(body.code, BusFaultCode::Overloaded);
    let [bus, decoder] = [&body.detail, &reply.detail].map(String::clone);
    for (fault, code, detail) in [
        (
            OracleFault::Timeout,
            "ORACLE_TIMEOUT",
            "no answer within the time limit",
        ),
        (
            OracleFault::Unreachable,
            "ORACLE_UNREACHABLE",
            "the connection could not be made",
        ),
        (
            OracleFault::Reset,
            "ORACLE_RESET",
            "the connection broke before a whole response",
        ),
        (OracleFault::Bus(body.clone()), "OVERLOADED", &bus),
        (OracleFault::Reply(reply.clone()), "NO_TRANSITION", &decoder),
    ] {
        assert_eq!((fault.code(), fault.detail().as_str()), (code, detail));
    }
}

/// The class that the machine expects of the next reply.
fn predicted(machine: &mut Machine) -> OpcodeClass {
    let open = machine.kernel.open(0, &mut machine.world);
    open.expect("running").route().predicted
}

#[test]
fn what_is_expected_follows_from_pointer_trap_and_plan() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "a".into());
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::WorldNavigation,
        "at first"
    );
    machine.push("task");
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::MindScheduling,
        "more of the same"
    );
    machine.goto("missing");
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::WorldMutation,
        "a file to be made"
    );
    machine.goto("a");
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::WorldNavigation,
        "a file that is there"
    );
    machine.push("task");
    machine.reply("prose");
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::WorldNavigation,
        "at a trap"
    );
    machine.push("task");
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::WorldNavigation,
        "still at a trap"
    );
    machine.goto("sys://page/0123456789abcdef?p=1");
    machine.push("task");
    assert_eq!(
        predicted(&mut machine),
        OpcodeClass::MindScheduling,
        "a trap, but no file"
    );
}

#[test]
fn a_halt_is_expected_of_a_complete_plan_only() {
    let plan = r#"{"enabled":true,"required_files":["out"]}"#;
    for (files, expected) in [
        (&["a"][..], OpcodeClass::WorldNavigation),
        (&["a", "out"], OpcodeClass::SystemControl),
    ] {
        let mut machine = Machine::at("a");
        let contract = Contract::parse(plan.as_bytes()).expect("a contract");
        machine.kernel = Kernel::boot(&KernelConfig::default(), "q0", "a").with_contract(contract);
        for file in files {
            machine.world.files.insert((*file).into(), "x".into());
        }
        assert_eq!(predicted(&mut machine), expected);
    }
}
