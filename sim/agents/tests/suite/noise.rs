//! The effect of each kind of noise on a reply, checked with a plain JSON parser.

use std::collections::BTreeMap;

use serde_json::Value;
use turingos::dispatch::Lane;
use turingos::isa::Opcode;
use turingos_agents::{
    AgentProfile, Intent, Noise, NoiseClass, NoiseKind, NoiseRates, ProviderFaultKind, Request,
    Spelling,
};

const FRAME: &str = "[OS_CONTRACT]\n(none)\n\n[OS_CALL_STACK]\n[CALL_STACK_DEPTH] 0\n\n\
                     [OBSERVED_SLICE]\ntext";

fn request(tick: u64, q: &str) -> Request<'_> {
    Request {
        tick,
        lane: Lane::E,
        attempt: 0,
        system_prompt: "",
        q,
        frame: FRAME,
    }
}

/// One intent for each opcode, with every operand that has synonyms.
fn intents() -> Vec<Intent> {
    let operands: [(Opcode, &[&'static str]); 9] = [
        (Opcode::Write, &["payload", "semantic_cap"]),
        (Opcode::Exec, &["cmd"]),
        (Opcode::Goto, &["pointer"]),
        (Opcode::GitLog, &["path"]),
        (Opcode::Push, &["task"]),
        (Opcode::Edit, &["task"]),
        (Opcode::Move, &["task_id", "target_pos", "status"]),
        (Opcode::Pop, &[]),
        (Opcode::Halt, &[]),
    ];
    operands
        .into_iter()
        .map(|(opcode, keys)| {
            let mut intent = Intent::default();
            intent.reset(opcode);
            intent.thought.push_str("A façade, \"quoted\".");
            intent.q_next.push_str("MISSION 1 STEP 2/3\nGo on.");
            for key in keys {
                intent.operand(key).push_str("some — text\n");
            }
            intent
        })
        .collect()
}

fn said(kind: NoiseKind) -> Vec<(Intent, Vec<u8>)> {
    let mut noise = Noise::new(3, NoiseRates::none().with(kind, 10_000));
    let mut replies = Vec::new();
    for round in 0..40 {
        for intent in intents() {
            let mut text = Vec::new();
            let fired = noise.say(&request(round, "old q"), &intent, &mut text);
            if fired == Some(kind) {
                replies.push((intent, text));
            }
        }
    }
    assert!(replies.len() > 30, "{kind:?} fired {} times", replies.len());
    replies
}

fn canonical(intent: &Intent) -> Value {
    let mut text = Vec::new();
    intent.spell(Spelling::CANONICAL, &mut text);
    serde_json::from_slice(&text).unwrap()
}

fn transition_in(text: &str) -> Value {
    let (start, end) = (text.find('{').unwrap(), text.rfind('}').unwrap());
    serde_json::from_str(&text[start..=end]).unwrap()
}

#[test]
fn names_are_unique_and_match_indices() {
    let names: std::collections::BTreeSet<_> =
        NoiseKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), NoiseKind::COUNT);
    for (index, kind) in NoiseKind::ALL.iter().copied().enumerate() {
        assert_eq!(kind as usize, index);
    }
    for (index, kind) in ProviderFaultKind::ALL.iter().copied().enumerate() {
        assert_eq!(kind as usize, index);
    }
}

#[test]
fn wrapping_and_spacing_keep_the_transition() {
    for kind in [
        NoiseKind::MarkdownFence,
        NoiseKind::SurroundingProse,
        NoiseKind::ThinkBlock,
        NoiseKind::PrettyPrinted,
    ] {
        for (intent, text) in said(kind) {
            let text = String::from_utf8(text).unwrap();
            assert_eq!(transition_in(&text), canonical(&intent), "{kind:?}");
            assert_ne!(text, canonical(&intent).to_string());
        }
    }
}

#[test]
fn spellings_keep_the_values() {
    let values = |syscall: &Value| -> Vec<String> {
        let members = syscall.as_object().unwrap().values();
        let mut values: Vec<String> = members
            .map(|value| value.as_str().unwrap().to_uppercase())
            .map(|value| match value.as_str() {
                "SYS_GITLOG" => "SYS_GIT_LOG".to_owned(),
                "SYS_STACK_EDIT" => "SYS_EDIT".to_owned(),
                "SYS_STACK_MOVE" => "SYS_MOVE".to_owned(),
                _ => value,
            })
            .collect();
        values.sort();
        values
    };
    for kind in [NoiseKind::OpcodeSpelling, NoiseKind::OperandSynonyms] {
        for (intent, text) in said(kind) {
            let reply: Value = serde_json::from_slice(&text).unwrap();
            let meant = canonical(&intent);
            assert_eq!(reply["q_next"], meant["q_next"]);
            assert_eq!(values(&reply["a_t"]), values(&meant["a_t"]));
        }
    }
}

#[test]
fn invalid_json_does_not_parse() {
    for kind in [
        NoiseKind::TruncatedJson,
        NoiseKind::TwoTransitions,
        NoiseKind::ProseOnly,
        NoiseKind::TrailingTransition,
        NoiseKind::NotUtf8,
        NoiseKind::Lost,
    ] {
        for (_, text) in said(kind) {
            assert!(serde_json::from_slice::<Value>(&text).is_err(), "{kind:?}");
            assert!(kind.must_be_refused());
        }
    }
    for (_, text) in said(NoiseKind::NotUtf8) {
        assert!(String::from_utf8(text).is_err());
    }
    for (_, text) in said(NoiseKind::TruncatedJson) {
        assert!(!text.is_empty() && String::from_utf8(text).is_ok());
    }
    for (_, text) in said(NoiseKind::TrailingTransition) {
        let mut objects = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
        let first = objects.next().unwrap().unwrap();
        let second = objects.next().unwrap().unwrap();
        assert_ne!(first["a_t"], second["a_t"]);
    }
}

#[test]
fn valid_json_has_the_named_flaw() {
    let opcodes: Vec<&str> = Opcode::ALL.iter().map(|opcode| opcode.name()).collect();
    for (_, text) in said(NoiseKind::WrongOpcode) {
        let reply: Value = serde_json::from_slice(&text).unwrap();
        assert!(!opcodes.contains(&reply["a_t"]["op"].as_str().unwrap()));
    }
    for kind in [NoiseKind::UnknownField, NoiseKind::ForeignOperand] {
        for (intent, text) in said(kind) {
            let reply: Value = serde_json::from_slice(&text).unwrap();
            let meant = canonical(&intent);
            let members = |value: &Value| value["a_t"].as_object().unwrap().len();
            assert_eq!(members(&reply), members(&meant) + 1, "{kind:?}");
        }
    }
    for (_, text) in said(NoiseKind::NullOperand) {
        assert!(String::from_utf8(text).unwrap().contains(":null"));
    }
    for (_, text) in said(NoiseKind::WrongType) {
        assert!(String::from_utf8(text).unwrap().contains(":1.5"));
    }
    for (intent, text) in said(NoiseKind::DuplicateKey) {
        // A parser that keeps the last value reads something else than what was meant, and has
        // nothing left of the repeated key.
        let reply: Value = serde_json::from_slice(&text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let meant = canonical(&intent);
        assert!(text.len() > meant.to_string().len());
        let members = |value: &Value| value["a_t"].as_object().unwrap().len();
        assert_eq!(members(&reply), members(&meant));
    }
    for (_, text) in said(NoiseKind::ArrayForObject) {
        let reply: Value = serde_json::from_slice(&text).unwrap();
        assert!(reply["a_t"].is_array());
    }
    for (_, text) in said(NoiseKind::EmptyObject) {
        assert_eq!(text, b"{}");
    }
    for (_, text) in said(NoiseKind::DeepNesting) {
        assert!(String::from_utf8(text).unwrap().contains(&"[".repeat(600)));
    }
}

#[test]
fn oversized_is_well_formed() {
    let mut noise = Noise::new(1, NoiseRates::none().with(NoiseKind::Oversized, 10_000));
    let mut text = Vec::new();
    noise.say(&request(0, "q"), &intents()[0], &mut text);
    assert!(text.len() > 256 * 1024);
    let reply: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(reply["a_t"]["op"], "SYS_POP");
}

#[test]
fn misbehaviour_decodes_and_keeps_q() {
    let kinds = NoiseKind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.class() == NoiseClass::Misbehaving && *kind != NoiseKind::Lost);
    for kind in kinds {
        for (_, text) in said(kind) {
            let reply: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(reply["q_next"], "old q", "{kind:?}");
        }
    }
    let mut noise = Noise::new(8, NoiseRates::none().with(NoiseKind::Lost, 400));
    let mut longest = 0;
    let mut run = 0;
    for tick in 0..3_000 {
        let fired = noise.say(&request(tick, "q"), &intents()[0], &mut Vec::new());
        run = if fired.is_some() { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    assert!((20..=84).contains(&longest), "{longest}");
}

#[test]
fn behaviour_ends_at_boot() {
    let mut noise = Noise::new(8, NoiseRates::none().with(NoiseKind::Lost, 5_000));
    let mut tick = 0;
    while noise
        .say(&request(tick, "q"), &intents()[0], &mut Vec::new())
        .is_none()
    {
        tick += 1;
    }
    let boots = (0..20).filter(|_| {
        let fired = noise.say(&request(tick, "BOOT 3"), &intents()[0], &mut Vec::new());
        fired.is_none()
    });
    assert!(boots.count() > 3);
}

#[test]
fn swarm_turns_off_half_the_kinds() {
    let mut off_total = 0;
    for seed in 0..20 {
        let profile = AgentProfile::hostile().swarm(seed);
        assert_eq!(profile, AgentProfile::hostile().swarm(seed));
        let mut noise = Noise::new(seed, profile.noise.clone());
        let mut fired = BTreeMap::new();
        for tick in 0..2_000 {
            let intent = &intents()[(tick % 9) as usize];
            if let Some(kind) = noise.say(&request(tick, "q"), intent, &mut Vec::new()) {
                *fired.entry(kind).or_insert(0) += 1;
            }
        }
        let off = NoiseKind::ALL
            .iter()
            .copied()
            .filter(|kind| profile.noise.rate(*kind) == 0);
        for kind in off {
            off_total += 1;
            assert!(!fired.contains_key(&kind), "{kind:?} is off");
        }
    }
    assert!((230..430).contains(&off_total), "{off_total}");
}

#[test]
fn routine_is_well_formed() {
    let profile = AgentProfile::routine();
    assert!(!profile.lasting_faults);
    for kind in NoiseKind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.must_be_refused())
    {
        assert_eq!(profile.noise.rate(kind), 0);
    }
    let total = |profile: &AgentProfile| -> u32 {
        NoiseKind::ALL
            .iter()
            .copied()
            .map(|kind| u32::from(profile.noise.rate(kind)))
            .sum()
    };
    assert!(total(&profile) < 800);
    assert!(total(&AgentProfile::hostile()) < 5_000);
    for &kind in NoiseKind::ALL {
        assert!(AgentProfile::hostile().noise.rate(kind) > 0);
    }
}
