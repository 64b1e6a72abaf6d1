//! The metrics of runs.

use turingos::trap::TrapKind;
use turingos_run::scenario::{BuiltIn, Metrics, run_seed};

#[test]
fn metrics_match_the_run() {
    let scenario = BuiltIn::named("interrupted-edit").unwrap().scenario();
    let metrics = run_seed(&scenario, 0, 1).metrics;
    // Two torn edits, a full disk and a torn progress file, one after the other.
    assert_eq!(metrics.trap(TrapKind::IoFault), 4);
    assert_eq!(metrics.recoveries_begun, 4);
    assert_eq!(metrics.recovered(), 4);
    assert_eq!((metrics.appends_tried, metrics.appends_taken), (6, 5));
    assert_eq!(metrics.p + metrics.e, metrics.ticks);
    assert_eq!(metrics.completion_at(5_000), 10_000);
    let quiet = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let metrics = run_seed(&quiet, 0, 1).metrics;
    assert_eq!((metrics.drifted, metrics.recoveries_begun), (0, 0));
    let noisy = run_seed(&quiet, 3_000, 1).metrics;
    assert!(noisy.drifted > 0 && noisy.recoveries_begun > 0, "{noisy:?}");
    assert!(noisy.placed < noisy.ticks, "{noisy:?}");
}

/// The three figures of TuringOS measure other things than ours of the same name.
#[test]
fn figures_of_turingos_stand_beside_ours() {
    let scenario = BuiltIn::named("ordered-pipeline").unwrap().scenario();
    let whole = run_seed(&scenario, 0, 1).metrics;
    let averages = |metrics: &Metrics| {
        let averages = [
            metrics.right_files,
            metrics.done_prefix,
            metrics.unparsed_pointers,
        ];
        averages.map(|average| average.average().unwrap())
    };
    assert_eq!(averages(&whole), [10_000, 10_000, 0]);
    // With nothing but noise no file is made and no step is done.
    let noise = run_seed(&scenario, 10_000, 1).metrics;
    let [files, prefix, unparsed] = averages(&noise);
    assert!(files < 10_000 && prefix < 10_000, "{noise:?}");
    assert_eq!(prefix, noise.completion_average());
    let drifted = noise.drifted * 10_000 / noise.placed.max(1);
    assert!((1..drifted).contains(&unparsed), "{noise:?}");
}
