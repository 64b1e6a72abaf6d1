//! A live recording as a run in memory, so that it can be run with fewer of its replies.
//!
//! Each reply that counted is given at its tick; where one is taken out, a faithful agent answers.
//! The real directory is replaced by the simulated world, so a failure that needs the directory is
//! not found again.

use std::path::Path;

use turingos::Digest;
use turingos::bus;
use turingos_agents::GivenReply;
use turingos_run::fork::{Base, Config};
use turingos_run::scenario::{AgentKind, Settings};
use turingos_run::{Edit, Header, Kind, Profile, RunIoError, on_virtual_time, providers};

use crate::playback::Playback;

/// The run in `directory`, whose header this is, as a fork in memory.
pub(super) fn in_memory(
    directory: &Path,
    header: &Header<providers::Config>,
    root: Digest,
) -> Result<Kind, RunIoError> {
    let config = &header.config;
    let scenario = config.scenario.clone();
    let mut settings = Settings::of(scenario, Profile::Routine, AgentKind::Worker, 0);
    settings.kernel = config.kernel.clone();
    settings.driver = config.driver.clone();
    let config = Config {
        parent: root,
        at: 0,
        base: Base::Scenario(Box::new(settings)),
        edits: replies(directory)?,
    };
    Ok(Kind::Fork(Box::new(Header::new(
        header.seed,
        header.ticks,
        Profile::Routine,
        config,
        header.scenario.clone(),
        header.world,
    ))))
}

/// The reply of each tick that counted.
fn replies(directory: &Path) -> Result<Vec<Edit>, RunIoError> {
    let mut playback = Playback::open(directory)?;
    let mut edits = Vec::new();
    on_virtual_time(async {
        loop {
            let tick = playback.tick();
            playback.keep_calls();
            if playback.step().await?.is_none() {
                return Ok(edits);
            }
            let last = playback.take_calls().pop();
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
