//! A run that real providers answered as a run in memory, so that it can be run with fewer of its
//! replies.
//!
//! Each reply that counted is given at its tick; where one is taken out, a faithful agent answers.
//! The real directory is replaced by the simulated world, so a failure that needs the directory is
//! not found again.

use std::path::Path;

use turingos::Digest;
use turingos::bus;
use turingos_agents::GivenReply;
use turingos_run::fork::{Base, Config};
use turingos_run::scenario::{AgentKind, Place, Settings};
use turingos_run::{Edit, Header, Kind, Profile, RunIoError, on_virtual_time, providers};

use crate::playback::Playback;

/// The run in `directory`, which is of this kind, in memory; any other run than a live one as it is.
pub(super) fn in_memory(directory: &Path, kind: Kind, root: Digest) -> Result<Kind, RunIoError> {
    let (mut header, first) = match kind {
        Kind::Live(header) => {
            let base = Base::Scenario(Box::new(settings(&header.config)));
            let config = Config {
                parent: root,
                at: 0,
                base,
                edits: Vec::new(),
            };
            let Header {
                seed,
                ticks,
                profile,
                scenario,
                world,
                ..
            } = *header;
            (
                Header::new(seed, ticks, profile, config, scenario, world),
                0,
            )
        }
        Kind::Fork(header) if header.live_part().is_some() => in_a_simulated_world(*header),
        kind => return Ok(kind),
    };
    header.config.edits.extend(replies(directory, first)?);
    Ok(Kind::Fork(Box::new(header)))
}

/// The settings of the scenario of a live run, for a faithful agent in memory.
fn settings(config: &providers::Config) -> Settings {
    let scenario = config.scenario.clone();
    let mut settings = Settings::of(scenario, Profile::Routine, AgentKind::Worker, 0);
    settings.kernel = config.kernel.clone();
    settings.driver = config.driver.clone();
    settings
}

/// A fork without its live parts, and the first tick of theirs.
fn in_a_simulated_world(mut header: Header<Config>) -> (Header<Config>, u64) {
    let mut first = u64::MAX;
    header.config.edits.retain(|edit| {
        let is_live = matches!(edit, Edit::Live(_));
        if is_live {
            first = first.min(edit.first_tick());
        }
        !is_live
    });
    match &mut header.config.base {
        Base::Soak(_) => {}
        Base::Scenario(settings) => settings.place = Place::Memory,
        Base::Live(config) => {
            header.config.base = Base::Scenario(Box::new(settings(config)));
            first = 0;
        }
    }
    (header, first)
}

/// The reply of each tick that counted, from tick `first` on.
fn replies(directory: &Path, first: u64) -> Result<Vec<Edit>, RunIoError> {
    let mut playback = Playback::open(directory)?;
    let mut edits = Vec::new();
    on_virtual_time(async {
        loop {
            let tick = playback.tick();
            playback.keep_calls();
            if playback.step().await?.is_none() {
                return Ok(edits);
            }
            let last = playback.take_calls().pop().filter(|_| tick >= first);
            let Some(raw) = last.and_then(|call| call.outcome.ok()) else {
                continue;
            };
            let reply = match bus::parse(raw.provider, raw.status, &raw.body) {
                Ok(reply) => GivenReply::Text(reply.text),
                Err(_) if raw.status == 200 => match String::from_utf8(raw.body) {
                    Ok(body) => GivenReply::Body {
                        provider: raw.provider,
                        body,
                    },
                    Err(_) => continue,
                },
                Err(_) => continue,
            };
            edits.push(Edit::Reply { tick, reply });
        }
    })
}
