//! A directory that turns into a link while files are read, written and listed through it.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{SECRET, Scene};

const ROUNDS: usize = 150;

/// Swaps `dir` and `link`, as fast as it can, until told to stop; counts how many times.
fn swap(root: &Path, stop: &AtomicBool, swaps: &AtomicUsize) {
    let (dir, link) = (root.join("dir"), root.join("link"));
    while !stop.load(Ordering::Relaxed) {
        renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
        swaps.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn swapped_directory_does_not_lead_out() {
    let mut scene = Scene::new();
    scene.write("dir/secret", "inside").unwrap();
    scene.write("dir/sub/secret", "inside").unwrap();
    symlink(scene.outside(""), scene.inside("link")).unwrap();
    let root = scene.inside("");
    let (stop, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut outcomes = [0; 2];
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&root, &stop, &swaps));
        for round in 0..ROUNDS {
            let name = if round % 2 == 0 { "dir" } else { "link" };
            let read = scene.read(&format!("{name}/secret"));
            outcomes[usize::from(read.is_ok())] += 1;
            let listed = scene.list(name);
            let written = scene.write(&format!("{name}/secret"), "inside");
            let _ = scene.write(&format!("{name}/new{round}/deep/file"), "x");
            outcomes[usize::from(written.is_ok())] += 1;
            // Whatever is wrong must not keep the other thread from its end.
            let seen_outside = read.is_ok_and(|text| text == SECRET)
                || listed.is_ok_and(|names| !names.iter().any(|name| name == "sub/"));
            if seen_outside {
                stop.store(true, Ordering::Relaxed);
                panic!("round {round} saw what stands outside");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    scene.check_outside();
    // Both sides of the race were met.
    assert!(swaps.into_inner() > ROUNDS);
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}
