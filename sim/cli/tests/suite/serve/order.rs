//! Clients in any order, side by side or one after another, get the same answers.

use std::collections::BTreeMap;
use std::rc::Rc;

use turingos_draws::{Draws, Stream};
use turingos_protocols::chaos::{Chaos, ChaosKind};
use turingos_protocols::endpoint::Endpoint;

use super::client::{Served, on_real_time, prompt, troubled};

/// The status and bytes of each of the calls `order`, all of them in flight at once.
async fn answers(order: Vec<usize>) -> BTreeMap<usize, (u16, Vec<u8>)> {
    let chaos = Chaos::of_kinds(3_000, &[ChaosKind::ServerError]);
    let served = Rc::new(Served::by(troubled(11, chaos)).await);
    let calls: Vec<_> = order
        .into_iter()
        .map(|number| {
            let served = Rc::clone(&served);
            tokio::task::spawn_local(async move {
                let endpoint = Endpoint::ALL[number % Endpoint::ALL.len()];
                let body = prompt(endpoint, &format!("prompt {number}"), number % 3 == 0);
                let response = served.ask(endpoint, &body).await;
                let status = response.status().as_u16();
                (number, (status, response.bytes().await.unwrap().to_vec()))
            })
        })
        .collect();
    let mut answers = BTreeMap::new();
    for call in calls {
        let (number, answer) = call.await.unwrap();
        answers.insert(number, answer);
    }
    Rc::into_inner(served).unwrap().stop().await;
    answers
}

#[test]
fn shuffled_clients_get_the_same_answers() {
    on_real_time(async {
        let straight: Vec<usize> = (0..64).collect();
        let expected = answers(straight.clone()).await;
        let failed = expected.values().filter(|answer| answer.0 == 500).count();
        assert!((8..40).contains(&failed), "{failed}");
        for seed in 0..3 {
            let mut shuffled = straight.clone();
            let mut draws = Draws::new(seed, Stream::Mission);
            for last in (1..shuffled.len()).rev() {
                shuffled.swap(last, draws.below(last as u32 + 1) as usize);
            }
            assert_eq!(answers(shuffled).await, expected);
        }
    });
}
