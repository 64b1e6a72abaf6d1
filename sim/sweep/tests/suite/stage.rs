//! A small sweep that most tests begin with.

use std::num::NonZeroUsize;
use std::path::Path;

use turingos::Digest;
use turingos_run::scenario::{AgentKind, BuiltIn};
use turingos_run::{Profile, scenario, soak};
use turingos_sweep::{
    Ended, FileHeader, Limits, Opened, Outline, Plan, RunLine, Shard, ShardJobs, Subject, Sweep,
    SweepError, SweepFile, Totals, Watch,
};

/// Short soaks, and a mission that fails with this much noise and some seeds.
pub(crate) fn plan(seeds: std::ops::Range<u64>) -> Plan {
    let soak = Subject::Soak {
        profile: Profile::Hostile,
        ticks: 60,
        settings: Box::new(soak::Settings::of(Profile::Hostile)),
    };
    let log_hunt = BuiltIn::named("log-hunt").unwrap().scenario();
    let settings = scenario::Settings::of(log_hunt, Profile::Routine, AgentKind::Worker, 8_000);
    let mission = Subject::Scenario {
        profile: Profile::Routine,
        settings: Box::new(settings),
    };
    Plan {
        seeds,
        subjects: vec![soak, mission],
        swarm: true,
    }
}

pub(crate) fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// The results of a sweep.
pub(crate) struct Swept {
    pub(crate) lines: Vec<RunLine>,
    pub(crate) totals: Totals,
    pub(crate) ended: Ended,
}

/// A sweep in memory.
pub(crate) fn sweep(plan: &Plan, count: usize, limits: Limits) -> Swept {
    let jobs = ShardJobs::of(&plan.seeds, plan.subjects.len() as u64, None, 0);
    let mut sweep = Sweep {
        plan,
        jobs: &jobs,
        totals: Totals::default(),
        file: None,
        limits,
    };
    let mut lines = Vec::new();
    let watch = Watch::<SweepError> {
        is_stopped: &|| false,
        check: &|_| Ok(None),
        ended: &|_| {},
    };
    let ended = sweep.run(threads(count), &watch, |line| {
        lines.push(line.clone());
        Ok(())
    });
    Swept {
        lines,
        ended: ended.unwrap(),
        totals: sweep.totals,
    }
}

pub(crate) const PROGRAM: Digest = Digest::EMPTY;

pub(crate) fn header(plan: &Plan, shard: Option<(Shard, u16)>) -> FileHeader {
    let header = FileHeader::new(Outline::of(plan), PROGRAM);
    match shard {
        Some((shard, overlap)) => header.of_shard(shard, overlap),
        None => header,
    }
}

/// Carries a sweep or a shard out into its file, stopping after `most` runs; true if it is finished.
pub(crate) fn keep(
    directory: &Path,
    plan: &Plan,
    shard: Option<(Shard, u16)>,
    most: u64,
) -> Result<bool, SweepError> {
    let overlap = shard.map_or(0, |(_, overlap)| overlap);
    let jobs = ShardJobs::of(
        &plan.seeds,
        plan.subjects.len() as u64,
        shard.map(|(shard, _)| shard),
        overlap,
    );
    let (file, totals) = match SweepFile::open(directory, &header(plan, shard), &jobs)? {
        Opened::Finished(_) => return Ok(true),
        Opened::Unfinished(file, totals) => (*file, totals),
    };
    let mut sweep = Sweep {
        plan,
        jobs: &jobs,
        totals,
        file: Some(file),
        limits: Limits::default(),
    };
    let started = std::sync::atomic::AtomicU64::new(0);
    let watch = Watch::<SweepError> {
        is_stopped: &|| started.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= most,
        check: &|_| Ok(None),
        ended: &|_| {},
    };
    let ended = sweep.run(threads(2), &watch, |_| Ok(()))?;
    if ended != Ended::Complete {
        return Ok(false);
    }
    let Sweep { file, totals, .. } = sweep;
    file.expect("it has a file").finish(&totals)?;
    Ok(true)
}
