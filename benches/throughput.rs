//! What a tick costs, and what it is compared with: the SHA-256 of the bytes it must hash.
//!
//! Every group has a bench named `limit`, which the others of the group are compared with.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use turingos::Digest;
use turingos::isa::{self, Syscall};
use turingos::journal::Chain;
use turingos_agents::{Oracle, RawReply, Request, SeededOracle, TransportFault};
use turingos_run::soak::{Settings, Soak, SoakPlan};
use turingos_run::verify;
use turingos_run::{Inputs, Profile, RunDirectory, Session, Start, Tick};
use turingos_testkit::fuzzing::turingos_journal::Composer;
use turingos_world::SeededFaults;

const SEED: u64 = 42;
const TICKS: u64 = 1_000;

/// Ticks before the measured ones: a world's history and files take a while to fill up.
const WARM_UP: u64 = 5_000;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O")
}

/// Whole ticks without disk, and the hashing that they cannot do without.
fn tick(criterion: &mut Criterion) {
    for &profile in Profile::ALL {
        let mut group = criterion.benchmark_group(format!("tick-{profile}"));
        group.throughput(Throughput::Elements(TICKS));
        let runtime = runtime();
        let header = Settings::header(profile, SEED, u64::MAX);
        let mut soak = runtime.block_on(async {
            let mut soak = Soak::start(&header);
            for _ in 0..WARM_UP {
                soak.tick().await.expect("nothing can fail");
            }
            soak
        });
        group.bench_function("whole", |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    for _ in 0..TICKS {
                        black_box(soak.tick().await.expect("nothing can fail"));
                    }
                });
            });
        });
        let texts = hashed_texts(profile);
        group.bench_function("limit", |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    black_box(Digest::of(black_box(text)));
                }
            });
        });
        group.finish();
    }
}

/// Everything that [`TICKS`] ticks of a profile hash after the [`WARM_UP`], text by text.
fn hashed_texts(profile: Profile) -> Vec<Vec<u8>> {
    let settings = Settings::of(profile);
    runtime().block_on(async {
        let faults = SeededFaults::new(SEED, settings.world_faults);
        let world = settings.world().with_faults(faults);
        let oracle = Listening {
            inner: SeededOracle::new(SEED, settings.agent.clone()),
            heard: Exchange::default(),
        };
        let start = Start::of_soak(&Settings::header(profile, SEED, u64::MAX));
        let plan = SoakPlan::new(u64::MAX, settings.kernel.route.clone());
        let mut soak = Session::new(start, plan, (world, oracle), Inputs::Seeded, ());
        let mut texts = Vec::new();
        for tick in 0..WARM_UP + TICKS {
            let ticked = soak.tick().await.expect("nothing can fail");
            let committed = ticked.expect("rebooted once it stops");
            if tick < WARM_UP {
                continue;
            }
            let heard = soak.oracle().heard.clone();
            // A paged slice is hashed whole, once for itself and once for its page token; a page
            // of it is hashed as it is shown.
            match heard.paged_chars {
                Some(chars) if !committed.record.pointer.starts_with("sys://page/") => {
                    texts.extend([vec![b'x'; chars], vec![b'x'; chars]]);
                }
                _ => texts.push(heard.slice),
            }
            texts.extend([heard.q, heard.frame, heard.reply, heard.signature]);
            if committed.record.effect != Digest::EMPTY {
                // Once as the effect, once in the world's history.
                texts.extend([heard.payload.clone(), heard.payload]);
            }
            let mut json = String::new();
            committed.record.write_json(&mut json);
            let mut chained = json.into_bytes();
            chained.extend([0; 32]);
            texts.push(chained);
        }
        texts
    })
}

/// The texts of one tick's last call.
#[derive(Clone, Default)]
struct Exchange {
    q: Vec<u8>,
    frame: Vec<u8>,
    slice: Vec<u8>,
    paged_chars: Option<usize>,
    reply: Vec<u8>,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

/// An oracle that keeps a copy of what a tick hashes of its last exchange.
struct Listening {
    inner: SeededOracle,
    heard: Exchange,
}

impl Oracle for Listening {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let reply = self.inner.call(request).await?;
        let slice = request.frame.split_once("[OBSERVED_SLICE]\n");
        let slice = slice.map_or("", |(_, slice)| slice);
        let paged = slice.strip_prefix("[PAGE_TABLE] ").and_then(|rest| {
            let (_, chars) = rest.lines().next()?.split_once("chars=")?;
            chars.split(' ').next()?.parse().ok()
        });
        let mut heard = Exchange {
            q: request.q.as_bytes().to_vec(),
            frame: request.frame.as_bytes().to_vec(),
            slice: slice.as_bytes().to_vec(),
            paged_chars: paged,
            reply: reply.body.clone(),
            ..Exchange::default()
        };
        if let Ok(text) = turingos::bus::parse(reply.provider, reply.status, &reply.body)
            && let Ok(transition) = isa::decode(text.text.as_bytes())
        {
            let mut signature = String::new();
            transition.syscall.write_canonical(&mut signature);
            heard.signature = signature.into_bytes();
            if let Syscall::Write { payload, .. } = transition.syscall {
                heard.payload = payload.into_bytes();
            }
        }
        self.heard = heard;
        Ok(reply)
    }

    fn simulated_latency_us(&self) -> u64 {
        self.inner.simulated_latency_us()
    }
}

/// Decoding a reply, beside serde_json's untyped parse of the same bytes.
fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let line = "let total = items.iter().map(|item| item.price).sum();\\n";
    for (name, payload) in [("small", line.to_owned()), ("64KiB", line.repeat(1_150))] {
        let reply = format!(
            r#"{{"thought":"write the file","q_next":"STEP 3","a_t":{{"op":"SYS_WRITE","payload":"{payload}"}}}}"#
        );
        group.throughput(Throughput::Bytes(reply.len() as u64));
        group.bench_with_input(BenchmarkId::new("reply", name), &reply, |bencher, reply| {
            bencher.iter(|| isa::decode(black_box(reply.as_bytes())));
        });
        group.bench_with_input(BenchmarkId::new("limit", name), &reply, |bencher, reply| {
            bencher
                .iter(|| serde_json::from_slice::<serde_json::Value>(black_box(reply.as_bytes())));
        });
    }
    group.finish();
}

/// Appending to a journal and verifying it, beside the SHA-256 of the same bytes.
fn journal(criterion: &mut Criterion) {
    let records: Vec<Vec<u8>> = journal_records();
    let genesis = Digest::of(b"genesis");
    let mut chain = Chain::new(genesis);
    let mut lines = Vec::new();
    for record in &records {
        let mut line = Vec::new();
        chain.append(record, &mut line);
        lines.push(line);
    }
    let bytes: usize = lines.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("append", |bencher| {
        let mut out = Vec::with_capacity(bytes);
        bencher.iter(|| {
            out.clear();
            let mut chain = Chain::new(genesis);
            for record in &records {
                chain.append(black_box(record), &mut out);
            }
            chain.head()
        });
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| {
            let mut chain = Chain::new(genesis);
            for line in &lines {
                let line = line.strip_suffix(b"\n").expect("a whole line");
                chain.verify_line(black_box(line)).expect("a valid chain");
            }
            chain.head()
        });
    });
    group.bench_function("limit", |bencher| {
        bencher.iter(|| {
            for record in &records {
                black_box(Digest::of_parts(&[black_box(record), &[0; 32]]));
            }
        });
    });
    group.finish();
}

fn journal_records() -> Vec<Vec<u8>> {
    let header = Settings::header(Profile::Routine, SEED, TICKS);
    runtime().block_on(async {
        let mut records = Vec::new();
        let look = |tick: &Tick<'_>| records.push(tick.record.as_bytes().to_vec());
        let mut soak = Soak::start_into(&header, look);
        soak.drive().await.expect("nothing can fail");
        drop(soak);
        records
    })
}

/// Verifying recordings as `sim verify` does, beside the SHA-256 of the same bytes.
fn verify(criterion: &mut Criterion) {
    let turingos = turingos_journal();
    let mut group = criterion.benchmark_group("verify-turingos");
    group.throughput(Throughput::Bytes(turingos.len() as u64));
    group.bench_function("whole", |bencher| {
        bencher.iter(|| {
            let verdict = verify::journal_file(black_box(turingos.as_bytes()));
            assert!(verdict.is_valid());
        });
    });
    group.bench_function("limit", |bencher| {
        bencher.iter(|| Digest::of(black_box(turingos.as_bytes())));
    });
    group.finish();

    let run = run_files();
    let bytes: usize = run.values().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("verify-run");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("whole", |bencher| {
        bencher.iter(|| {
            let reports = verify::run(black_box(&run));
            assert!(reports.iter().all(|report| report.verdict.is_valid()));
        });
    });
    group.bench_function("limit", |bencher| {
        bencher.iter(|| {
            for file in run.values() {
                black_box(Digest::of(black_box(file)));
            }
        });
    });
    group.finish();
}

/// A journal of ticks whose frames are as long as frames become, in lines with escapes.
fn turingos_journal() -> String {
    let line = "    \"task_id\": \"task_b009ec1c67a3\", and what the file had to say\n";
    let mut composer = Composer::default();
    for number in 0..2_000 {
        let op = ["SYS_GOTO", "SYS_WRITE", "SYS_EXEC"][number % 3];
        composer.tuple(&line.repeat(16 + number % 32), op, "notes");
        composer.line("Tick", "d:notes -> d':notes");
    }
    composer.finish()
}

/// A run of which nothing but the header and the journal is large, without a manifest.
fn run_files() -> BTreeMap<String, Vec<u8>> {
    let ticks = 5_000;
    let header = Settings::header(Profile::Routine, SEED, ticks);
    let mut journal = Vec::new();
    let look = |tick: &Tick<'_>| journal.extend_from_slice(tick.line);
    let mut soak = Soak::start_into(&header, look);
    (runtime().block_on(soak.drive())).expect("nothing can fail");
    drop(soak);
    [
        (RunDirectory::HEADER, header.to_bytes()),
        (RunDirectory::TAPE, Vec::new()),
        (RunDirectory::JOURNAL, journal),
        (RunDirectory::INJECTIONS, Vec::new()),
        (RunDirectory::TRAPS, Vec::new()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

criterion_group!(benches, tick, decode, journal, verify);
criterion_main!(benches);
