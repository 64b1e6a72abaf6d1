//! Live sessions: recorded as they happen, within a budget, and ended from outside.

use std::fs;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, Sleep, sleep};
use turingos_live::session::{End, Interrupts, LiveSession, RecordedLive, Watched};
use turingos_live::{Budget, LiveOracle};
use turingos_run::providers::mission::mission;
use turingos_run::providers::{Config, Settings};
use turingos_run::replay::replay;
use turingos_run::scenario::{Ending, Outcome};
use turingos_run::{Header, RunDirectory, RunIoError, RunWriter};
use turingos_world::World;

use super::server::{Behaviour, Server, good, on_real_time, response};
use super::stage::{key, settings};

const TICKS: u64 = 3;
/// Tokens of one tick.
const TOKENS: u64 = 2_020;

/// The end of a run of this stage.
type Ended = End<RecordedLive<World>>;

/// A recording on its way: a mission that asks for nothing, and a provider with a key.
struct Stage {
    directory: TempDir,
    server: Server,
    header: Header<Config>,
    settings: Settings,
}

/// Asks for the end of the run so many times, once something holds.
struct When<F> {
    holds: F,
    times: u32,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<F: Fn() -> bool> When<F> {
    fn new(times: u32, holds: F) -> Self {
        Self {
            holds,
            times,
            pause: None,
        }
    }
}

impl<F: Fn() -> bool> Interrupts for When<F> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.times > 0 && (self.holds)() {
            self.times -= 1;
            return Poll::Ready(());
        }
        // Looks again soon.
        let pause = self
            .pause
            .insert(Box::pin(sleep(Duration::from_millis(10))));
        let _ = pause.as_mut().poll(context);
        Poll::Pending
    }
}

fn never() -> When<fn() -> bool> {
    When::new(0, || false)
}

impl Stage {
    async fn new(behaviour: Behaviour) -> Self {
        let server = Server::start(behaviour).await;
        let lane = "key_variable = \"KEY\"\ninput_price = 2000000\n";
        let mut settings = settings("openai", server.address, lane);
        // Longer than these tests take.
        settings.retry.timeout_us = 5_000_000;
        settings.lanes.e.connection.idle_timeout = Duration::from_secs(5);
        let scenario = mission("Do nothing.\n", None).unwrap();
        Self {
            directory: TempDir::new().unwrap(),
            header: Config::of(scenario, &settings).into_header(1, TICKS),
            server,
            settings,
        }
    }

    async fn honest() -> Self {
        Self::new(Behaviour::Send(response("200 OK", &good("openai")))).await
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join("run").join(name)
    }

    fn lines(&self, name: &str) -> u64 {
        let text = fs::read_to_string(self.at(name)).unwrap();
        u64::try_from(text.lines().count()).unwrap()
    }

    async fn run(
        &self,
        budget: Budget,
        mut interrupts: impl Interrupts,
        look: impl FnMut(Option<Watched<'_>>),
    ) -> Result<Ended, RunIoError> {
        let oracle = LiveOracle::new(&self.settings, Some(&key()), Some(&key())).unwrap();
        let writer = RunDirectory::create(&self.at(""), &self.header)?;
        let world = self.header.config.scenario.world();
        let session = LiveSession::start(&self.header, world, oracle, writer, budget);
        session.run(&mut interrupts, look).await
    }
}

/// The outcome, the writer and the tokens of a run that is over.
fn over(end: Result<Ended, RunIoError>) -> (Outcome, RunWriter, u64) {
    match end.map(without_run) {
        Ok((Some(mut run), End::Over(_, spending))) => {
            let outcome = run.outcome().unwrap();
            (outcome, run.into_sink(), spending.tokens)
        }
        other => panic!("{:?}", other.map(|(_, end)| end)),
    }
}

/// The run, if it is over, and how it ended.
fn without_run(end: Ended) -> (Option<Box<RecordedLive<World>>>, End<()>) {
    match end {
        End::Over(run, spending) => (Some(run), End::Over(Box::new(()), spending)),
        End::Abandoned { ticks } => (None, End::Abandoned { ticks }),
        End::Leak { leak, ticks } => (None, End::Leak { leak, ticks }),
    }
}

#[test]
fn each_tick_is_on_disk_when_it_is_shown() {
    let (stage, root) = on_real_time(async {
        let stage = Stage::honest().await;
        let mut shown = Vec::new();
        let end = stage.run(Budget::default(), never(), |watched| {
            let watched = watched.unwrap();
            let tick = watched.committed.record.tick;
            assert_eq!(stage.lines("journal.jsonl"), tick + 1);
            shown.push((tick, watched.spending.tokens));
        });
        let (outcome, writer, tokens) = over(end.await);
        assert_eq!(shown, [(0, TOKENS), (1, 2 * TOKENS), (2, 3 * TOKENS)]);
        assert_eq!((outcome.ending, tokens), (Ending::TickLimit, 3 * TOKENS));
        let manifest = outcome.manifest(&stage.header, None);
        writer.finish(&manifest).unwrap();
        (stage, outcome.root)
    });
    let replayed = replay(&stage.at(""), None, |_| ()).unwrap();
    assert!(replayed.whole);
    assert_eq!((replayed.ticks, replayed.root), (TICKS, root));
}

#[test]
fn budget_ends_a_run_after_the_tick_that_used_it_up() {
    let none = Budget::default();
    for (budget, ticks, ending) in [
        (
            Budget {
                tokens: Some(TOKENS),
                ..none
            },
            1,
            Ending::Stopped("token budget used up"),
        ),
        (
            Budget {
                tokens: Some(TOKENS + 1),
                ..none
            },
            2,
            Ending::Stopped("token budget used up"),
        ),
        (
            Budget {
                micro_dollars: Some(4_001),
                ..none
            },
            2,
            Ending::Stopped("cost budget used up"),
        ),
        (
            Budget {
                tape_bytes: Some(1),
                ..none
            },
            1,
            Ending::Stopped("tape limit reached"),
        ),
        (
            Budget {
                tokens: Some(3 * TOKENS + 1),
                tape_bytes: Some(u64::MAX),
                ..none
            },
            TICKS,
            Ending::TickLimit,
        ),
    ] {
        on_real_time(async {
            let stage = Stage::honest().await;
            let (outcome, ..) = over(stage.run(budget, never(), |_| ()).await);
            assert_eq!(
                (outcome.ending, outcome.metrics.ticks),
                (ending, ticks),
                "{budget:?}"
            );
        });
    }
}

#[test]
fn one_interruption_ends_the_run_after_its_tick() {
    on_real_time(async {
        let stage = Stage::honest().await;
        // Whatever else would end the run.
        let budget = Budget {
            tokens: Some(1),
            ..Budget::default()
        };
        let mut shown = Vec::new();
        let end = stage.run(budget, When::new(1, || true), |watched| {
            shown.push(watched.map(|it| it.committed.record.tick));
        });
        let (outcome, ..) = over(end.await);
        assert_eq!(outcome.ending, Ending::Stopped("interrupted"));
        assert_eq!(shown, [None, Some(0)]);
    });
}

#[test]
fn second_interruption_aborts_a_tick_that_waits() {
    on_real_time(async {
        let stage = Stage::honest().await;
        let waits = || stage.server.requests.borrow().len() == 2;
        let begun = Instant::now();
        let mut shown = Vec::new();
        let end = stage.run(Budget::default(), When::new(2, waits), |watched| {
            shown.push(watched.map(|it| it.committed.record.tick));
            let hangs = Behaviour::SendThenHang(Vec::new());
            stage.server.behaviour.replace(hangs);
        });
        let (_, end) = without_run(end.await.unwrap());
        assert!(matches!(end, End::Abandoned { ticks: 1 }), "{end:?}");
        assert_eq!(shown, [Some(0), None]);
        assert!(begun.elapsed() < Duration::from_secs(4), "not aborted");
        assert_eq!(stage.lines("journal.jsonl"), 1);
        assert!(!stage.at("manifest.json").exists());
    });
}

#[test]
fn leak_ends_the_run_at_the_last_whole_tick() {
    on_real_time(async {
        let stage = Stage::honest().await;
        let leaking = good("openai").replace("work", "use a-key-of-the-test");
        let end = stage.run(Budget::default(), never(), |_| {
            let leaking = Behaviour::Send(response("200 OK", &leaking));
            stage.server.behaviour.replace(leaking);
        });
        let (_, end) = without_run(end.await.unwrap());
        let End::Leak { leak, ticks: 1 } = end else {
            panic!("{end:?}");
        };
        assert!(leak.to_string().contains("a reply"), "{leak}");
        assert_eq!(stage.lines("journal.jsonl"), 1);
    });
}

/// The body of a reply is scanned when it comes, its headers when they are written.
#[test]
fn key_in_a_header_is_not_written() {
    on_real_time(async {
        let head = "200 OK\r\nx-request-id: a-key-of-the-test";
        let stage = Stage::new(Behaviour::Send(response(head, &good("openai")))).await;
        let end = stage.run(Budget::default(), never(), |_| ()).await;
        let error = end.err().unwrap().to_string();
        assert!(
            error.contains("the key of a provider of this run"),
            "{error}"
        );
        assert!(!error.contains("a-key-of-the-test"), "{error}");
        let tape = fs::read_to_string(stage.at("tape.jsonl")).unwrap();
        assert!(!tape.contains("a-key-of-the-test"), "{tape}");
    });
}
