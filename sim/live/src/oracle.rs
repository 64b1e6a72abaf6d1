//! The oracle that asks real providers, one for each lane.
//!
//! Does not retry (the driver does) and writes nothing. A call in which it sees a secret where none
//! belongs never returns, and rings the alarm.

use std::cell::Cell;
use std::future;
use std::rc::Rc;

use turingos::bus::{self, BusFault, BusFaultCode};
use turingos::dispatch::Lane;

use super::spending::{Bytes, Spending};
use super::transport::{NoProvider, Transport};
use turingos_agents::{Oracle, RawReply, Request, TransportFault};
use turingos_run::providers::settings::{LaneSettings, Settings};
use turingos_run::providers::{Providers, ProvidersEncoder};
use turingos_run::tape::{RequestEncoder as _, retry_after_us};
use turingos_secrets::{Key, Leak, Secrets};

/// Providers for both lanes.
#[derive(Debug)]
pub struct LiveOracle {
    lane_p: LiveLane,
    lane_e: LiveLane,
    encoder: ProvidersEncoder,
    secrets: Secrets,
    alarm: Alarm,
    spending: Spending,
    calls: u64,
    /// The body of the last request.
    sent: Option<Vec<u8>>,
    /// The last call, until its reply is read.
    unread: Option<Unread>,
}

/// A call whose reply is not read yet, so that its highest possible cost is counted.
#[derive(Clone, Copy, Debug)]
struct Unread {
    lane: Lane,
    status: u16,
    at_most: Spending,
    bytes: Bytes,
}

#[derive(Debug)]
struct LiveLane {
    settings: LaneSettings,
    transport: Transport,
}

/// Rings when a secret was seen; the live session looks at it whenever a call waits.
#[derive(Clone, Debug, Default)]
pub struct Alarm(Rc<Cell<Option<Leak>>>);

impl Alarm {
    /// What was seen, if anything was.
    #[must_use]
    pub fn leak(&self) -> Option<Leak> {
        self.0.get()
    }
}

impl LiveOracle {
    /// Prepares a client for each lane; connects to nothing. The keys are those of the lanes, if
    /// they have any.
    ///
    /// # Errors
    /// [`NoProvider`], if a lane cannot be called at all.
    pub fn new(
        settings: &Settings,
        key_p: Option<&Key>,
        key_e: Option<&Key>,
    ) -> Result<Self, NoProvider> {
        let lane = |settings: &LaneSettings, key, system_proxy| {
            let kind = settings.provider.kind;
            Ok(LiveLane {
                transport: Transport::new(kind, &settings.connection, key, system_proxy)?,
                settings: settings.clone(),
            })
        };
        let keys: Vec<&Key> = [key_p, key_e].into_iter().flatten().collect();
        Ok(Self {
            lane_p: lane(&settings.lanes.p, key_p, settings.system_proxy)?,
            lane_e: lane(&settings.lanes.e, key_e, settings.system_proxy)?,
            encoder: Providers::of(settings).encoder(),
            secrets: Secrets::new(&keys),
            alarm: Alarm::default(),
            spending: Spending::default(),
            calls: 0,
            sent: None,
            unread: None,
        })
    }

    /// Connects to both providers once, before anything else is done.
    ///
    /// # Errors
    /// [`NoProvider`]: the first that cannot be reached.
    pub async fn reach(&self) -> Result<(), NoProvider> {
        self.lane_p.transport.reach().await?;
        if self.lane_e.settings.connection != self.lane_p.settings.connection {
            self.lane_e.transport.reach().await?;
        }
        Ok(())
    }

    /// The alarm of this oracle.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        self.alarm.clone()
    }

    /// The scan that everything written must pass.
    #[must_use]
    pub const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What the calls so far have used.
    #[must_use]
    pub const fn spending(&self) -> Spending {
        self.spending
    }

    /// How many calls were made.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Rings the alarm and never returns if there is a secret in `bytes`.
    async fn hold_back(&self, place: &'static str, bytes: &[u8]) {
        if let Err(leak) = self.secrets.check(place, bytes) {
            self.alarm.0.set(Some(leak));
            future::pending::<()>().await;
        }
    }
}

impl Oracle for LiveOracle {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        let lane = match request.lane {
            Lane::P => &self.lane_p,
            Lane::E => &self.lane_e,
        };
        let body = self.encoder.body(&request);
        self.hold_back("a request", &body).await;
        let sent = body.len();
        let at_most = Spending::at_most(&lane.settings, sent);
        // Counted first: an aborted call costs money as well.
        self.calls += 1;
        self.spending = self.spending.plus(at_most);
        self.sent = Some(body.clone());
        let answer = lane.transport.post(body).await;
        if let Err(TransportFault::Unreachable) = answer {
            self.spending = self.spending.minus(at_most);
        }
        let answer = answer?;
        self.hold_back("a reply", &answer.body).await;
        self.unread = Some(Unread {
            lane: request.lane,
            status: answer.status,
            at_most,
            bytes: Bytes {
                request: sent,
                prompt: request.system_prompt.len() + request.q.len() + request.frame.len(),
                text: 0,
                body: answer.body.len(),
            },
        });
        Ok(RawReply {
            provider: lane.settings.provider.kind,
            status: answer.status,
            retry_after_us: retry_after_us(|name| {
                let kept = answer.headers.iter().find(|(kept, _)| kept == name);
                kept.map(|(_, value)| value.as_str())
            }),
            headers: answer.headers,
            body: answer.body,
        })
    }

    fn take_sent(&mut self) -> Option<Vec<u8>> {
        self.sent.take()
    }

    fn read(&mut self, reply: Result<&bus::Reply, &BusFault>) {
        // A reply from a tape costs nothing again.
        let Some(call) = self.unread.take() else {
            return;
        };
        let lane = match call.lane {
            Lane::P => &self.lane_p,
            Lane::E => &self.lane_e,
        };
        let used = match reply {
            Ok(reply) => {
                let bytes = Bytes {
                    text: reply.text.len(),
                    ..call.bytes
                };
                Spending::reported(&lane.settings, reply.usage, bytes)
            }
            Err(fault) if is_free(call.status, fault.code) => Spending::default(),
            Err(_) => call.at_most,
        };
        self.spending = self.spending.minus(call.at_most).plus(used);
    }
}

/// True if no provider charges for such an answer: it refused to begin.
const fn is_free(status: u16, code: BusFaultCode) -> bool {
    !matches!(status, 200..=299) && !matches!(code, BusFaultCode::Timeout)
}
