//! Failures that are planted into parts of a run, each with the faults that it needs. Shrinking has
//! to find exactly those, whatever else goes wrong in the run.

use std::cell::Cell;

use tokio::time::Instant;
use turingos::dispatch::Failover;
use turingos::journal::Status;
use turingos::trap::TrapKind;
use turingos_agents::{
    Injected, NoiseKind, Oracle, OracleEdits, ProviderFaultKind, RawReply, Request, SeededOracle,
    TransportFault,
};
use turingos_draws::{FaultEdits, Seeds};
use turingos_explain::{Bounds, Candidate, Shrunk, Subject, Trial, shrink};
use turingos_run::soak::{Settings, SoakPlan};
use turingos_run::{
    Edit, Edits, FailureTally, Fault, FaultKind, Fingerprint, Gate, Header, Inputs, Profile,
    Session, Start, Tick, on_virtual_time,
};
use turingos_world::{FaultPlan, InjectedFault, Operation, SeededFaults};

/// Long enough for every planted fault, short enough for hundreds of runs.
const TICKS: u64 = 160;

/// The bug that a part of the run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    /// The watchdog counts one action too many: where it has to fire, it does not.
    LateWatchdog,
    /// The world loses the write after one that found no space.
    LostWrite,
    /// The agent halts for ever after this pair of faults.
    HaltsAfterPair,
    /// The driver does not see `Retry-After`.
    NoRetryAfter,
    /// The connection pool is used up by three resets.
    PoolOfThree,
    /// Something between provider and kernel mends replies that must be refused.
    MendedReply,
}

impl Bug {
    const ALL: [Self; 6] = [
        Self::LateWatchdog,
        Self::LostWrite,
        Self::HaltsAfterPair,
        Self::NoRetryAfter,
        Self::PoolOfThree,
        Self::MendedReply,
    ];

    /// The kinds of the faults that it needs; nothing else in the run is of these kinds.
    fn needs(self) -> &'static [FaultKind] {
        use FaultKind::{Noise, Provider, World};
        match self {
            Self::LateWatchdog => &[Noise(NoiseKind::StubbornLoop)],
            Self::LostWrite => &[World(InjectedFault::NoSpace)],
            Self::HaltsAfterPair => &[
                Noise(NoiseKind::UnknownHandle),
                Provider(ProviderFaultKind::GatewayPage),
            ],
            Self::NoRetryAfter => &[Provider(ProviderFaultKind::RateLimited)],
            Self::PoolOfThree => &[Provider(ProviderFaultKind::ConnectionReset); 3],
            Self::MendedReply => &[Noise(NoiseKind::WrongOpcode)],
        }
    }

    /// The gate that fails for it.
    const fn gate(self) -> &'static str {
        match self {
            Self::LateWatchdog => "watchdog-in-time",
            Self::LostWrite => "no-lost-write",
            Self::HaltsAfterPair => "no-unrecoverable-loop",
            Self::NoRetryAfter => "retry-after-honoured",
            Self::PoolOfThree => "no-cpu-fault",
            Self::MendedReply => "malformed-replies-trapped",
        }
    }
}

/// A world's plan that also adds faults, and notes whether a write followed one without space.
struct Plan {
    drawn: SeededFaults,
    edits: FaultEdits<InjectedFault>,
    added: Option<InjectedFault>,
    after_no_space: bool,
    lost: bool,
}

impl FaultPlan for Plan {
    fn open_tick(&mut self, tick: u64) {
        self.drawn.open_tick(tick);
        self.added = self.edits.added(tick);
    }

    fn next_fault(&mut self, operation: Operation) -> Option<InjectedFault> {
        let drawn = self.drawn.next_fault(operation);
        let added = self.added.take_if(|fault| fault.fits(operation));
        // The planted world is the only one that runs out of space.
        let fault = added.or(drawn.filter(|fault| *fault != InjectedFault::NoSpace));
        if operation == Operation::Write {
            self.lost |= self.after_no_space && fault.is_none();
            self.after_no_space = fault == Some(InjectedFault::NoSpace);
        }
        fault
    }
}

/// The seeded oracle behind a part that may be broken.
struct Client {
    oracle: SeededOracle,
    bug: Bug,
    seen: [bool; 2],
    resets: Vec<u64>,
    /// When the next call may come.
    not_before: Cell<Option<Instant>>,
    is_impatient: bool,
    mended: bool,
}

const HALT: &str = r#"{"q_next":"I give up","a_t":{"op":"SYS_HALT"}}"#;
const POP: &str = r#"{"q_next":"mended","a_t":{"op":"SYS_POP"}}"#;

fn ollama(text: &str) -> RawReply {
    let body = serde_json::json!({
        "model": "m", "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text}, "done": true, "done_reason": "stop",
    });
    RawReply {
        provider: turingos::bus::Provider::Ollama,
        status: 200,
        retry_after_us: None,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

impl Oracle for Client {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        if self.not_before.take().is_some_and(|at| Instant::now() < at) {
            self.is_impatient = true;
        }
        let tick = request.tick;
        let mut answer = self.oracle.call(request).await;
        let injected = *self.oracle.injected();
        let begun = injected.begun;
        match self.bug {
            Bug::HaltsAfterPair => {
                let noise = begun.noise.contains(&Some(NoiseKind::UnknownHandle));
                self.seen[0] |= noise;
                self.seen[1] |= begun.fault == Some(ProviderFaultKind::GatewayPage);
                if self.seen == [true; 2] {
                    return Ok(ollama(HALT));
                }
            }
            Bug::NoRetryAfter => {
                if let Ok(reply) = &mut answer
                    && let Some(asked) = reply.retry_after_us.take()
                {
                    let pause = std::time::Duration::from_micros(asked);
                    self.not_before.set(Some(Instant::now() + pause));
                }
            }
            Bug::PoolOfThree => {
                let is_reset = begun.fault == Some(ProviderFaultKind::ConnectionReset);
                if is_reset && !self.resets.contains(&tick) {
                    self.resets.push(tick);
                }
                if self.resets.len() >= 3 {
                    return Err(TransportFault::Unreachable);
                }
            }
            Bug::MendedReply => {
                let is_wrong = injected.noise == Some(NoiseKind::WrongOpcode);
                if is_wrong && injected.fault.is_none() {
                    self.mended = true;
                    return Ok(ollama(POP));
                }
            }
            Bug::LateWatchdog | Bug::LostWrite => {}
        }
        answer
    }

    fn simulated_latency_us(&self) -> u64 {
        Oracle::simulated_latency_us(&self.oracle)
    }

    fn injected(&self) -> Option<&Injected> {
        Some(self.oracle.injected())
    }
}

/// A soak with a broken part.
struct Planted {
    bug: Bug,
    seed: u64,
    needed: Vec<Fault>,
}

impl Planted {
    fn header(&self, ticks: u64) -> Header<Settings> {
        let mut settings = Settings::of(Profile::Routine);
        settings.agent.noise = { settings.agent.noise }
            .with(NoiseKind::OmissionMarker, 600)
            .with(NoiseKind::SurroundingProse, 1_000)
            .with(NoiseKind::PopEmpty, 300);
        settings.world_faults.read = 300;
        settings.world_faults.write = 500;
        settings.agent.faults = { settings.agent.faults }
            .with(ProviderFaultKind::Overloaded, 400)
            .with(ProviderFaultKind::RateLimited, 0)
            .with(ProviderFaultKind::GatewayPage, 0)
            .with(ProviderFaultKind::ConnectionReset, 0);
        // A mended reply has to be the one that counts.
        settings.kernel.route.failover = Failover::Call;
        settings.into_header(Profile::Routine, self.seed, ticks)
    }

    /// The whole run; `None` if the planted faults do not make it fail.
    fn original(bug: Bug, seed: u64) -> Option<(Self, Candidate, Fingerprint)> {
        // Not every fault can happen in every tick: the first places at which they all do.
        (5..TICKS / 2).find_map(|first| {
            let needed: Vec<_> = { bug.needs().iter().zip(0..) }
                .map(|(kind, at)| Fault {
                    tick: first + at * 9,
                    kind: *kind,
                })
                .collect();
            let planted = Self { bug, seed, needed };
            let trial = planted.trial(None, TICKS);
            let has_all = planted.needed.iter().all(|it| trial.faults.contains(it));
            let failure = trial
                .failure
                .filter(|it| has_all && it.gate == bug.gate())?;
            // Nothing else may be needed, such as a fault that moves a write to the planted tick.
            let alone = planted.trial(Some(&planted.needed), TICKS);
            if alone.failure.as_ref() != Some(&failure) {
                return None;
            }
            let whole = Candidate {
                faults: trial.faults,
                ticks: trial.ticks,
                parts: Vec::new(),
            };
            Some((planted, whole, failure))
        })
    }

    fn trial(&self, only: Option<&[Fault]>, ticks: u64) -> Trial {
        let header = self.header(ticks);
        let mut list: Vec<_> = self.needed.iter().copied().map(Edit::Inject).collect();
        list.extend(only.map(|faults| Edit::Only(faults.to_vec())));
        let edits = Edits::of(self.seed, &list);
        let world = header.config.world().with_faults(Plan {
            drawn: SeededFaults::edited(
                &Seeds::of(self.seed),
                header.config.world_faults,
                edits.world.clone(),
            ),
            edits: edits.world.clone(),
            added: None,
            after_no_space: false,
            lost: false,
        });
        let oracle: OracleEdits = edits.oracle.clone();
        let client = Client {
            oracle: SeededOracle::new(self.seed, header.config.agent.clone())
                .edited(&Seeds::of(self.seed), oracle),
            bug: self.bug,
            seen: [false; 2],
            resets: Vec::new(),
            not_before: Cell::new(None),
            is_impatient: false,
            mended: false,
        };
        let plan = SoakPlan::new(ticks, header.config.kernel.route.clone());
        let start = Start::of_soak(&header);
        let (mut failure, mut faults) = (FailureTally::default(), Vec::new());
        let (mut count, mut cpu_faults, mut watchdogs, mut stops) = (0, 0, 0, 0);
        let sink = |tick: &Tick<'_>| {
            failure.count(tick);
            faults.extend(Fault::begun_in(tick));
            count += 1;
            let record = &tick.committed.record;
            cpu_faults += u64::from(record.traps.contains(&TrapKind::CpuFault));
            watchdogs += u64::from(record.traps.contains(&TrapKind::WatchdogNmi));
            stops += u64::from(record.status == Status::Failed);
        };
        let mut session = Session::new(start, plan, (world, client), Inputs::Seeded, sink);
        on_virtual_time(session.drive()).unwrap();
        let client = session.oracle();
        let (is_impatient, mended) = (client.is_impatient, client.mended);
        let lost = session.world_mut().plan_mut().lost;
        drop(session);
        let holds = match self.bug {
            Bug::LateWatchdog => watchdogs == 0,
            Bug::LostWrite => !lost,
            Bug::HaltsAfterPair => stops == 0,
            Bug::NoRetryAfter => !is_impatient,
            Bug::PoolOfThree => cpu_faults == 0,
            Bug::MendedReply => !mended,
        };
        Trial {
            failure: failure.fingerprint(&[Gate::judged(self.bug.gate(), holds, "")]),
            ran_out: true,
            ticks: count,
            faults,
        }
    }
}

impl Subject for Planted {
    fn run(&self, candidate: &Candidate, _: &Candidate) -> Option<Trial> {
        Some(self.trial(Some(&candidate.faults), candidate.ticks))
    }
}

fn shrunk(planted: &Planted, whole: &Candidate, failure: &Fingerprint, max_runs: u64) -> Shrunk {
    let bounds = Bounds {
        max_runs,
        is_stopped: &|| false,
        ran: &|| (),
    };
    shrink(planted, whole.clone(), failure, &bounds)
}

#[test]
fn every_planted_failure_shrinks_to_exactly_its_faults_from_ten_seeds() {
    for bug in Bug::ALL {
        // Without its other faults, a run may do nothing at a place that the bug can show at.
        let seeds = (0..60).filter_map(|seed| Planted::original(bug, seed));
        let seeds: Vec<_> = seeds.take(10).collect();
        assert_eq!(seeds.len(), 10, "{bug:?}");
        for (planted, whole, failure) in seeds {
            let seed = planted.seed;
            assert!(whole.faults.len() > 10, "{bug:?} {seed}: {whole:?}");
            let shrunk = shrunk(&planted, &whole, &failure, 100_000);
            assert!(shrunk.is_minimal, "{bug:?} {seed}");
            assert_eq!(shrunk.best.faults, planted.needed, "{bug:?} {seed}");
            let necessary: Vec<_> = shrunk.blame.iter().map(|it| it.necessary).collect();
            assert_eq!(necessary, vec![Some(true); planted.needed.len()]);
            // One tick less, and the failure is gone.
            let shorter = Candidate {
                ticks: shrunk.best.ticks - 1,
                ..shrunk.best.clone()
            };
            let trial = planted.run(&shorter, &shrunk.best).unwrap();
            assert_ne!(trial.failure, Some(failure), "{bug:?} {seed}");
        }
    }
}

#[test]
fn result_does_not_depend_on_the_number_of_cores() {
    let (planted, whole, failure) = Planted::original(Bug::PoolOfThree, 3).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        // Budgets that end the search, too, have to end it in the same place.
        [100_000, 17, 5].map(|runs| pool.install(|| shrunk(&planted, &whole, &failure, runs)))
    };
    let alone = on(1);
    assert_eq!(on(2), alone);
    assert_eq!(on(5), alone);
    assert!(alone[0].is_minimal && !alone[1].is_minimal && !alone[2].is_minimal);
    assert_eq!((alone[1].runs, alone[2].runs), (17, 5));
}

#[test]
fn interrupted_search_keeps_the_best_so_far() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let (planted, whole, failure) = Planted::original(Bug::HaltsAfterPair, 1).unwrap();
    let runs = AtomicU64::new(0);
    let bounds = Bounds {
        max_runs: u64::MAX,
        is_stopped: &|| runs.load(Ordering::Relaxed) >= 12,
        ran: &|| {
            runs.fetch_add(1, Ordering::Relaxed);
        },
    };
    let shrunk = shrink(&planted, whole.clone(), &failure, &bounds);
    assert!(!shrunk.is_minimal);
    assert!(shrunk.best.faults.len() < whole.faults.len());
    let trial = planted.run(&shrunk.best, &shrunk.best).unwrap();
    assert_eq!(trial.failure, Some(failure));
    assert!(shrunk.blame.iter().all(|it| it.necessary.is_none()));
}
