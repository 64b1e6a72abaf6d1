//! A server's log is a tape, and a tape is served strictly.

use std::fs;

use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_protocols::endpoint::Endpoint;
use turingos_serve::Source;
use turingos_serve::recording::{Recording, RecordingError};

use super::client::{Served, faithful, on_real_time, prompt, troubled};

/// Each provider has models of its own.
fn named(endpoint: Endpoint, user: &str, stream: bool) -> serde_json::Value {
    let mut body = prompt(endpoint, user, stream);
    body["model"] = endpoint.provider().name().into();
    body
}

/// The results of the calls: status, the headers that matter and bytes, or nothing.
async fn session(served: &Served) -> Vec<Option<(u16, Vec<String>, Vec<u8>)>> {
    let mut received = Vec::new();
    for number in 0..24 {
        let endpoint = Endpoint::CHAT[number % 4];
        let body = named(endpoint, &format!("prompt {}", number / 8), number % 8 < 4);
        received.push(match served.post(endpoint, &body).send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let headers = ["content-type", "retry-after", "x-request-id", "request-id"];
                let headers = headers
                    .into_iter()
                    .filter_map(|name| Some(format!("{:?}", response.headers().get(name)?)))
                    .collect();
                let bytes = response.bytes().await;
                bytes.ok().map(|bytes| (status, headers, bytes.to_vec()))
            }
            Err(_) => None,
        });
    }
    received
}

#[test]
fn log_is_served_strictly_as_recorded() {
    on_real_time(async {
        let directory = tempfile::TempDir::new().unwrap();
        let log = directory.path().join("log.jsonl");
        let mut recorded = Vec::new();
        for (name, chaos) in [
            ("limits", Chaos::of_kinds(4_000, &[ChaosKind::RateLimited])),
            (
                "resets",
                Chaos::of_kinds(4_000, &[ChaosKind::ConnectionReset]),
            ),
        ] {
            let log = log.with_extension(name);
            let source = Source::Seeded(troubled(6, chaos));
            let served = Served::from(source, Some(log.clone()), None).await;
            recorded.push((log, session(&served).await));
            served.stop().await;
        }
        for (log, expected) in recorded {
            let recording = Recording::open(&log).unwrap();
            assert_eq!(recording.counts(), (24, 24));
            let served = Served::from(Source::Recorded(recording), None, None).await;
            assert_eq!(session(&served).await, expected);
            // More often than recorded, and never recorded.
            for (user, part) in [
                ("prompt 0", "was recorded 1 times and was sent again"),
                ("prompt 9", "the nearest one is that of tick"),
            ] {
                let body = named(Endpoint::Messages, user, false);
                let response = served.ask(Endpoint::Messages, &body).await;
                assert_eq!(response.status(), 404);
                let text = response.text().await.unwrap();
                assert!(
                    text.contains("not_found_error") && text.contains(part),
                    "{text}"
                );
            }
            assert_eq!(served.stop().await.refused, 2);
        }
    });
}

#[test]
fn missing_empty_or_changed_recording_is_not_served() {
    on_real_time(async {
        let directory = tempfile::TempDir::new().unwrap();
        let log = directory.path().join("log.jsonl");
        assert!(matches!(
            Recording::open(&log).unwrap_err(),
            RecordingError::Run(_)
        ));
        let source = Source::Seeded(faithful(6));
        let served = Served::from(source, Some(log.clone()), None).await;
        session(&served).await;
        served.stop().await;
        let bytes = fs::read(&log).unwrap();
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&log, &changed).unwrap();
        assert!(matches!(
            Recording::open(&log).unwrap_err(),
            RecordingError::Run(_)
        ));
        fs::write(&log, b"").unwrap();
        assert!(matches!(
            Recording::open(&log).unwrap_err(),
            RecordingError::Empty { .. }
        ));
        // A torn last line is how a killed server leaves its log.
        fs::write(&log, &bytes[..bytes.len() - 9]).unwrap();
        assert_eq!(Recording::open(&log).unwrap().counts().1, 23);
    });
}
