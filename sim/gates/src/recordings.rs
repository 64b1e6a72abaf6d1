//! A hundred short runs recorded from connections on loopback, each replayed without any.
//!
//! Uses the real clock while it records; a replay never does.

use std::error::Error;
use std::path::Path;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::RouteConfig;

use super::Ledger;
use turingos_agents::NoiseRates;
use turingos_live::session::{End, Interrupts, LiveSession};
use turingos_live::{Budget, LiveOracle};
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_run::RunDirectory;
use turingos_run::providers::Config;
use turingos_run::providers::settings::{LaneFile, LanesFile, RetryFile, Settings, SettingsFile};
use turingos_run::replay::replay;
use turingos_run::scenario::BuiltIn;
use turingos_serve::{Server, Source};

/// How many runs are recorded.
pub(super) const RUNS: usize = 100;

const TICKS: u64 = 6;

/// In ten-thousandths of the calls.
const TROUBLE: u32 = 2_500;

/// The setup of a recorded run.
#[derive(Clone, Copy, Debug)]
struct Way {
    number: usize,
    p: Provider,
    e: Provider,
    is_streamed: bool,
    is_troubled: bool,
}

impl Way {
    /// Every pair of providers, whole and streamed, with and without faults: 36 ways, repeated
    /// with other seeds and scenarios.
    fn all() -> impl Iterator<Item = Self> {
        let pairs = (Provider::ALL.into_iter()).flat_map(|p| Provider::ALL.map(|e| (p, e)));
        let pairs: Vec<_> = pairs.collect();
        let ways = [(false, false), (true, false), (false, true), (true, true)];
        let ways = ways.into_iter().flat_map(move |way| {
            let pairs = pairs.clone();
            pairs.into_iter().map(move |pair| (pair, way))
        });
        let ways: Vec<_> = ways.collect();
        (0..RUNS).zip(ways.into_iter().cycle()).map(
            |(number, ((p, e), (is_streamed, is_troubled)))| Self {
                number,
                p,
                e,
                is_streamed,
                is_troubled,
            },
        )
    }

    fn chaos(self) -> Chaos {
        match self.is_troubled {
            // The tests cover the faults that only take time.
            true => Chaos::spread(TROUBLE)
                .without(ChaosKind::Slow)
                .without(ChaosKind::Hang),
            false => Chaos::NONE,
        }
    }

    fn settings(self, address: &str) -> SettingsFile {
        let lane = |kind| LaneFile {
            kind: Some(kind),
            model: Some("any-model".into()),
            base_url: Some(match kind {
                Provider::OpenAi => format!("{address}/v1"),
                Provider::Anthropic | Provider::Kimi | Provider::Ollama => address.to_owned(),
            }),
            stream: Some(self.is_streamed),
            calls_per_minute: Some(60_000),
            burst: Some(1_000),
            ..LaneFile::default()
        };
        SettingsFile {
            version: 1,
            system_proxy: false,
            route: RouteConfig::default(),
            retry: RetryFile {
                timeout_ms: Some(5_000),
                max_attempts: Some(3),
                backoff_ms: Some(2),
                max_backoff_ms: Some(4),
                // A longer one ends the lane's calls for the tick, which is recorded as well.
                max_retry_after_ms: Some(30),
            },
            lane: LanesFile {
                p: lane(self.p),
                e: Some(lane(self.e)),
            },
        }
    }
}

/// No interruption.
struct Undisturbed;

impl Interrupts for Undisturbed {
    fn poll(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// Records the runs below `scratch` and replays each; returns how many reached the same root.
pub(super) fn check(scratch: &Path, ledger: &mut Ledger) -> usize {
    let mut same = 0;
    for way in Way::all() {
        let run = scratch.join(format!("recording-{}", way.number));
        let outcome = on_real_time(record(way, &run)).and_then(|recorded| {
            let replayed = replay(&run, None, |_| ())?;
            Ok((recorded, replayed))
        });
        let is_same = outcome.as_ref().is_ok_and(|(recorded, replayed)| {
            replayed.whole && replayed.ticks == TICKS && replayed.root == *recorded
        });
        same += usize::from(is_same);
        ledger.expect(is_same, || match outcome {
            Ok((recorded, replayed)) => format!("{way:?}: {recorded}, but then {replayed:?}"),
            Err(error) => format!("{way:?}: {error}"),
        });
    }
    same
}

fn on_real_time<T>(
    work: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Records one run against a server of its own; returns the journal's root.
async fn record(way: Way, run: &Path) -> Result<Digest, Box<dyn Error>> {
    let seed = u64::try_from(way.number)?;
    let server = Server::bind(turingos_serve::Settings {
        port: 0,
        source: Source::Seeded(Agent::new(seed, NoiseRates::none(), 0, way.chaos())),
        max_requests: None,
        log: None,
        allowed_hosts: Vec::new(),
    })
    .await?;
    let address = format!("http://{}", server.address());
    let settings = way.settings(&address).resolve();
    let settings = settings.map_err(|fault| fault.to_string())?;
    let (stop, stopped) = oneshot::channel::<()>();
    let recording = async {
        let root = session(way, seed, &settings, run).await;
        drop(stop);
        root
    };
    let serving = server.run(async {
        // The sender is dropped when the run is over.
        let _ = stopped.await;
    });
    let (root, served) = tokio::join!(recording, serving);
    served?;
    root
}

async fn session(
    way: Way,
    seed: u64,
    settings: &Settings,
    run: &Path,
) -> Result<Digest, Box<dyn Error>> {
    let scenario = (BuiltIn::ALL.iter().cycle().nth(way.number)).ok_or("no built-in scenario")?;
    let scenario = scenario.scenario();
    let world = scenario.world();
    let header = Config::of(scenario, settings).into_header(seed, TICKS);
    let oracle = LiveOracle::new(settings, None, None).map_err(|error| error.to_string())?;
    let writer = RunDirectory::create(run, &header)?;
    let session = LiveSession::start(&header, world, oracle, writer, Budget::default());
    let End::Over(mut session, _) = session.run(&mut Undisturbed, |_| ()).await? else {
        return Err("the run was aborted".into());
    };
    let outcome = session.outcome()?;
    let writer = session.into_sink();
    writer.finish(&outcome.manifest(&header, Some(run)))?;
    Ok(outcome.root)
}
