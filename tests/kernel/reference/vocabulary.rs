//! The few words that generated runs are made of. Operands repeat often, because most guards
//! watch for repetition; what arbitrary text does is tried elsewhere.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::action::{Action, Call, HandleName, LogQuery, Payload, Place, Spelling, TaskName};
use super::plan::PROGRESS;
use super::spelling::{edit, text};

/// A command line, and whether it succeeds when the tests pass.
pub(crate) const COMMANDS: [(&str, bool); 5] = [
    ("pytest", true),
    ("cargo test -q", true),
    ("pytest || true", true),
    ("ls", true),
    ("nope", false),
];

const PATHS: [&str; 4] = ["a", "b", "dir/c", PROGRESS];

const PAYLOADS: [Payload; 10] = [
    text("one"),
    text("two"),
    text("two lines\nof text"),
    text("one  \n"),
    text("DONE:ONE"),
    text("DONE:ONE\nDONE:TWO\n"),
    edit(r#"{"search":"o","replace":"0"}"#, "o", "0", false),
    edit(
        r#"{"search":"e","replace":"eo","all":true}"#,
        "e",
        "eo",
        true,
    ),
    edit(r#"{"search":"absent","replace":""}"#, "absent", "", false),
    Payload {
        text: "fn main() {}\n// ... rest of the code\n",
        edit: None,
        omits: true,
    },
];

/// Every trap, as pointers name them.
pub(crate) const TRAPS: [&str; 16] = [
    "PAGE_FAULT",
    "PLAN_CONTRACT",
    "NO_PROGRESS",
    "EACCES",
    "CPU_FAULT",
    "STACK_FAULT",
    "IO_FAULT",
    "CONTENT_CONTRACT",
    "ILLEGAL_HALT",
    "HALT_GUARD",
    "THRASHING",
    "DEADLOCK",
    "WATCHDOG_NMI",
    "L1_CACHE_HIT",
    "PANIC_RESET",
    "UNRECOVERABLE_LOOP",
];

/// What a generated run is: the machine it starts with, and what it is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The machine has the contract of [`plan`](super::plan).
    pub(crate) has_plan: bool,
    pub(crate) steps: Vec<Step>,
}

/// One tick of a run.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Ticks opened and dropped before the one that counts.
    pub(crate) drops: u8,
    pub(crate) disturbance: Option<Disturbance>,
    pub(crate) action: Action,
}

/// What happens to the world before a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Disturbance {
    /// The next write is refused, for one of several reasons.
    RefuseWrite(usize),
    /// A file becomes unreadable, or readable again.
    ToggleReading(&'static str),
    /// Test commands begin to fail, or to pass again.
    ToggleTests,
}

/// A run of at most `passages` stretches, each one action or a pattern that some guard watches.
pub(crate) fn run(passages: usize) -> impl Strategy<Value = Run> {
    (any::<bool>(), full_queue(), vec(passage(), 1..passages)).prop_map(
        |(has_plan, start, passages)| {
            let mut steps = start;
            steps.extend(passages.into_iter().flatten());
            Run { has_plan, steps }
        },
    )
}

/// Now and then a run begins with a run queue that is full or nearly so.
fn full_queue() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![19 => Just(0_usize), 1 => 62..=65_usize].prop_map(|tasks| {
        let quiet = |number| Step {
            drops: 0,
            disturbance: None,
            action: Action::Call {
                call: Call::Push(format!("task {number}")),
                q_next: "q1",
                spelling: Spelling::Canonical,
            },
        };
        (0..tasks).map(quiet).collect()
    })
}

fn passage() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        6 => vec(step(action()), 1..4),
        2 => (action(), 2..=6_usize).prop_flat_map(|(one, times)| steps(vec![one; times])),
        2 => (call(), call(), 2..=4_usize).prop_flat_map(|(a, b, times)| {
            steps(vec![[a, b]; times].concat())
        }),
        2 => vec(step(shuffle()), 2..5),
        1 => vec(step(failure()), 2..6),
        1 => (select(&TRAPS[..]), 1..4_usize)
            .prop_flat_map(|(name, times)| steps(vec![called(goto_trap(name)); times])),
        2 => evidence_and_halt(),
        1 => plan_and_halt(),
    ]
}

/// A test, other commands within or beyond the evidence window, and a wish to stop.
fn evidence_and_halt() -> impl Strategy<Value = Vec<Step>> {
    // Three in turn are neither a repetition nor an alternation.
    let others = ["ls", "nope", "pytest || true"].into_iter().cycle();
    (command(), 3..=7_usize, halt()).prop_flat_map(move |(test, between, halt)| {
        let lines = [test].into_iter().chain(others.clone().take(between));
        let calls = lines.map(|line| called(Call::Exec(line)));
        steps(calls.chain([halt]).collect())
    })
}

/// The plan carried out line by line, a test, and a wish to stop.
fn plan_and_halt() -> impl Strategy<Value = Vec<Step>> {
    let write = |line| {
        called(Call::Write {
            payload: text(line),
            through: None,
        })
    };
    halt().prop_flat_map(move |halt| {
        steps(vec![
            called(Call::Goto(Place::Append(PROGRESS))),
            write("DONE:ONE"),
            write("DONE:TWO"),
            called(Call::Exec("pytest")),
            halt,
        ])
    })
}

/// The same actions with disturbances among them.
fn steps(actions: Vec<Action>) -> impl Strategy<Value = Vec<Step>> {
    actions
        .into_iter()
        .map(|action| step(Just(action)))
        .collect::<Vec<_>>()
}

fn step(action: impl Strategy<Value = Action>) -> impl Strategy<Value = Step> {
    let disturbance = prop_oneof![
        12 => Just(None),
        1 => (0..6_usize).prop_map(|which| Some(Disturbance::RefuseWrite(which))),
        1 => select(&PATHS[..]).prop_map(|path| Some(Disturbance::ToggleReading(path))),
        1 => Just(Some(Disturbance::ToggleTests)),
    ];
    let drops = prop_oneof![8 => Just(0_u8), 1 => 1..3_u8];
    (drops, disturbance, action).prop_map(|(drops, disturbance, action)| Step {
        drops,
        disturbance,
        action,
    })
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![8 => call(), 1 => failure()]
}

fn call() -> impl Strategy<Value = Action> {
    let spelling = prop_oneof![
        3 => Just(Spelling::Canonical),
        1 => Just(Spelling::Synonyms),
        1 => Just(Spelling::Prose),
    ];
    let call = prop_oneof![
        4 => write(),
        2 => command().prop_map(Call::Exec),
        5 => place().prop_map(Call::Goto),
        1 => log_query().prop_map(Call::GitLog),
        2 => task_text().prop_map(Call::Push),
        1 => task_text().prop_map(Call::Edit),
        2 => shift(),
        1 => Just(Call::Pop),
        1 => Just(Call::Halt),
    ];
    (call, select(&["q1", "q2", "状态"][..]), spelling).prop_map(|(call, q_next, spelling)| {
        Action::Call {
            call,
            q_next,
            spelling,
        }
    })
}

fn called(call: Call) -> Action {
    Action::Call {
        call,
        q_next: "q1",
        spelling: Spelling::Canonical,
    }
}

fn goto_trap(name: &'static str) -> Call {
    Call::Goto(Place::Trap {
        name,
        details: None,
    })
}

fn halt() -> impl Strategy<Value = Action> {
    select(vec![called(Call::Halt), called(Call::Goto(Place::Halt))])
}

fn shuffle() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => task_text().prop_map(Call::Edit),
        2 => shift(),
        1 => task_text().prop_map(Call::Push),
    ]
    .prop_map(called)
}

/// Replies that are not a transition, and replies that never come.
fn failure() -> impl Strategy<Value = Action> {
    let garbage = prop_oneof![
        3 => select(&[
            "I would rather not.",
            "",
            "{}",
            r#"{"q_next":"q9","a_t":{"op":"SYS_PUSH","task":"x","payload":"y"}}"#,
            r#"{"q_next":"q9","a_t":{"op":"SYS_POP"}}{"q_next":"q9","a_t":{"op":"SYS_POP"}}"#,
            r#"{"q_next":"q9","a_t":{"op":"SYS_WRITE","payload":"y"#,
        ][..])
        .prop_map(str::to_owned),
        // Without an underscore there is no `q_next` and no `a_t`.
        1 => "[^_]{0,40}",
    ];
    prop_oneof![
        2 => garbage.prop_map(Action::Garbage),
        1 => Just(Action::OracleFails),
    ]
}

fn write() -> impl Strategy<Value = Call> {
    let through = prop_oneof![3 => Just(None), 1 => handle().prop_map(Some)];
    (select(&PAYLOADS[..]), through).prop_map(|(payload, through)| Call::Write { payload, through })
}

fn command() -> impl Strategy<Value = &'static str> {
    select(&COMMANDS[..]).prop_map(|(line, _)| line)
}

fn place() -> impl Strategy<Value = Place> {
    let path = || select(&PATHS[..]);
    let file = select(
        &[
            ("a", "a"),
            ("b", "b"),
            ("a", "./a"),
            ("dir/c", "dir/c"),
            ("absent", "absent"),
            (PROGRESS, PROGRESS),
        ][..],
    );
    let nonsense = select(&["../a", "/etc/passwd", "sys://nowhere", "a//b", "vfd://x/y"][..]);
    prop_oneof![
        8 => file.prop_map(|(path, spelled)| Place::File { path, spelled }),
        1 => nonsense.prop_map(Place::Nonsense),
        2 => command().prop_map(Place::Command),
        2 => path().prop_map(Place::Append),
        2 => path().prop_map(Place::Replace),
        1 => Just(Place::CallStack),
        2 => (select(&TRAPS[..]), select(&[None, Some("x")][..]))
            .prop_map(|(name, details)| Place::Trap { name, details }),
        1 => Just(Place::UnknownPage),
        2 => (select(&["r", "w", "rw"][..]), path())
            .prop_map(|(access, path)| Place::IssueHandle { access, path }),
        1 => Just(Place::ListHandles),
        2 => handle().prop_map(Place::Handle),
        1 => log_query().prop_map(Place::GitLog),
        1 => Just(Place::Halt),
    ]
}

fn handle() -> impl Strategy<Value = HandleName> {
    prop_oneof![
        4 => (0..4_usize).prop_map(HandleName::Serial),
        1 => (0..4_usize).prop_map(HandleName::Redirected),
        1 => Just(HandleName::Forged),
    ]
}

fn log_query() -> impl Strategy<Value = LogQuery> {
    let path = select(&[None, Some("a")][..]);
    let limit = select(&[None, Some(5_u16)][..]);
    let since = select(&[None, None, None, Some("monday")][..]);
    (path, limit, since).prop_map(|(path, limit, since)| LogQuery { path, limit, since })
}

fn task_text() -> impl Strategy<Value = String> {
    select(vec![
        "build".to_owned(),
        "test\nwith notes\nover lines".to_owned(),
        format!("{}\n{}", "界".repeat(201), "n".repeat(300)),
    ])
}

fn shift() -> impl Strategy<Value = Call> {
    let task = prop_oneof![
        3 => Just(None),
        3 => (0..4_usize).prop_map(|n| Some(TaskName::Nth(n))),
        1 => (0..9_usize).prop_map(|n| Some(TaskName::Serial(n))),
        1 => Just(Some(TaskName::Unknown)),
    ];
    let to = select(&[None, Some("TOP"), Some("BOTTOM")][..]);
    let statuses = [
        None,
        None,
        Some("ACTIVE"),
        Some("SUSPENDED"),
        Some("BLOCKED"),
    ];
    (task, to, select(statuses.to_vec())).prop_map(|(task, to, status)| Call::Move {
        task,
        to,
        status,
    })
}
