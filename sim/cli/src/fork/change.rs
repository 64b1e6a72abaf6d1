//! The one change of a fork, from its arguments.

use std::fs;
use std::path::Path;

use turingos::bus::{self, Provider};
use turingos_agents::GivenReply;
use turingos_explain::Trial;
use turingos_run::fork::Parent;
use turingos_run::{Edit, Fault, FaultKind};

use super::{Change, not_forkable};
use crate::exit::{Exit, Failure};

/// The longest file of a reply. It becomes a part of the fork's header.
const MAX_REPLY_BYTES: usize = 512 * 1024;

/// The change that the arguments name.
pub(super) fn of(change: &Change, parent: &Parent, at: u64) -> Result<Edit, Failure> {
    if let Some(edit) = given(change, at)? {
        return Ok(edit);
    }
    if let Some(kind) = change.mute {
        let fault = Fault { tick: at, kind };
        expect_begun(fault, parent)?;
        return Ok(Edit::Mute(fault));
    }
    if let Some(kind) = change.inject {
        if kind == FaultKind::Reply {
            let message = "give a reply with --reply FILE";
            return Err(Failure::new(Exit::Usage, message));
        }
        return Ok(Edit::Inject(Fault { tick: at, kind }));
    }
    if let Some(seed) = change.reseed {
        return Ok(Edit::Reseed { tick: at, seed });
    }
    Err(Failure::new(
        Exit::Usage,
        "a change is missing: --reply, --mute, --inject, --reseed, --live, or --seeds for many seeds",
    ))
}

/// The reply that is given in place of another, if one is.
pub(super) fn given(change: &Change, at: u64) -> Result<Option<Edit>, Failure> {
    let edit = |path| {
        Ok(Edit::Reply {
            tick: at,
            reply: reply(path)?,
        })
    };
    change.reply.as_deref().map(edit).transpose()
}

/// A reply from a file: what a provider would send, or the text of it.
fn reply(path: &Path) -> Result<GivenReply, Failure> {
    let bytes = fs::read(path).map_err(|cause| Failure::of_file("read", path, &cause))?;
    let refused = |reason: &str| Failure::new(Exit::Usage, format!("{}: {reason}", path.display()));
    if bytes.len() > MAX_REPLY_BYTES {
        return Err(refused("longer than 512 KiB"));
    }
    let provider = { Provider::ALL.into_iter() }.find(|it| bus::parse(*it, 200, &bytes).is_ok());
    let text = String::from_utf8(bytes).map_err(|_| refused("not UTF-8"))?;
    Ok(match provider {
        Some(provider) => GivenReply::Body {
            provider,
            body: text,
        },
        None => GivenReply::Text(text),
    })
}

/// Checks that there is something to mute.
fn expect_begun(fault: Fault, parent: &Parent) -> Result<(), Failure> {
    let all = parent.fork(fault.tick, Vec::new()).map_err(not_forkable)?;
    let begun = Trial::of(all)?.faults;
    if begun.contains(&fault) {
        return Ok(());
    }
    let in_tick = begun.iter().filter(|it| it.tick == fault.tick);
    let in_tick: Vec<_> = in_tick.map(|it| it.kind.name()).collect();
    let instead = match &*in_tick {
        [] => match begun.iter().rev().find(|it| it.tick < fault.tick) {
            Some(before) => format!("the last fault before it is {before}"),
            None => "no fault begins before it either".to_owned(),
        },
        names => format!("what begins there is {}", names.join(", ")),
    };
    Err(Failure::new(
        Exit::Usage,
        format!("no {} begins at tick {}: {instead}", fault.kind, fault.tick),
    ))
}

/// Checks that an added fault took place.
pub(super) fn expect_injected(
    wanted: Option<FaultKind>,
    begun: &[Fault],
    at: u64,
) -> Result<(), Failure> {
    match wanted {
        Some(kind) if !begun.iter().any(|fault| fault.kind == kind) => Err(Failure::new(
            Exit::Usage,
            format!("{kind} cannot happen at tick {at}: nothing in that tick is of its kind"),
        )),
        _ => Ok(()),
    }
}
