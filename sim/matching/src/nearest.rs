//! The recorded request that is nearest to one that was missed.

use crate::difference::{Change, changes};
use crate::form::Form;
use crate::matcher::Entry;
use crate::request::Request;
use crate::rules::Rules;

/// The most recorded requests that are compared for one miss.
const MAX_COMPARED: usize = 512;

/// A recorded request and what is different in the sent one.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    pub(crate) position: usize,
    pub(crate) changes: Vec<Change>,
}

/// The recorded request with the fewest differing bytes. One that is not taken yet is preferred to
/// every one that is, and one of the same path to every other.
pub(crate) fn nearest(
    recorded: &[Entry],
    request: &Request,
    form: &Form,
    rules: &Rules,
) -> Option<Nearest> {
    let rank = |entry: &Entry| {
        let candidate = &entry.recorded.request;
        let is_elsewhere = (&candidate.service, &candidate.method, &candidate.path)
            != (&request.service, &request.method, &request.path);
        (is_elsewhere, entry.is_taken)
    };
    let best = recorded.iter().map(rank).min()?;
    let candidates = recorded.iter().enumerate();
    let candidates = candidates.filter(|(_, entry)| rank(entry) == best);
    let compared = candidates.take(MAX_COMPARED).map(|(position, entry)| {
        let changes = changes(&Form::of(&entry.recorded.request, rules), form);
        Nearest { position, changes }
    });
    compared.min_by_key(|nearest| nearest.changes.iter().map(Change::cost).sum::<usize>())
}
