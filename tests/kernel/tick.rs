//! The tick itself: one record each, no trace of a dropped one, routes, and bounded state.

use crate::machine::Machine;
use turingos::Digest;
use turingos::dispatch::{Lane, RouteReason};
use turingos::journal::Status;
use turingos::kernel::FRAME_LIMIT;
use turingos::memory::{MAX_CAPABILITIES, MAX_PAGE_TABLES};
use turingos::mind::MAX_TASKS;
use turingos::trap::TrapKind;

#[test]
fn a_dropped_tick_leaves_no_trace() {
    let script = |machine: &mut Machine, peek: bool| {
        let mut records = Vec::new();
        for pointer in [
            "sys://cap/issue?access=r&path=a",
            "long",
            "$ pytest",
            "$ pytest",
        ] {
            if peek {
                machine.peek();
                machine.peek();
            }
            let mut record = machine.goto(pointer).record;
            record.time_us = 0;
            records.push(record);
        }
        records
    };
    let fresh = || {
        let mut machine = Machine::at("a");
        machine.world.files.insert("long".into(), "x".repeat(4_000));
        machine
    };
    let (mut dropped, mut plain) = (fresh(), fresh());
    assert_eq!(script(&mut dropped, true), script(&mut plain, false));
    assert_eq!(dropped.kernel.live_state(), plain.kernel.live_state());
}

#[test]
fn the_record_holds_the_digests_of_what_was_sent_and_received() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "content".into());
    let frame = machine.peek();
    let reply = r#"{"q_next":"q1","a_t":{"op":"SYS_POP"}}"#;
    let record = machine.reply(reply).record;
    assert_eq!(record.q, Digest::of(b"q0"));
    assert_eq!(record.slice, Digest::of(b"content"));
    assert_eq!(record.frame, Digest::of(frame.as_bytes()));
    assert_eq!(record.reply, Digest::of(reply.as_bytes()));
}

#[test]
fn ticks_count_without_gaps_trapped_or_not() {
    let mut machine = Machine::at("a");
    for tick in 0..50 {
        let record = match tick % 3 {
            0 => machine.reply("garbage").record,
            1 => machine.oracle_fails().record,
            _ => machine.goto(&format!("file{tick}")).record,
        };
        assert_eq!(record.tick, tick);
    }
}

#[test]
fn trap_context_goes_to_p_and_routine_to_e() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    let route = machine.push("task").record.route;
    assert_eq!((route.lane, route.reason), (Lane::E, RouteReason::Routine));
    let route = machine
        .act(r#"{"op":"SYS_MOVE","status":"BLOCKED"}"#)
        .record
        .route;
    assert_eq!(route.lane, Lane::E);
    let route = machine.act(r#"{"op":"SYS_POP"}"#).record.route;
    assert_eq!((route.lane, route.reason), (Lane::P, RouteReason::Blocked));
    let route = machine.goto("a").record.route;
    assert_eq!((route.lane, route.reason), (Lane::P, RouteReason::Trap));
}

#[test]
fn a_failed_e_call_fails_over_to_p_in_the_same_tick() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    let committed = machine.oracle_fails();
    let route = &committed.record.route;
    assert!(route.failover);
    assert_eq!((route.preferred, route.lane), (Lane::E, Lane::P));
    assert_eq!(committed.record.traps, [TrapKind::CpuFault]);
    // Both lanes failed once: 1/3 less 0.08.
    let route = machine.goto("a").record.route;
    assert_eq!((route.health.p.0, route.health.e.0), (2_533, 2_533));
}

#[test]
fn no_frame_is_over_the_limit_and_the_record_says_when_it_was_clipped() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".repeat(2_900));
    assert!(!machine.push("task").record.clipped);
    for number in 0..MAX_TASKS - 1 {
        machine.push(&format!("{number} {}", "t".repeat(180)));
    }
    assert!(machine.peek().chars().count() <= FRAME_LIMIT);
    assert!(
        machine
            .peek()
            .contains("[OS_SECTION_CLIPPED] OS_CALL_STACK")
    );
    assert!(machine.goto("a").record.clipped);
}

#[test]
fn a_long_state_register_shrinks_the_frame() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".repeat(2_900));
    machine.act_with_q(r#"{"op":"SYS_POP"}"#, &"q".repeat(100));
    machine.goto("a");
    machine.act_with_q(r#"{"op":"SYS_GOTO","pointer":"a"}"#, &"q".repeat(20_000));
    assert_eq!(machine.peek().chars().count(), 1_024);
}

#[test]
fn state_stays_bounded_over_a_hundred_thousand_ticks() {
    let mut machine = Machine::at("a");
    for number in 0..100_000_u32 {
        if machine.kernel.status() != Status::Running {
            machine.kernel.reboot("q", "a");
        }
        match number % 5 {
            0 => machine.goto(&format!("sys://cap/issue?access=r&path=f{number}")),
            1 => machine.push(&format!("task {number}")),
            2 => {
                let text = format!("{number}{}", "x".repeat(3_000));
                machine.world.files.insert("long".into(), text);
                machine.goto("long")
            }
            3 => machine.reply("garbage"),
            _ => machine.exec(&format!("echo {number}")),
        };
        machine.world.ran.clear();
    }
    let live = machine.kernel.live_state();
    assert_eq!(live.capabilities, MAX_CAPABILITIES);
    assert_eq!(live.page_tables, MAX_PAGE_TABLES);
    assert_eq!(live.tasks, MAX_TASKS);
    assert!(live.trap_details <= TrapKind::ALL.len());
    assert_eq!(machine.kernel.tick(), 100_000);
}
