//! The page about a sweep.

use std::fs;

use tempfile::TempDir;
use turingos::trap::TrapKind;
use turingos_agents::{NoiseKind, ProviderFaultKind};
use turingos_sweep::{
    Differs, FileHeader, Opened, Outline, Plan, Points, Runner, Shard, ShardJobs, SweepError,
    SweepFile, SweepReport, WHOLE_FILE,
};

use crate::stage::{PROGRAM, keep, plan};

fn html(directory: &TempDir) -> String {
    SweepReport::read(directory.path()).unwrap().to_html()
}

fn swept(plan: &Plan) -> TempDir {
    let directory = TempDir::new().unwrap();
    assert!(keep(directory.path(), plan, None, u64::MAX).unwrap());
    directory
}

#[test]
fn same_sweep_gives_the_same_bytes() {
    let plan = plan(0..16);
    let directory = swept(&plan);
    let page = html(&directory);
    assert!(page == html(&swept(&plan)));
    for part in [
        "<title>Sweep of seeds 0..16</title>",
        "<b class=\"badge failed\">FAILED</b>",
        " of 32 runs failed, ",
        "sim run log-hunt --seed ",
        "<b>Reached so far</b>",
        "up to seed 15: ",
        "<td class=\"code\">trap/CPU_FAULT/P</td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Every failed run is in a group and in the chart.
    let report = SweepReport::read(directory.path()).unwrap();
    let failed = report.totals().summary.failed;
    assert!(failed > 0 && !report.passed());
    let of_subject = format!("noise 0.8</td><td class=\"n\">16</td><td class=\"n\">{failed}</td>");
    assert!(page.contains(&of_subject), "{of_subject}");
}

#[test]
fn ledger_is_shown_whole() {
    let directory = swept(&plan(0..6));
    let page = html(&directory);
    let report = SweepReport::read(directory.path()).unwrap();
    let ledger = &report.totals().ledger;
    for (name, entry) in ledger.named() {
        let (family, rest) = name.split_once('/').unwrap();
        let shown = match entry {
            None => format!("<code>{rest}</code> "),
            Some((count, seed)) => format!(
                "<td class=\"code\">{family}/{rest}</td><td class=\"n\">{count}</td>\
                 <td class=\"n\">{seed}</td>"
            ),
        };
        // A count of four digits is grouped.
        assert!(page.replace(',', "").contains(&shown), "{shown}");
    }
    let cells = page.matches("<td class=\"heat-").count();
    assert_eq!(cells, Points::all().len() - Points::all().named());
    assert_eq!(page.matches("<th><span>").count(), TrapKind::ALL.len());
    for kind in [NoiseKind::ALL[0].name(), ProviderFaultKind::ALL[0].name()] {
        assert!(page.contains(&format!("<tr><th>{kind}</th>")), "{kind}");
    }
}

/// Writes a sweep of two seeds with this command, the first run altered.
fn with_command(command: &str, differs: Option<Differs>) -> TempDir {
    let plan = plan(0..2);
    let directory = TempDir::new().unwrap();
    let header = FileHeader::new(Outline::of(&plan).with_command(command.to_owned()), PROGRAM);
    let jobs = ShardJobs::of(&plan.seeds, 2, None, 0);
    let opened = SweepFile::open(directory.path(), &header, &jobs).unwrap();
    let Opened::Unfinished(mut file, mut totals) = opened else {
        panic!("a new file");
    };
    let mut runner = Runner::new(&plan);
    for job in 0..jobs.count() {
        let (seed, subject) = jobs.at(job);
        let mut finished = runner.run(seed, subject);
        if job == 0 {
            finished.line.differs = differs.clone();
        }
        totals.add(&finished);
        file.add(&finished.line, &totals.ledger).unwrap();
    }
    file.finish(&totals).unwrap();
    directory
}

#[test]
fn command_of_a_hostile_path_stays_text() {
    let evil = "sim sweep --scenario '</pre><script>alert(1)</script>\u{202e}.json'";
    let page = html(&with_command(evil, None));
    assert!(!page.contains("<script>") && !page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
}

#[test]
fn run_that_differs_in_a_fresh_process_fails_the_sweep() {
    for (tick, said) in [
        (Some(17), "first differs at tick <b>17</b>"),
        (
            None,
            "differs <b>only after earlier runs in one process</b>",
        ),
    ] {
        let root = PROGRAM;
        let page = html(&with_command("sim sweep", Some(Differs { root, tick })));
        assert!(page.contains("FAILED</b>"), "{page}");
        assert!(page.contains("1 runs had another result"), "{page}");
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn sweep_that_is_not_whole_has_no_report() {
    let plan = plan(0..10);
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    assert!(!SweepReport::is_in(path));
    let refused = |part: &str| {
        let error = SweepReport::read(path).unwrap_err();
        assert!(matches!(error, SweepError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    };
    let shard = Shard::new(0, 2).unwrap();
    assert!(keep(path, &plan, Some((shard, 100)), u64::MAX).unwrap());
    assert!(SweepReport::is_in(path));
    refused("the shards are not merged");
    let shard = path.join(shard.file_name());
    fs::rename(&shard, path.join(WHOLE_FILE)).unwrap();
    refused("it holds shard 0/2 only");
    fs::remove_file(path.join(WHOLE_FILE)).unwrap();
    assert!(!keep(path, &plan, None, 3).unwrap());
    assert!(SweepReport::is_in(path));
    refused("the sweep is unfinished");
    assert!(keep(path, &plan, None, u64::MAX).unwrap());
    let file = path.join(WHOLE_FILE);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"ticks\":60", "\"ticks\":61", 1)).unwrap();
    refused("its end does not fit its lines");
}
