//! What a request is answered with: its recording, trouble on purpose, or that it is a miss.
//!
//! Opens no connection. Requests are compared one at a time, in the order in which they come.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use turingos::Digest;
use turingos_exchange::{
    Body, Chunk, End, Exchange, Origin, RecordedRequest, RecordedResponse, TargetKind,
};
use turingos_matching::{Found, Learner, Matcher, Miss, Recorded, Request, Rules, Taken};
use turingos_protocols::chaos::ChaosKind;
use turingos_protocols::refusal::{Reason, Refusal};

use crate::delivery::Pace;
use crate::plan::{ChaosPlan, Fault};
use crate::report::{MAX_KEPT, ReplayReport, Unused};
use crate::spoilt::{provider_of, spoilt};

/// How a tape is replayed.
#[derive(Clone, Debug)]
pub struct ReplaySettings {
    /// Which parts of requests may differ.
    pub rules: Rules,
    /// What goes wrong on purpose.
    pub chaos: ChaosPlan,
    /// How recorded times pass.
    pub pace: Pace,
    /// Where requests go that the tape does not answer.
    pub beyond: Beyond,
}

/// What happens to requests that the tape does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// They are misses.
    Miss,
    /// They go to their service.
    Live,
    /// Exchanges from this number on are not served: their requests go to their service. Once all
    /// exchanges before it are served, every other request does too.
    LiveFrom(u64),
    /// They get rules under which they match, as far as rules can do that. For proposals only.
    Learn,
}

/// A tape that is being replayed.
#[derive(Debug)]
pub struct ReplaySession {
    state: Mutex<State>,
    pace: Pace,
}

#[derive(Debug)]
struct State {
    matching: Matching,
    /// By position; none once it is served.
    responses: Vec<Option<RecordedResponse>>,
    chaos: ChaosPlan,
    beyond: Beyond,
    /// How many exchanges are left that are served from the tape.
    prefix_left: usize,
    /// How often each request went to its service.
    live_keys: BTreeMap<Digest, u32>,
    report: ReplayReport,
}

#[derive(Debug)]
enum Matching {
    Strict(Matcher),
    Learning(Learner),
}

/// What to do with a request.
#[derive(Debug)]
pub enum Reply {
    /// Send this, its times at this pace.
    Send(Box<RecordedResponse>, Pace),
    /// Pass the request on to its service; what comes back is spoilt, if there is a fault.
    PassOn(Option<Fault>),
}

impl ReplaySession {
    /// A session over the exchanges of a tape.
    #[must_use]
    pub fn new(exchanges: Vec<Exchange>, settings: ReplaySettings) -> Self {
        let mut recorded = Vec::with_capacity(exchanges.len());
        let mut responses = Vec::with_capacity(exchanges.len());
        for exchange in exchanges {
            recorded.push(Recorded {
                number: exchange.number,
                request: compared(exchange.request),
            });
            responses.push(Some(exchange.response));
        }
        let is_prefix = |it: &&Recorded| match settings.beyond {
            Beyond::LiveFrom(first) => it.number < first,
            Beyond::Miss | Beyond::Live | Beyond::Learn => true,
        };
        let prefix_left = recorded.iter().filter(is_prefix).count();
        let report = ReplayReport {
            recorded: recorded.len() as u64,
            ..ReplayReport::default()
        };
        let matching = match settings.beyond {
            Beyond::Learn => Matching::Learning(Learner::new(recorded, settings.rules)),
            Beyond::Miss | Beyond::Live | Beyond::LiveFrom(_) => {
                Matching::Strict(Matcher::new(recorded, settings.rules))
            }
        };
        Self {
            state: Mutex::new(State {
                matching,
                responses,
                chaos: settings.chaos,
                beyond: settings.beyond,
                prefix_left,
                live_keys: BTreeMap::new(),
                report,
            }),
            pace: settings.pace,
        }
    }

    /// Answers a request from which secrets have been taken as from the tape's.
    #[must_use]
    pub fn answer(&self, kind: TargetKind, request: RecordedRequest) -> Reply {
        let mut state = self.state();
        state.report.calls += 1;
        match state.serve(kind, &request) {
            Ok((response, true)) => Reply::Send(Box::new(response), Pace::RECORDED),
            Ok((response, false)) => Reply::Send(Box::new(response), self.pace),
            Err(Unserved::PassOn) => {
                let fault = state.fault_of_live_call(kind, request);
                state.report.live += 1;
                Reply::PassOn(fault)
            }
            Err(Unserved::Miss(miss)) => {
                let response = missed(kind, &request, &miss);
                state.report.missed += 1;
                if state.report.misses.len() < MAX_KEPT {
                    state.report.misses.push(*miss);
                }
                Reply::Send(Box::new(response), Pace::AT_ONCE)
            }
        }
    }

    /// Counts a request that was refused before it could be compared.
    pub fn refuse(&self, reason: String) {
        let mut state = self.state();
        state.report.calls += 1;
        state.report.refused += 1;
        if state.report.refusals.len() < MAX_KEPT {
            state.report.refusals.push(reason);
        }
    }

    /// How it went so far.
    #[must_use]
    pub fn report(&self) -> ReplayReport {
        let state = self.state();
        let mut report = state.report.clone();
        let first_live = match state.beyond {
            Beyond::LiveFrom(first) => first,
            Beyond::Miss | Beyond::Live | Beyond::Learn => u64::MAX,
        };
        let matcher = match &state.matching {
            Matching::Strict(matcher) => matcher,
            Matching::Learning(learner) => learner.matcher(),
        };
        let unused = || matcher.left_over().filter(|it| it.number < first_live);
        report.left_over = unused().count() as u64;
        let kept = unused().take(MAX_KEPT).map(|recorded| Unused {
            number: recorded.number,
            request: recorded.request.name(),
        });
        report.unused = kept.collect();
        report
    }

    /// The rules that were needed so far; those of the settings, unless it is learning.
    #[must_use]
    pub fn rules(&self) -> Rules {
        match &self.state().matching {
            Matching::Strict(matcher) => matcher.rules().clone(),
            Matching::Learning(learner) => learner.rules(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Unserved {
    PassOn,
    Miss(Box<Miss>),
}

impl State {
    /// The response, and whether it is trouble, which has times of its own.
    fn serve(
        &mut self,
        kind: TargetKind,
        request: &RecordedRequest,
    ) -> Result<(RecordedResponse, bool), Unserved> {
        let sent = compared(request.clone());
        let matcher = match &mut self.matching {
            Matching::Strict(matcher) => matcher,
            Matching::Learning(learner) => {
                let taken = learner.take(&sent).map_err(Unserved::Miss)?;
                let response = self.responses[taken.position].take();
                let response = response.ok_or(Unserved::PassOn)?;
                self.report.served += 1;
                let matcher = learner.matcher_mut();
                return Ok((translated(matcher, response), false));
            }
        };
        let found = match matcher.find(&sent) {
            Ok(found) => found,
            Err(miss) => {
                let is_passed_on = match self.beyond {
                    Beyond::Live => true,
                    Beyond::LiveFrom(_) => self.prefix_left == 0,
                    Beyond::Miss | Beyond::Learn => false,
                };
                return Err(match is_passed_on {
                    true => Unserved::PassOn,
                    false => Unserved::Miss(miss),
                });
            }
        };
        if let Beyond::LiveFrom(first) = self.beyond
            && found.taken.number >= first
        {
            matcher.take_found(&found);
            return Err(Unserved::PassOn);
        }
        if let Some(response) = self.trouble(kind, request, &found) {
            return Ok((response, true));
        }
        let response = self.take(&found).ok_or(Unserved::PassOn)?;
        Ok((response, false))
    }

    /// The fault of a call to a service, if it has one. Such calls are numbered as they come.
    fn fault_of_live_call(&mut self, kind: TargetKind, request: RecordedRequest) -> Option<Fault> {
        let provider = provider_of(kind, &request.path);
        let key = self.matcher().key(&compared(request));
        let sent = self.live_keys.entry(key).or_default();
        let call = Taken {
            position: 0,
            number: self.report.live,
            key,
            occurrence: *sent,
        };
        *sent = sent.saturating_add(1);
        let fault = self.chaos.next(&call, provider)?;
        *self.report.injected.entry(fault.kind.name()).or_default() += 1;
        Some(fault)
    }

    /// The trouble of a call, if it has any. One that leaves the client without an answer leaves the
    /// recording to its next attempt.
    fn trouble(
        &mut self,
        kind: TargetKind,
        request: &RecordedRequest,
        found: &Found,
    ) -> Option<RecordedResponse> {
        let provider = provider_of(kind, &request.path);
        let fault = self.chaos.next(&found.taken, provider)?;
        let chaos = fault.kind;
        let recorded = self.responses[found.taken.position].as_ref()?;
        let mut response = spoilt(fault, provider, request, recorded)?;
        if matches!(chaos, ChaosKind::Slow | ChaosKind::SlowChunks)
            && let Some(taken) = self.take(found)
        {
            // The client gets the whole answer, so in the values that it knows.
            let matcher = self.matcher();
            response = RecordedResponse {
                headers: taken.headers,
                ..translated(matcher, response)
            };
        }
        *self.report.injected.entry(chaos.name()).or_default() += 1;
        Some(response)
    }

    /// Takes what was found, in the values of this run.
    fn take(&mut self, found: &Found) -> Option<RecordedResponse> {
        let response = self.responses[found.taken.position].take()?;
        let matcher = self.matcher();
        matcher.take_found(found);
        let mut response = translated(matcher, response);
        response.origin = Origin::Tape;
        self.report.served += 1;
        self.prefix_left = self.prefix_left.saturating_sub(1);
        Some(response)
    }

    const fn matcher(&mut self) -> &mut Matcher {
        match &mut self.matching {
            Matching::Strict(matcher) => matcher,
            Matching::Learning(learner) => learner.matcher_mut(),
        }
    }
}

/// A request as it is compared.
fn compared(request: RecordedRequest) -> Request {
    Request {
        service: request.target,
        method: request.method,
        path: request.path,
        query: request.query.unwrap_or_default(),
        headers: request.headers,
        body: request.body.0,
    }
}

/// A response with the values that this run has for recorded ones, in its headers and its body.
fn translated(matcher: &mut Matcher, mut response: RecordedResponse) -> RecordedResponse {
    if matcher.rules().document().alias.is_empty() {
        return response;
    }
    for (_, value) in &mut response.headers {
        let translated = matcher.translate(vec![value.clone().into_bytes()]);
        if let Ok(translated) = String::from_utf8(translated.concat()) {
            *value = translated;
        }
    }
    let times: Vec<u64> = response.chunks.iter().map(|chunk| chunk.at_us).collect();
    let chunks = { response.chunks.into_iter() }
        .map(|chunk| chunk.bytes.0)
        .collect();
    let chunks = matcher.translate(chunks);
    let length: usize = chunks.iter().map(Vec::len).sum();
    response.chunks = { times.into_iter().zip(chunks) }
        .map(|(at_us, bytes)| Chunk {
            at_us,
            bytes: Body(bytes),
        })
        .collect();
    if response.end == End::Whole {
        for (name, value) in &mut response.headers {
            // A client would wait for bytes that do not come.
            if name == "content-length" && length > 0 {
                *value = length.to_string();
            }
        }
    }
    response
}

/// The error that a client gets for a miss, in its protocol's envelope. Client libraries do not
/// repeat a call after it.
fn missed(kind: TargetKind, request: &RecordedRequest, miss: &Miss) -> RecordedResponse {
    let message = miss.lines().join("\n");
    refused(
        kind,
        &request.path,
        &Refusal::new(Reason::NotRecorded, message),
    )
}

/// An error of the replay itself.
pub(crate) fn refused(kind: TargetKind, path: &str, refusal: &Refusal) -> RecordedResponse {
    let body = refusal.body(provider_of(kind, path), "req_replay");
    RecordedResponse {
        status: Some(refusal.reason.status()),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("x-should-retry".into(), "false".into()),
        ],
        head_us: 0,
        chunks: vec![Chunk {
            at_us: 0,
            bytes: Body(body),
        }],
        end: End::Whole,
        end_us: 0,
        origin: Origin::Proxy,
        injected: None,
        note: None,
    }
}
