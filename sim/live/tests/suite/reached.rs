//! Which addresses are connected to: each provider's once before a run, and a proxy only on request.

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use turingos::dispatch::PerLane;
use turingos_agents::Oracle as _;
use turingos_live::LiveOracle;
use turingos_run::providers::Settings;

use super::server::{Behaviour, Server, on_real_time, response};
use super::stage::{CLOSED, REQUEST, settings};

/// Settings with each lane at its own address.
fn two_lanes(p: SocketAddr, e: SocketAddr) -> Settings {
    let of = |address| settings("openai", address, "");
    Settings {
        lanes: PerLane {
            p: of(p).lanes.p,
            e: of(e).lanes.e,
        },
        ..of(p)
    }
}

fn oracle(settings: &Settings) -> LiveOracle {
    LiveOracle::new(settings, None, None).unwrap()
}

#[test]
fn both_providers_are_reached_before_a_run() {
    on_real_time(async {
        let behaviour = Behaviour::Send(response("404 Not Found", ""));
        let p = Server::start(behaviour.clone()).await;
        let e = Server::start(behaviour).await;
        let two = oracle(&two_lanes(p.address, e.address));
        two.reach().await.unwrap();
        for server in [&p, &e] {
            let requests = server.requests.take();
            assert_eq!(requests.len(), 1);
            assert!(requests[0].starts_with("HEAD /v1 "), "{requests:?}");
        }
        // A provider that both lanes have is reached once.
        oracle(&two_lanes(p.address, p.address))
            .reach()
            .await
            .unwrap();
        assert_eq!(p.requests.take().len(), 1);
    });
}

#[test]
fn provider_that_cannot_be_reached_is_named_with_the_cause() {
    on_real_time(async {
        let p = Server::start(Behaviour::Send(response("404 Not Found", ""))).await;
        let error = oracle(&two_lanes(p.address, CLOSED)).reach().await;
        let error = error.unwrap_err();
        assert_eq!(error.base_url, format!("http://{CLOSED}/v1"));
        let cause = TcpStream::connect(CLOSED).unwrap_err();
        assert_eq!(error.reason, format!("cannot be reached: {cause}"));
        assert!(oracle(&two_lanes(CLOSED, p.address)).reach().await.is_err());
    });
}

/// The variables of this process cannot be changed, so the call is made by the same test in a
/// process of its own.
#[test]
fn proxy_of_the_environment_is_used_only_on_request() {
    const PROXIED: &str = "TURINGOS_TEST_SYSTEM_PROXY";
    const NAME: &str = "reached::proxy_of_the_environment_is_used_only_on_request";
    #[expect(
        clippy::disallowed_methods,
        reason = "set for this process by this test"
    )]
    let asked = env::var(PROXIED);
    on_real_time(async {
        let server = Server::start(Behaviour::Send(response("400 Bad Request", "{}"))).await;
        if let Ok(system_proxy) = asked {
            let mut settings = settings("openai", CLOSED, "");
            settings.system_proxy = system_proxy == "true";
            // The parent sees whether the call arrives.
            let _ = oracle(&settings).call(REQUEST).await;
            return;
        }
        for system_proxy in [true, false] {
            let mut child = Command::new(env::current_exe().unwrap());
            child
                .args(["--exact", NAME])
                .env(PROXIED, system_proxy.to_string())
                .env("http_proxy", format!("http://{}", server.address))
                .env_remove("no_proxy")
                .env_remove("NO_PROXY");
            let ended = tokio::task::spawn_blocking(move || child.output());
            let ended = ended.await.unwrap().unwrap();
            let said = String::from_utf8_lossy(&ended.stdout);
            assert!(
                ended.status.success() && said.contains("1 passed"),
                "{said}"
            );
            let requests = server.requests.take();
            assert_eq!(requests.len(), usize::from(system_proxy), "{requests:?}");
            assert!(
                requests
                    .iter()
                    .all(|it| it.starts_with("POST http://127.0.0.1:1/v1/"))
            );
        }
    });
}
