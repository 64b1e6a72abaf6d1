//! The tick itself: one record each, no trace of a dropped one, routes, and bounded state.

use crate::machine::Machine;
use turingos::dispatch::{Failover, Lane, RouteReason};
use turingos::isa::OpcodeClass;
use turingos::journal::Status;
use turingos::kernel::{Committed, FRAME_LIMIT, Kernel, KernelConfig, OracleFault, frame_limit};
use turingos::memory::{MAX_CAPABILITIES, MAX_PAGE_TABLES};
use turingos::mind::MAX_TASKS;
use turingos::trap::TrapKind;
use turingos::{Contract, Digest, Opcode};

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
    assert_eq!(record.reply, Digest::of(reply.as_bytes()));
    assert_eq!(
        frame,
        "[OS_CONTRACT]\n(none)\n\n[L1_TRACE_CACHE]\n(empty)\n\n\
         [OS_CALL_STACK]\n[CALL_STACK_DEPTH] 0\n\n[OBSERVED_SLICE]\ncontent"
    );
    assert_eq!(
        record.frame,
        frame_digest(&[
            (b'c', Digest::of(b"(none)")),
            (b't', Digest::of(b"(empty)")),
            (b'q', Digest::of(b"turingos.queue\0")),
            (b's', Digest::of(b"content")),
        ])
    );
}

/// The digest of a frame by its definition.
fn frame_digest(parts: &[(u8, Digest)]) -> Digest {
    let mut bytes = b"turingos.frame\0".to_vec();
    for (letter, digest) in parts {
        bytes.push(*letter);
        bytes.extend_from_slice(digest.as_bytes());
    }
    Digest::of(&bytes)
}

/// The text of one section of a frame, up to the next heading.
fn section<'f>(frame: &'f str, name: &str) -> &'f str {
    let heading = format!("[{name}]\n");
    let (_, text) = frame.split_once(&heading).expect("the section is there");
    text.split_once("\n\n[").map_or(text, |(text, _)| text)
}

#[test]
fn a_frame_digest_is_made_of_the_digests_of_its_parts() {
    let mut machine = Machine::at("long");
    let long = "x".repeat(4_000);
    machine.world.files.insert("long".into(), long.clone());
    machine.push("a task");
    let system_prompt_chars = KernelConfig::default().system_prompt_chars as usize;
    let frame = machine.peek();
    let id = &machine.kernel.queue().tasks()[0].id;
    let task = Digest::of(b"a task");
    let queue: [&[u8]; 4] = [b"turingos.queue\0", id.as_bytes(), b"A", task.as_bytes()];
    let (slice, queue) = (Digest::of(long.as_bytes()), Digest::of_parts(&queue));
    let pages = Digest::of_parts(&[b"turingos.pages\0", slice.as_bytes(), b"long"]);
    let trace = Digest::of(section(&frame, "L1_TRACE_CACHE").as_bytes());
    let contract = Digest::of(b"(none)");
    assert!(frame.contains(&format!("token={} page=1/2", pages.short(16))));
    let record = machine.goto("$ pytest").record;
    let parts = [
        (b'c', contract),
        (b't', trace),
        (b'q', queue),
        (b'p', pages),
    ];
    assert_eq!((record.slice, record.frame), (slice, frame_digest(&parts)));

    // A note of a trap is a part of its own, and so is the guard block that it leads to.
    machine.goto("$ pytest");
    let shown = machine.slice();
    let (slice, note) = shown.split_at(shown.find("\n\n[OS_TRAP: NO_PROGRESS]").expect("a note"));
    let block = machine.block().expect("a guard block");
    let trace = Digest::of(section(&machine.peek(), "L1_TRACE_CACHE").as_bytes());
    // So long a state leaves the next frame little room.
    let q = "q".repeat(7_000);
    let record = machine
        .act_with_q(r#"{"op":"SYS_GOTO","pointer":"long"}"#, &q)
        .record;
    let parts = [
        (b'c', contract),
        (b't', trace),
        (b'q', queue),
        (b's', Digest::of(slice.as_bytes())),
        (b'n', Digest::of(note.as_bytes())),
        (b'g', Digest::of(block.as_bytes())),
    ];
    assert_eq!(record.frame, frame_digest(&parts));
    assert!(!record.clipped);

    // The digest of a clipped frame covers its whole sections and its limit.
    let frame = machine.peek();
    let limit = frame_limit(system_prompt_chars, q.len());
    let trace = Digest::of(section(&frame, "L1_TRACE_CACHE").as_bytes());
    let record = machine.goto("a").record;
    assert!(record.clipped);
    let mut bytes = b"turingos.frame\0".to_vec();
    let parts = [
        (b'c', contract),
        (b't', trace),
        (b'q', queue),
        (b'p', pages),
    ];
    for (letter, digest) in parts {
        bytes.push(letter);
        bytes.extend_from_slice(digest.as_bytes());
    }
    bytes.push(b'l');
    bytes.extend_from_slice(&(limit as u64).to_be_bytes());
    assert_eq!(record.frame, Digest::of(&bytes));
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
    assert_eq!(route.failover.as_deref(), Some("ORACLE_TIMEOUT"));
    assert_eq!((route.preferred, route.lane), (Lane::E, Lane::P));
    assert_eq!(committed.record.traps, [TrapKind::CpuFault]);
    // Both lanes failed once: 1/3 less 0.08.
    let route = machine.goto("a").record.route;
    assert_eq!((route.health.p.0, route.health.e.0), (2_533, 2_533));
}

const POP: &str = r#"{"q_next":"q1","a_t":{"op":"SYS_POP"}}"#;

#[test]
fn a_reply_of_e_that_does_not_decode_fails_over_to_p_in_the_same_tick() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    machine.push("task");
    let broken = r#"{"q_next":"q1","a_t":{"op":"SYS_POP""#;
    let record = machine.answers(&[Ok(broken), Ok(POP)]).record;
    assert_eq!(
        (record.op, record.fault.as_deref()),
        (Some(Opcode::Pop), None)
    );
    assert!(record.traps.is_empty());
    assert_eq!(record.reply, Digest::of(POP.as_bytes()));
    let route = record.route;
    assert_eq!((route.preferred, route.lane), (Lane::E, Lane::P));
    assert_eq!(route.failover.as_deref(), Some("TRUNCATED"));
    // It cost E health: two calls of which one failed, then 0.08; P had one that succeeded.
    let route = machine.goto("a").record.route;
    assert_eq!((route.health.p.0, route.health.e.0), (6_666, 5_000 - 800));
}

#[test]
fn only_if_p_fails_too_is_a_broken_reply_a_cpu_fault() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    let committed = machine.answers(&[Ok("{"), Ok("I am lost.")]);
    let record = committed.record;
    assert_eq!(record.traps, [TrapKind::CpuFault]);
    assert_eq!(record.fault.as_deref(), Some("NO_TRANSITION"));
    assert_eq!(record.route.failover.as_deref(), Some("TRUNCATED"));
    // A trap's context goes to P, which has nobody to fail over to.
    let record = machine.answers(&[Ok("{"), Ok(POP)]).record;
    assert_eq!(record.fault.as_deref(), Some("TRUNCATED"));
    assert_eq!(record.route.failover, None);
}

#[test]
fn failover_of_calls_only_leaves_a_broken_reply_a_cpu_fault() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    let mut config = KernelConfig::default();
    config.route.failover = Failover::Call;
    machine.kernel = Kernel::boot(&config, "q0", "a");
    let record = machine.answers(&[Ok("{"), Ok(POP)]).record;
    assert_eq!((record.route.lane, record.route.failover), (Lane::E, None));
    assert_eq!(record.fault.as_deref(), Some("TRUNCATED"));
    machine.kernel = Kernel::boot(&config, "q0", "a");
    let record = machine.answers(&[Err(OracleFault::Reset), Ok(POP)]).record;
    assert_eq!(record.route.failover.as_deref(), Some("ORACLE_RESET"));
}

#[test]
fn a_blocked_plan_step_goes_to_p_and_so_does_a_complete_plan() {
    let plan = br#"{"enabled":true,"progress_file":"log","ordered_steps":["ONE"],
        "step_file_map":{"ONE":"out"}}"#;
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    let contract = Contract::parse(plan).expect("a contract");
    machine.kernel = machine.kernel.with_contract(contract);
    let route = |committed: Committed| {
        let route = committed.record.route;
        (route.lane, route.reason, route.predicted)
    };
    assert!(machine.peek().contains("[STATUS] BLOCKED"));
    let blocked = route(machine.push("write it"));
    assert_eq!((blocked.0, blocked.1), (Lane::P, RouteReason::Blocked));
    machine.world.files.insert("out".into(), "done".into());
    assert!(machine.peek().contains("[STATUS] READY"));
    let ready = route(machine.goto("sys://append/log"));
    assert_eq!((ready.0, ready.1), (Lane::E, RouteReason::Routine));
    machine.write("DONE:ONE");
    let complete = route(machine.exec("pytest"));
    let class = OpcodeClass::SystemControl;
    assert_eq!(complete, (Lane::P, RouteReason::Class, class));
}

#[test]
fn an_empty_plan_is_not_complete() {
    let mut machine = Machine::at("a");
    machine.world.files.insert("a".into(), "x".into());
    let contract = Contract::parse(br#"{"enabled":true}"#).expect("a contract");
    machine.kernel = machine.kernel.with_contract(contract);
    let route = machine.push("task").record.route;
    assert_eq!((route.lane, route.reason), (Lane::E, RouteReason::Routine));
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
