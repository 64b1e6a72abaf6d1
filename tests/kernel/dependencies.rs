//! The kernel's dependencies, as cargo resolves them: few, known, and without `std`.
//!
//! `tests/no_std` proves by linking that nothing below the kernel uses the standard library; this
//! test is quicker, and it also notices a crate that is new.

use std::process::Command;

/// What the kernel stands on. A name that is new here is a decision, not an accident.
const ALLOWED: [&str; 18] = [
    "block-buffer",
    "cfg-if",
    "cpufeatures",
    "crypto-common",
    "digest",
    "hybrid-array",
    "itoa",
    "memchr",
    "percent-encoding",
    "regex",
    "regex-automata",
    "regex-syntax",
    "serde",
    "serde_core",
    "serde_json",
    "sha2",
    "typenum",
    "zmij",
];

/// What runs in the compiler only: derive macros, and what they stand on.
const COMPILE_TIME: [&str; 5] = [
    "proc-macro2",
    "quote",
    "serde_derive",
    "syn",
    "unicode-ident",
];

fn resolved() -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "turingos", "--edges"])
        .args(["normal,features", "--prefix", "none"])
        .args(["--locked", "--offline"])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ])
        .output()
        .expect("cargo built this test, so it can be run");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("crate names are ASCII")
}

#[test]
fn nothing_below_the_kernel_has_a_std_feature() {
    let with_std: Vec<_> = resolved()
        .lines()
        .filter(|line| line.contains("feature \"std\""))
        .map(String::from)
        .collect();
    assert_eq!(with_std, [""; 0]);
}

#[test]
fn the_kernel_depends_on_known_crates_only() {
    let mut unknown: Vec<_> = resolved()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| {
            *name != "turingos" && !ALLOWED.contains(name) && !COMPILE_TIME.contains(name)
        })
        .map(String::from)
        .collect();
    unknown.sort();
    unknown.dedup();
    assert_eq!(unknown, [""; 0]);
}
