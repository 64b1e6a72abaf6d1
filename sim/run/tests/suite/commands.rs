//! The command that repeats a run, and the names and settings that it is made of.

use turingos::dispatch::Lane;
use turingos_agents::{AgentProfile, NoiseKind};
use turingos_run::scenario::{AgentKind, BuiltIn, Place, Scenario, noise_text};
use turingos_run::{Header, Kind, Profile, RunKind, Sandbox, scenario, soak};

fn mission() -> Scenario {
    BuiltIn::named("log-hunt").unwrap().scenario()
}

fn settings(noise: u16) -> scenario::Settings {
    scenario::Settings::of(mission(), Profile::Routine, AgentKind::Worker, noise)
}

#[test]
fn soak_is_repeated_with_its_flags() {
    let routine = Profile::Routine;
    let plain = soak::Settings::header(routine, 7, 1_200);
    let command = "sim soak --ticks 1200 --seed 7 --profile routine";
    assert_eq!(plain.command(None), command);
    let mut settings = soak::Settings::of(Profile::Hostile).swarm(7);
    settings.kernel.route.single_lane = Some(Lane::P);
    let header = settings.into_header(Profile::Hostile, 7, 50);
    assert_eq!(
        header.command(None),
        "sim soak --ticks 50 --seed 7 --profile hostile --swarm --single-lane P"
    );
}

#[test]
fn scenario_is_repeated_with_its_flags() {
    let command = |settings: scenario::Settings, profile| {
        let header: Header<_> = settings.into_header(profile, 3);
        header.command(None)
    };
    assert_eq!(
        command(settings(500), Profile::Routine),
        "sim run log-hunt --seed 3 --noise 0.05 --agent worker --profile routine"
    );
    let mut all = settings(0)
        .swarm(3)
        .in_a_directory()
        .named_by("a file.json");
    all.source = "a file.json".to_owned();
    all.agent = AgentKind::Clerk;
    all.kernel.route.single_lane = Some(Lane::E);
    assert_eq!(
        command(all, Profile::Hostile),
        "sim run 'a file.json' --seed 3 --noise 0 --agent clerk --profile hostile --swarm \
         --workspace NEW_DIRECTORY --single-lane E"
    );
}

#[test]
fn noise_level_is_a_decimal_fraction() {
    for (level, text) in [
        (0, "0"),
        (1, "0.0001"),
        (50, "0.005"),
        (500, "0.05"),
        (5_000, "0.5"),
        (9_999, "0.9999"),
        (10_000, "1"),
        (10_500, "1.05"),
    ] {
        assert_eq!(noise_text(level), text);
    }
}

/// A file that holds a built-in scenario has its header and its root.
#[test]
fn built_in_scenario_keeps_its_name() {
    assert_eq!(settings(0).named_by("copy/of.json").source, "log-hunt");
    for (member, value) in [
        ("about", serde_json::json!("Another one.")),
        ("name", serde_json::json!("of-my-own")),
    ] {
        let text = BuiltIn::named("log-hunt").unwrap().text;
        let mut document: serde_json::Value = serde_json::from_str(text).unwrap();
        document[member] = value;
        let scenario = Scenario::parse(document.to_string().as_bytes()).unwrap();
        let profile = Profile::Routine;
        let settings = scenario::Settings::of(scenario, profile, AgentKind::Worker, 0);
        assert_eq!(settings.named_by("own.json").source, "own.json");
    }
}

#[test]
fn settings_follow_from_profile_and_noise() {
    let hostile = scenario::Settings::of(mission(), Profile::Hostile, AgentKind::Worker, 7);
    assert_eq!(hostile.speech, AgentProfile::hostile());
    let noisy = settings(700);
    assert_eq!(noisy.speech, AgentProfile::at_noise(700));
    assert_eq!(
        (noisy.noise, noisy.place, noisy.swarm),
        (700, Place::Memory, false)
    );
    assert_eq!(noisy.kernel.test_commands, mission().test_commands());
    let prompt = turingos_run::system_prompt::system_prompt();
    let chars = prompt.chars().count();
    assert_eq!(noisy.kernel.system_prompt_chars as usize, chars);
    let soak = soak::Settings::of(Profile::Routine);
    assert_eq!(soak.kernel.system_prompt_chars as usize, chars);
    assert_eq!(settings(0).in_a_directory().place, Place::Directory);
    // Swarm testing turns kinds off, by the seed.
    let swarm = |seed| settings(5_000).swarm(seed);
    assert!(swarm(1).swarm && swarm(1).speech == swarm(1).speech);
    assert_ne!(swarm(1).speech, swarm(2).speech);
    let rates = |settings: &scenario::Settings| {
        let kinds = NoiseKind::ALL.iter();
        let on = kinds.filter(|kind| settings.speech.noise.rate(**kind) > 0);
        on.count()
    };
    assert!(rates(&swarm(1)) < rates(&settings(5_000)));
}

/// What is off is not in a header, so that older headers stay as they are.
#[test]
fn header_names_swarm_and_sandbox_only_if_they_are_on() {
    let text = |settings: scenario::Settings| {
        let header = settings.into_header(Profile::Routine, 3);
        let bytes = header.to_bytes();
        assert_eq!(Header::from_bytes(&bytes).unwrap(), header);
        String::from_utf8(bytes).unwrap()
    };
    let plain = text(settings(0));
    assert!(!plain.contains("\"swarm\":") && !plain.contains("\"sandbox\":"));
    assert!(text(settings(0).swarm(1)).contains("\"swarm\":true,"));
    let sandboxed = text(settings(0).in_sandbox(Some(Sandbox::None)));
    assert!(sandboxed.contains("\"sandbox\":"), "{sandboxed}");
}

#[test]
fn kind_of_a_header_tells_its_run() {
    let soak = soak::Settings::header(Profile::Hostile, 7, 40);
    let soak = Kind::of(&soak.to_bytes()).unwrap();
    assert_eq!((soak.run_name().as_str(), soak.ticks()), ("soak", 40));
    assert_eq!(soak.seed_and_profile(), (7, Profile::Hostile));
    let run = settings(0).into_header(Profile::Routine, 3);
    let run = Kind::of(&run.to_bytes()).unwrap();
    assert_eq!(run.run_name(), "log-hunt");
    assert_eq!(run.ticks(), mission().tick_limit());
    assert_eq!(Kind::known(), "soak, scenario, live, fork");
    let names: Vec<_> = RunKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.join(", "), Kind::known());
    let error = Kind::of(b"{\"format\":\"turingos.run/1\",\"kind\":\"dream\"}").unwrap_err();
    assert_eq!(error.to_string(), "its kind is `dream`");
}
