//! What a tick costs, and what it is compared with: the SHA-256 of the bytes it must hash.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use turingos::Digest;
use turingos::isa;
use turingos::journal::Chain;
use turingos::kernel::Kernel;
use turingos_sim::oracle::seeded::SeededOracle;
use turingos_sim::oracle::{Oracle, RawReply, Request, TransportFault, boot_q};
use turingos_sim::run::{Driver, Profile};
use turingos_sim::soak::{BOOT_POINTER, BOOT_Q, Settings, Soak};
use turingos_sim::world::seeded_faults::SeededFaults;

const SEED: u64 = 42;
const TICKS: u64 = 1_000;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O")
}

/// Whole ticks without disk, and the hashing that they cannot do without.
fn tick(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick");
    group.throughput(Throughput::Elements(TICKS));
    for profile in Profile::ALL {
        let runtime = runtime();
        let header = Settings::header(profile, SEED, u64::MAX);
        let mut soak = runtime.block_on(async { Soak::start(&header) });
        group.bench_function(profile.name(), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    for _ in 0..TICKS {
                        black_box(soak.tick().await);
                    }
                });
            });
        });
        let texts = hashed_texts(profile);
        group.bench_function(format!("{}-sha256-limit", profile.name()), |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    black_box(Digest::of(black_box(text)));
                }
            });
        });
    }
    group.finish();
}

/// Everything that the first [`TICKS`] ticks of a profile hash, text by text.
fn hashed_texts(profile: Profile) -> Vec<Vec<u8>> {
    let settings = Settings::of(profile);
    runtime().block_on(async {
        let plan = SeededFaults::new(SEED, settings.world_faults);
        let mut driver = Driver::start(
            Kernel::boot(&settings.kernel, BOOT_Q, BOOT_POINTER),
            settings.world().with_faults(plan),
            Listening {
                inner: SeededOracle::new(SEED, settings.agent.clone()),
                heard: Vec::new(),
            },
            &settings.driver,
            SEED,
        );
        let mut records = Vec::new();
        for _ in 0..TICKS {
            let Ok(committed) = driver.tick().await else {
                let q = boot_q(driver.kernel().q());
                driver.kernel_mut().reboot(&q, BOOT_POINTER);
                continue;
            };
            let mut json = String::new();
            committed.record.write_json(&mut json);
            let mut chained = json.into_bytes();
            chained.extend([0; 32]);
            records.push(chained);
        }
        records.extend_from_slice(&driver.oracle().heard);
        records
    })
}

/// An oracle that keeps a copy of what a tick hashes of each exchange: the state, the frame, the
/// slice inside it, the raw reply and the syscall's signature. Retried calls are kept too, which a
/// tick does not hash; they are few.
struct Listening {
    inner: SeededOracle,
    heard: Vec<Vec<u8>>,
}

impl Oracle for Listening {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let reply = self.inner.call(request).await?;
        let slice = request.frame.split_once("[OBSERVED_SLICE]\n");
        self.heard.push(request.q.as_bytes().to_vec());
        self.heard.push(request.frame.as_bytes().to_vec());
        self.heard
            .push(slice.map_or("", |(_, slice)| slice).as_bytes().to_vec());
        if let Ok(text) = turingos::bus::parse(reply.provider, reply.status, &reply.body)
            && let Ok(transition) = isa::decode(text.text.as_bytes())
        {
            let mut signature = String::new();
            transition.syscall.write_canonical(&mut signature);
            self.heard.push(signature.into_bytes());
        }
        self.heard.push(reply.body.clone());
        Ok(reply)
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
        group.bench_with_input(
            BenchmarkId::new("serde-value-limit", name),
            &reply,
            |bencher, reply| {
                bencher.iter(|| {
                    serde_json::from_slice::<serde_json::Value>(black_box(reply.as_bytes()))
                });
            },
        );
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
    group.bench_function("sha256-limit", |bencher| {
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
        let mut soak = Soak::start(&header);
        let mut records = Vec::new();
        for _ in 0..TICKS {
            let mut json = String::new();
            soak.tick().await.record.write_json(&mut json);
            records.push(json.into_bytes());
        }
        records
    })
}

criterion_group!(benches, tick, decode, journal);
criterion_main!(benches);
