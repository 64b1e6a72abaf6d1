//! Rules and matching: rules are refused with their place or survive being written; every recorded
//! request matches itself once, in any order.

use std::sync::LazyLock;

use turingos_matching::{Learner, Matcher, Recorded, Request, Rules, canonical_json};
use turingos_schema::{Checker, Schema};

/// Separates the rules from the bodies of requests, which have a line each.
const SEPARATOR: &str = "\n---\n";

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    let schema = Schema::named("match-rules.v1");
    Checker::of(schema.expect("the schema named here is embedded in the program"))
});

/// A file of rules, a line `---`, and bodies.
///
/// # Panics
/// If a property does not hold.
pub fn matching(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (file, bodies) = text.split_once(SEPARATOR).unwrap_or((&text, ""));
    let rules = match Rules::parse(file.as_bytes()) {
        Ok(rules) => rules,
        Err(fault) => {
            let line = fault.to_string();
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert!(!fault.place.is_empty() && line.len() < 2_000, "{line}");
            return;
        }
    };
    let table: toml::Table = toml::from_str(file).expect("rules are TOML");
    let document = serde_json::to_value(table).expect("their values are JSON values");
    assert_eq!(
        CHECKER.violation(&document),
        None,
        "the schema refuses accepted rules"
    );
    let written = Rules::parse(rules.to_toml().as_bytes());
    assert_eq!(written.as_ref(), Ok(&rules));
    let numbered = (1..).zip(bodies.lines().take(32));
    let tape: Vec<_> = numbered
        .map(|(number, body)| Recorded {
            number,
            request: Request {
                body: body.as_bytes().to_vec(),
                ..Request::default()
            },
        })
        .collect();
    every_request_matches_itself_once(&tape, &rules);
    misses_are_explained(tape, &rules);
    for body in bodies.lines() {
        if let Some(canonical) = canonical_json(body) {
            assert_eq!(canonical_json(&canonical).as_ref(), Some(&canonical));
        }
    }
}

fn every_request_matches_itself_once(tape: &[Recorded], rules: &Rules) {
    let mut matcher = Matcher::new(tape.to_vec(), rules.clone());
    let mut taken: Vec<_> = (tape.iter().rev())
        .filter_map(|recorded| {
            // Values that two requests have under other links are bound by the first.
            let taken = matcher.take(&recorded.request).ok()?;
            let chunks = vec![recorded.request.body.clone()];
            matcher.translate(chunks);
            Some(taken.position)
        })
        .collect();
    let count = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), count, "a recording was taken twice");
    assert_eq!(matcher.counts(), (tape.len(), tape.len() - count));
    if rules.document().alias.is_empty() {
        assert_eq!(count, tape.len(), "a request does not match itself");
        for recorded in tape {
            assert!(matcher.take(&recorded.request).is_err());
        }
    }
}

fn misses_are_explained(mut tape: Vec<Recorded>, rules: &Rules) {
    let Some(other) = tape.pop() else {
        return;
    };
    let mut matcher = Matcher::new(tape.clone(), rules.clone());
    if let Err(miss) = matcher.take(&other.request) {
        assert!(!miss.lines().is_empty());
    }
    let mut learner = Learner::new(tape, rules.clone());
    if learner.take(&other.request).is_ok() {
        let learned = learner.rules();
        assert_eq!(Rules::parse(learned.to_toml().as_bytes()), Ok(learned));
    }
}
