//! What asks the scripted server: settings, sessions and single ticks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use turingos::Digest;
use turingos::dispatch::Lane;
use turingos::journal::Record;
use turingos::kernel::{Kernel, KernelConfig};
use turingos_agents::Request;
use turingos_live::{Key, LiveOracle};
use turingos_run::providers::Settings;
use turingos_run::{Inputs, Session, Start, Ticks};
use turingos_world::{Quota, World};

/// A request of lane E.
pub(crate) const REQUEST: Request<'static> = Request {
    tick: 0,
    lane: Lane::E,
    attempt: 0,
    system_prompt: "be exact\n",
    q: "BOOT",
    frame: "[OBSERVED_SLICE]\nhello",
};

/// An address of loopback at which nothing listens.
pub(crate) const CLOSED: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// An oracle whose lanes both ask `address`, without a key; `more` are settings of the lanes.
pub(crate) fn oracle(address: SocketAddr, more: &str) -> LiveOracle {
    LiveOracle::new(&settings("openai", address, more), None, None).unwrap()
}

/// The key of these tests.
pub(crate) fn key() -> Key {
    Key::new("a-key-of-the-test".into()).unwrap()
}

/// Settings of one lane at `address`, with short time limits.
pub(crate) fn settings(kind: &str, address: SocketAddr, more: &str) -> Settings {
    let base = if kind == "openai" { "/v1" } else { "" };
    let text = format!(
        "version = 1\n\
         [retry]\ntimeout_ms = 300\nmax_attempts = 2\nbackoff_ms = 2\nmax_backoff_ms = 4\n\
         [lane.p]\nkind = \"{kind}\"\nmodel = \"m\"\nbase_url = \"http://{address}{base}\"\n\
         calls_per_minute = 60000\nconnect_timeout_ms = 400\nidle_timeout_ms = 150\n{more}"
    );
    Settings::parse(text.as_bytes()).unwrap()
}

/// A kernel in a small simulated world that asks real sockets.
pub(crate) fn session(settings: &Settings, key: Option<&Key>) -> Live {
    session_in(settings, key, "hello\n")
}

/// The same with another text in the file that is observed first.
pub(crate) fn session_in(settings: &Settings, key: Option<&Key>, text: &str) -> Live {
    let oracle = LiveOracle::new(settings, key, key).unwrap();
    let world = World::with_files(Quota::default(), [("README.md", text)]).unwrap();
    let start = Start {
        kernel: Kernel::boot(&KernelConfig::default(), "BOOT", "README.md"),
        driver: settings.driver(),
        seed: 1,
        genesis: Digest::EMPTY,
    };
    let plan = Ticks::new(u64::MAX);
    Session::new(start, plan, (world, oracle), Inputs::Seeded, ())
}

/// An unrecorded run with real sockets.
pub(crate) type Live = Session<Ticks, World, LiveOracle>;

pub(crate) async fn tick(live: &mut Live) -> Record {
    live.tick().await.unwrap().unwrap().record
}
