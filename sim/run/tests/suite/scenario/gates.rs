//! What the gates of a scenario say, and the end of a run that they judge.

use serde_json::json;
use turingos::Digest;
use turingos::manifold::Manifold;
use turingos_run::scenario::{
    AgentKind, BuiltIn, Ending, Outcome, Scenario, ScenarioRun, Settings,
};
use turingos_run::soak::on_virtual_time;
use turingos_run::{Gate, Profile};

use super::{changed, failed, header, judged};

fn pipeline() -> Scenario {
    BuiltIn::named("ordered-pipeline").unwrap().scenario()
}

fn detail<'o>(outcome: &'o Outcome, id: &str) -> &'o str {
    let gate = outcome.gates.iter().find(|gate| gate.id == id);
    &gate.unwrap().detail
}

#[test]
fn passed_run_says_what_was_measured() {
    let scenario = pipeline();
    let outcome = judged(&header(&scenario, 0, 1), |_| {});
    assert!(outcome.passed());
    assert_eq!(
        (outcome.ending, outcome.ending.name()),
        (Ending::Halted, "halted")
    );
    let (ticks, limit) = (outcome.metrics.ticks, scenario.tick_limit());
    assert!(ticks < limit);
    let expected = scenario.expected().len();
    for (id, told) in [
        ("halted", format!("halted after {ticks} of {limit} ticks")),
        ("contract-done", "5 of 5 steps".to_owned()),
        ("files-as-expected", format!("{expected} of {expected}")),
        ("traps-met", "0 of 0".to_owned()),
    ] {
        assert_eq!(detail(&outcome, id), told);
    }
    assert_eq!(outcome.metrics.right_files.average(), Some(10_000));
    assert_eq!((outcome.metrics.halted, outcome.metrics.limited), (1, 0));
}

#[test]
fn traps_that_did_not_fire_are_listed() {
    let recovery = BuiltIn::named("fault-recovery").unwrap().scenario();
    let outcome = judged(&header(&recovery, 0, 1), |_| {});
    let required = recovery.required_traps().len();
    assert!(required > 0);
    let told = format!("{required} of {required}");
    assert_eq!(detail(&outcome, "traps-met"), told);
    let scenario = changed("ordered-pipeline", |document| {
        document["required_traps"] = json!([
            {"trap": "DEADLOCK"},
            {"trap": "PAGE_FAULT", "at": "data/orders.csv"},
        ]);
    });
    let outcome = judged(&header(&scenario, 0, 1), |_| {});
    let told = "did not fire: DEADLOCK, PAGE_FAULT at data/orders.csv";
    assert_eq!(detail(&outcome, "traps-met"), told);
}

/// The header may ask for fewer ticks than the scenario allows.
#[test]
fn lower_of_two_limits_ends_the_run() {
    let scenario = pipeline();
    for (asked, limit) in [(10, 10), (u64::MAX, scenario.tick_limit())] {
        let mut header = header(&scenario, 0, 1);
        header.ticks = asked;
        let outcome = judged(&header, |_| {});
        let told = format!("of {limit} ticks");
        assert!(detail(&outcome, "halted").ends_with(&told), "{outcome:?}");
        if asked == 10 {
            assert_eq!(outcome.ending, Ending::TickLimit);
            assert_eq!(outcome.ending.name(), "tick limit");
            assert_eq!((outcome.metrics.halted, outcome.metrics.limited), (0, 1));
            assert_eq!(outcome.metrics.passed, 0);
        }
    }
}

#[test]
fn stopped_run_says_why() {
    let header = header(&pipeline(), 0, 1);
    let outcome = on_virtual_time(async {
        let mut run = ScenarioRun::seeded(&header);
        for _ in 0..7 {
            run.tick().await.unwrap();
        }
        assert!(run.has_next());
        run.stop("budget spent");
        assert!(!run.has_next());
        assert!(run.tick().await.unwrap().is_none());
        run.outcome().unwrap()
    });
    assert_eq!(outcome.ending, Ending::Stopped("budget spent"));
    assert_eq!(outcome.ending.name(), "budget spent");
    assert!(detail(&outcome, "halted").starts_with("budget spent after 7 of "));
    assert_eq!((outcome.metrics.halted, outcome.metrics.limited), (0, 0));
}

/// A run that spent its panic budget is neither halted nor at its limit.
#[test]
fn failed_run_says_so() {
    let profile = Profile::Routine;
    let mut settings = Settings::of(pipeline(), profile, AgentKind::Worker, 0);
    let prose = turingos_agents::NoiseKind::ProseOnly;
    settings.speech.noise = settings.speech.noise.with(prose, 10_000);
    let outcome = judged(&settings.into_header(profile, 1), |_| {});
    assert_eq!(
        (outcome.ending, outcome.ending.name()),
        (Ending::Failed, "failed")
    );
    assert_eq!((outcome.metrics.halted, outcome.metrics.limited), (0, 0));
}

fn write(world: &mut impl Manifold, path: &str, text: &str) {
    let path = path.parse().unwrap();
    world.write(&path, text, Digest::EMPTY, 0).unwrap();
}

#[test]
fn differing_files_are_named_and_counted() {
    let scenario = pipeline();
    let expected = scenario.expected().len() as u64;
    let outcome = judged(&header(&scenario, 0, 1), |run| {
        write(run.world_mut(), "work/total.txt", "lots\n");
        write(run.world_mut(), "out/result.json", "{\"orders\":");
    });
    assert_eq!(failed(&outcome), ["files-as-expected"]);
    let told = detail(&outcome, "files-as-expected");
    let (total, result): (Vec<_>, Vec<_>) = told
        .split("; ")
        .partition(|part| part.starts_with("work/total.txt: differs at byte 0"));
    assert!(!total.is_empty(), "{told}");
    assert!(
        result
            .iter()
            .any(|part| part.starts_with("out/result.json: not JSON: ")),
        "{told}"
    );
    let right = (expected - 2) * 10_000 / expected;
    assert_eq!(outcome.metrics.right_files.average(), Some(right));
}

#[test]
fn text_differs_at_its_first_other_byte() {
    let scenario = changed("ordered-pipeline", |document| {
        document["expected"] = json!({"work/total.txt": {"text": "abcd"}});
    });
    for (text, told) in [
        ("abcd", "1 of 1"),
        (
            "abXd",
            "work/total.txt: differs at byte 2; 4 bytes, expected 4",
        ),
        (
            "abcde",
            "work/total.txt: differs at byte 4; 5 bytes, expected 4",
        ),
        ("", "work/total.txt: differs at byte 0; 0 bytes, expected 4"),
    ] {
        let outcome = judged(&header(&scenario, 0, 1), |run| {
            write(run.world_mut(), "work/total.txt", text);
        });
        assert_eq!(detail(&outcome, "files-as-expected"), told);
    }
}

/// TuringOS counts lines `DONE:STEP`, and skips lines of another form; the contract does not.
#[test]
fn prefix_of_done_lines_is_counted_as_turingos_does() {
    let scenario = pipeline();
    for (text, prefix, done) in [
        ("", 0, 0),
        ("DONE:INGEST\n", 1, 1),
        ("DONE:INGEST\nDONE:FILTER\n", 2, 2),
        ("DONE:FILTER\nDONE:INGEST\n", 0, 0),
        ("DONE:INGEST\nDONE:SUM\nDONE:MANIFEST\n", 1, 1),
        ("  DONE: INGEST \nDONE:FILTER\n", 2, 0),
        ("begun\nDONE:INGEST\n", 1, 0),
        ("DONE:\nDONE:INGEST\n", 1, 0),
    ] {
        let outcome = judged(&header(&scenario, 0, 1), |run| {
            write(run.world_mut(), "plan/progress.log", text);
        });
        let share = |steps: u64| Some(steps * 10_000 / 5);
        let found = outcome.metrics.done_prefix.average();
        assert_eq!(found, share(prefix), "{text:?}");
        assert_eq!(
            Some(outcome.metrics.completion_average()),
            share(done),
            "{text:?}"
        );
        assert_eq!(
            detail(&outcome, "contract-done"),
            format!("{done} of 5 steps")
        );
    }
    let outcome = judged(&header(&scenario, 0, 1), |run| {
        let removed = run.world_mut().exec("rm plan/progress.log", 0);
        assert_eq!(removed.exit_code, 0, "{removed:?}");
    });
    assert_eq!(outcome.metrics.done_prefix.average(), Some(0));
}

#[test]
fn manifest_of_a_mission_counts_its_traps() {
    let scenario = BuiltIn::named("interrupted-edit").unwrap().scenario();
    let header = header(&scenario, 0, 1);
    let outcome = judged(&header, |_| {});
    let manifest = outcome.manifest(&header, None);
    let traps = outcome.metrics.traps.iter();
    let counts = traps.map(|(kind, count)| (kind.name().to_owned(), *count));
    assert_eq!(manifest.counts(), &counts.collect());
    assert!(!manifest.counts().is_empty());
    assert_eq!(manifest.gates(), outcome.gates);
    assert!(!manifest.gates().iter().any(Gate::failed));
    assert_eq!(
        (manifest.records(), manifest.root()),
        (outcome.metrics.ticks, outcome.root)
    );
    assert_eq!(manifest.reproduce(), header.command(None));
}

#[test]
fn time_of_a_run_is_that_of_its_last_record() {
    let header = header(&pipeline(), 500, 1);
    on_virtual_time(async {
        let mut run = ScenarioRun::seeded(&header);
        let mut last = 0;
        while let Some(committed) = run.tick().await.unwrap() {
            assert!(committed.record.time_us >= last);
            last = committed.record.time_us;
        }
        assert!(last > 0);
        assert_eq!(
            (run.now_us(), run.outcome().unwrap().sim_time_us),
            (last, last)
        );
    });
}
