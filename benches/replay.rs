//! What a replay costs, beside a seeded soak of as many ticks (`limit`): of a recorded soak, whose
//! tape is empty, and of live runs, whose tapes have every request and every response.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::RouteConfig;
use turingos_agents::{NoiseRates, Oracle, RawReply, Request, TransportFault};
use turingos_protocols::agent::Agent;
use turingos_protocols::chaos::Chaos;
use turingos_protocols::endpoint::Endpoint;
use turingos_protocols::request::ParsedRequest;
use turingos_run::providers::mission::mission;
use turingos_run::providers::settings::{
    LaneFile, LanesFile, RetryFile, Settings as Live, SettingsFile,
};
use turingos_run::providers::{Config, ProvidersEncoder};
use turingos_run::replay::replay;
use turingos_run::soak::{Settings, Soak, on_virtual_time};
use turingos_run::tape::RequestEncoder;
use turingos_run::{Profile, RunDirectory, Session};

const SEED: u64 = 42;
const TICKS: u64 = 4_000;

/// The agent behind `sim serve`, asked without a connection.
struct Served {
    agent: Agent,
    encoder: ProvidersEncoder,
}

impl Oracle for Served {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let body = self.encoder.body(&request);
        let asked = ParsedRequest::parse(Endpoint::ChatCompletions, &body)
            .expect("a body of ours is served");
        let answer = { self.agent.answer(&asked, request.attempt) }
            .expect("a prompt without tools has an answer");
        answer.as_received(Provider::OpenAi)
    }
}

fn soak(ticks: u64) -> Digest {
    let mut soak = Soak::start(&Settings::header(Profile::Routine, SEED, ticks));
    on_virtual_time(soak.drive()).expect("nothing can fail");
    soak.root()
}

fn record_soak(run: &Path) {
    let header = Settings::header(Profile::Routine, SEED, TICKS);
    let writer = RunDirectory::create(run, &header).expect("a new directory");
    let mut soak = Soak::start_into(&header, writer);
    on_virtual_time(soak.drive()).expect("room on the disk");
    soak.into_sink().flush().expect("room on the disk");
}

/// A run with the schema of a transition in each request, and one world answer a tick.
fn record_live(run: &Path, stream: bool) {
    let settings = settings(stream);
    let scenario = mission("Keep the notes in order.\n", None).expect("a mission");
    let world = scenario.world();
    let header = Config::of(scenario, &settings).into_header(SEED, TICKS);
    let writer = RunDirectory::create(run, &header).expect("a new directory");
    let served = Served {
        agent: Agent::new(SEED, NoiseRates::none(), 0, Chaos::NONE),
        encoder: header.config.providers.encoder(),
    };
    let mut session = Session::new(
        Config::start(&header),
        Config::plan(&header),
        (world, served),
        Config::inputs(&header),
        writer,
    );
    on_virtual_time(session.drive()).expect("room on the disk");
    let outcome = session.outcome().expect("a tape that follows");
    assert_eq!(outcome.metrics.ticks, TICKS);
    let manifest = outcome.manifest(&header, Some(run));
    let writer = session.into_sink();
    writer.finish(&manifest).expect("room on the disk");
}

fn settings(stream: bool) -> Live {
    let lane = LaneFile {
        kind: Some(Provider::OpenAi),
        model: Some("any-model".into()),
        base_url: Some("http://127.0.0.1:1/v1".into()),
        stream: Some(stream),
        ..LaneFile::default()
    };
    let file = SettingsFile {
        version: 1,
        system_proxy: false,
        route: RouteConfig::default(),
        retry: RetryFile::default(),
        lane: LanesFile { p: lane, e: None },
    };
    file.resolve().expect("settings that can be used")
}

fn replays(criterion: &mut Criterion) {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(TICKS));
    group.sample_size(20);
    for name in ["soak", "live", "live-streamed"] {
        let run = scratch.path().join(name);
        match name {
            "soak" => record_soak(&run),
            _ => record_live(&run, name == "live-streamed"),
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let report = replay(black_box(&run), None, |_| ()).expect("as recorded");
                assert_eq!(report.ticks, TICKS);
            });
        });
    }
    group.bench_function("limit", |bencher| bencher.iter(|| soak(black_box(TICKS))));
    group.finish();
}

criterion_group!(benches, replays);
criterion_main!(benches);
