//! What holds whatever texts come: arbitrary replies, pointers that want out, frames of any size,
//! runs longer than every bound. There is no reference here, only laws.
//!
//! `PROPTEST_CASES=20000 cargo test --test kernel properties_wild` tries more.

use crate::machine::watched::Watched;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Value, json};
use turingos::isa::MAX_REPLY_BYTES;
use turingos::journal::Status;
use turingos::kernel::{Answer, Committed, Kernel, KernelConfig};

fn configured(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 20_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// Texts that want to be pointers to somewhere else, or to something.
fn pointer() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "..",
        "../",
        ".",
        "./",
        "/",
        "//",
        "\\",
        "a",
        "b",
        "dir/c",
        "~",
        "C:",
        "%2e%2e",
        "%2f",
        "%",
        "\u{0}",
        "\n",
        " ",
        "…",
        "sys://append/",
        "sys://replace/",
        "sys://cap/issue?access=rw&path=",
        "sys://cap/list",
        "sys://cap/describe?handle=",
        "sys://git/log?path=",
        "&limit=5",
        "sys://trap/io_fault",
        "?details=",
        "sys://page/",
        "0123456789abcdef",
        "?p=1",
        "vfd://rw/0123456789abcdef/",
        "vfd://",
        "file://",
        "$ ",
        "pytest",
        "HALT",
        "etc/passwd",
        "sys://callstack",
    ])
    .prop_map(str::to_owned);
    let piece = prop_oneof![8 => piece, 1 => "\\PC{1,8}", 1 => "x{500,600}"];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["x", "q", "one\ntwo", "{\"search\":\"a\",\"replace\":\"b\",\"all\":true}"])
            .prop_map(str::to_owned),
        2 => "\\PC{1,30}",
        1 => pointer(),
        1 => "界{1,5000}",
    ]
}

/// Syscalls whose operands are anything, with members that may not belong.
fn action() -> impl Strategy<Value = Value> {
    let word = select(vec!["TOP", "bottom", "ACTIVE", "BLOCKED", "suspended", "x"]);
    prop_oneof![
        1 => (text(), prop::option::weighted(0.3, pointer())).prop_map(|(payload, cap)| match cap {
            Some(cap) => json!({ "op": "SYS_WRITE", "payload": payload, "cap": cap }),
            None => json!({ "op": "SYS_WRITE", "payload": payload }),
        }),
        1 => text().prop_map(|cmd| json!({ "op": "SYS_EXEC", "cmd": cmd })),
        4 => pointer().prop_map(|pointer| json!({ "op": "SYS_GOTO", "pointer": pointer })),
        1 => (pointer(), any::<u16>())
            .prop_map(|(path, limit)| json!({ "op": "SYS_GIT_LOG", "path": path, "limit": limit })),
        1 => text().prop_map(|query| json!({ "op": "SYS_GIT_LOG", "query": query })),
        1 => text().prop_map(|task| json!({ "op": "SYS_PUSH", "task": task })),
        1 => text().prop_map(|task| json!({ "op": "SYS_EDIT", "task": { "goal": task } })),
        1 => (word.clone(), word)
            .prop_map(|(to, state)| json!({ "op": "SYS_MOVE", "target": to, "state": state })),
        1 => Just(json!({ "op": "SYS_POP" })),
        1 => Just(json!({ "op": "SYS_HALT" })),
        1 => (text(), text()).prop_map(|(key, value)| json!({ "op": "SYS_POP", key: value })),
    ]
}

fn transition() -> impl Strategy<Value = String> {
    (text(), action()).prop_map(|(q_next, a_t)| json!({ "q_next": q_next, "a_t": a_t }).to_string())
}

/// A reply: mostly a transition, sometimes spoilt, sometimes any text.
fn reply() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => transition(),
        1 => (transition(), any::<prop::sample::Index>()).prop_map(|(text, at)| {
            let end = text.floor_char_boundary(at.index(text.len()));
            text[..end].to_owned()
        }),
        1 => (transition(), text()).prop_map(|(reply, prose)| format!("{prose}\n{reply}\n{prose}")),
        1 => text(),
    ]
}

fn world() -> Watched {
    let mut world = Watched::default();
    for path in ["a", "b", "dir/c"] {
        world
            .world
            .files
            .insert(path.to_owned(), "a\n".repeat(2_000));
    }
    world.world.commands.insert("pytest".to_owned(), 0);
    world
}

/// One tick; the frame it showed and what it committed.
fn tick(kernel: &mut Kernel, world: &mut Watched, reply: &str) -> (String, Committed) {
    let open = kernel.open(1, world).expect("running");
    let frame = open.frame().to_owned();
    let committed = open.commit(1, world, reply.as_bytes(), Answer::decode(reply));
    (frame, committed)
}

/// The root rule, as a person would say it.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0', '\n', '\r'])
        && path
            .split('/')
            .all(|segment| !["", ".", ".."].contains(&segment))
}

/// What is left of a request of 8,192 characters, between 1,024 and 4,096.
fn frame_limit(system_prompt: usize, q: usize) -> usize {
    let left = 8_192_i64 - system_prompt as i64 - q as i64 - 512;
    left.clamp(1_024, 4_096) as usize
}

proptest! {
    #![proptest_config(configured(64))]

    /// Whatever pointers a model writes, the world is asked only for paths inside its root.
    #[test]
    fn pointers_never_leave_the_root(
        start in pointer(),
        targets in prop::collection::vec((pointer(), any::<bool>()), 1..12),
    ) {
        let mut world = world();
        let mut kernel = Kernel::boot(&KernelConfig::default(), "q", &start);
        for (pointer, through) in targets {
            let goto = json!({ "q_next": "q", "a_t": { "op": "SYS_GOTO", "pointer": pointer } });
            let write = match through {
                true => json!({ "op": "SYS_WRITE", "payload": "x", "cap": pointer }),
                false => json!({ "op": "SYS_WRITE", "payload": "x" }),
            };
            let write = json!({ "q_next": "q", "a_t": write });
            for reply in [goto, write] {
                if kernel.status() != Status::Running {
                    kernel.reboot("q", &pointer);
                }
                tick(&mut kernel, &mut world, &reply.to_string());
            }
        }
        for path in &world.asked {
            prop_assert!(is_inside(path), "{path:?}");
        }
        prop_assert!(world.world.files.keys().all(|path| is_inside(path)));
    }

    /// No reply makes the kernel panic, leave the root, do two things at once, act on a stopped
    /// action, skip a record, or outgrow a bound.
    #[test]
    fn no_reply_breaks_an_invariant(start in pointer(), replies in prop::collection::vec(reply(), 1..30)) {
        let mut world = world();
        let mut kernel = Kernel::boot(&KernelConfig::default(), "q", &start);
        for (number, reply) in replies.iter().enumerate() {
            if kernel.status() != Status::Running {
                kernel.reboot("q", &start);
            }
            let files = world.world.files.clone();
            let tasks = kernel.queue().tasks().to_vec();
            let (tried, done) = (world.writes_tried, world.writes_done);
            let limit = frame_limit(0, kernel.q().chars().count());
            let (frame, committed) = tick(&mut kernel, &mut world, reply);
            let record = committed.record;
            prop_assert_eq!(record.tick, number as u64);
            prop_assert_eq!(kernel.tick(), number as u64 + 1);
            prop_assert!(frame.chars().count() <= limit);
            prop_assert!(!record.clipped || frame.contains("[OS_SECTION_CLIPPED]"));
            let wrote = world.writes_done - done;
            let queue_changed = kernel.queue().tasks() != tasks;
            prop_assert!(world.writes_tried - tried <= 1);
            prop_assert!(wrote + usize::from(queue_changed) <= 1);
            let stopped = record.traps.iter().any(|trap| trap.is_hard());
            if stopped {
                prop_assert_eq!(&world.world.files, &files);
                prop_assert!(!queue_changed || kernel.queue().tasks().is_empty());
            }
            prop_assert_eq!(record.op.is_none(), record.fault.is_some());
            let live = kernel.live_state();
            prop_assert!(live.tasks <= 64 && live.trap_details <= 14);
            prop_assert!(live.q_bytes <= MAX_REPLY_BYTES);
            prop_assert!(record.pointer.len() <= 200 && record.next.len() <= 200);
        }
        for path in &world.asked {
            prop_assert!(is_inside(path), "{path:?}");
        }
    }

    /// The frame is never over what the request leaves for it, it shows every section in order,
    /// and it is clipped exactly if frame and record say so.
    #[test]
    fn a_frame_is_never_over_its_limit(
        system_prompt in prop_oneof![0..100_u32, 0..10_000_u32, Just(u32::MAX)],
        (q_character, q_length) in (select(vec!["q", "界", "\n"]), 0..9_000_usize),
        (character, length) in (select(vec!["s", "界", "\n", "🦀"]), 0..7_000_usize),
        (task, tasks) in (select(vec!["t", "任"]), 0..70_usize),
    ) {
        let config = KernelConfig { system_prompt_chars: system_prompt, ..KernelConfig::default() };
        let mut world = Watched::default();
        world.world.files.insert("a".to_owned(), character.repeat(length));
        let mut kernel = Kernel::boot(&config, "q", "a");
        for number in 0..tasks {
            let task = format!("{number}{}", task.repeat(250));
            let push = json!({ "q_next": "q", "a_t": { "op": "SYS_PUSH", "task": task } });
            tick(&mut kernel, &mut world, &push.to_string());
        }
        let q = format!("q{}", q_character.repeat(q_length));
        let look = json!({ "q_next": q, "a_t": { "op": "SYS_GOTO", "pointer": "a" } });
        tick(&mut kernel, &mut world, &look.to_string());
        prop_assert_eq!(kernel.q(), &q);

        let (frame, committed) = tick(&mut kernel, &mut world, "");
        let system_prompt = usize::try_from(system_prompt).expect("32 bits");
        let (frame_length, q_length) = (frame.chars().count(), q.chars().count());
        let limit = frame_limit(system_prompt, q_length);
        prop_assert!(frame_length <= limit, "{frame_length} over {limit}");
        if limit > 1_024 {
            prop_assert!(system_prompt + q_length + frame_length <= 8_192 - 512);
        }
        prop_assert_eq!(committed.record.clipped, frame.contains("[OS_SECTION_CLIPPED]"));
        let mut rest = frame.as_str();
        for section in ["[OS_CONTRACT]\n", "[L1_TRACE_CACHE]\n", "[OS_CALL_STACK]\n", "[OBSERVED_SLICE]\n"] {
            let (_, after) = rest.split_once(section).expect(section);
            rest = after;
        }
        // What the model sees of the slice is its beginning, whole or said to be clipped.
        if length <= 3_000 && !committed.record.clipped {
            prop_assert_eq!(rest, character.repeat(length));
        }
    }
}

/// However many handles are issued and long slices seen, no more than 2,048 and 128 are kept;
/// the oldest go first, and the newest stay. One run is enough to show it.
#[test]
fn memory_stays_within_its_bounds() {
    let (extra, slices) = (37, 150);
    let mut world = Watched::default();
    for number in 0..slices {
        world.world.files.insert(
            format!("f{number}"),
            format!("{number} {}", "界".repeat(3_000)),
        );
    }
    let mut kernel = Kernel::boot(&KernelConfig::default(), "q", "f0");
    let mut goto = |pointer: &str| {
        let reply = json!({ "q_next": "q", "a_t": { "op": "SYS_GOTO", "pointer": pointer } });
        let (frame, committed) = tick(&mut kernel, &mut world, &reply.to_string());
        (frame, committed, kernel.live_state())
    };
    let issued = 2_048 + extra;
    let mut handles = Vec::new();
    for number in 0..=issued {
        let next = if number < issued {
            format!("sys://cap/issue?access=rw&path=p{number}")
        } else {
            "a".to_owned()
        };
        let (frame, _, live) = goto(&next);
        assert!(live.capabilities <= 2_048);
        // The frame shows what the pointer before asked for.
        if let Some((_, handle)) = frame.rsplit_once("[HANDLE] ") {
            handles.push(handle.to_owned());
        }
    }
    for number in 0..=slices {
        let (_, _, live) = goto(&format!("f{number}"));
        assert!(live.page_tables <= 128);
    }
    let (_, _, live) = goto("sys://cap/list");
    assert_eq!((live.capabilities, live.page_tables), (2_048, 128));
    for (handle, is_kept) in [
        (0, false),
        (extra - 1, false),
        (extra, true),
        (issued - 1, true),
    ] {
        goto(&handles[handle]);
        let (_, committed, _) = goto("a");
        let refused = committed
            .record
            .traps
            .iter()
            .any(|trap| trap.name() == "EACCES");
        assert_eq!(refused, !is_kept);
    }
}
