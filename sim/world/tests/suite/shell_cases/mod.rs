//! Command lines of the in-memory world: exit code, output, messages and files.

mod changing;
mod language;

use turingos::Digest;
use turingos::Manifold;
use turingos::pointer::WorkspacePath;
use turingos_world::{Quota, World};

const FILES: [(&str, &str); 7] = [
    ("a.txt", "alpha\nbeta\ngamma\n"),
    ("b.txt", "10\n9\n2\n10\n"),
    ("src/main.rs", "fn main() {}\n"),
    ("src/lib.rs", "pub fn f() {}\n// f.\n"),
    ("notes/todo.md", "- one\n- two"),
    ("empty", ""),
    (".hidden", "h\n"),
];

fn world() -> World {
    World::with_files(Quota::default(), FILES).unwrap()
}

/// Line, exit code, standard output, standard error.
type Case = (&'static str, u8, &'static str, &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    for (line, exit_code, stdout, stderr) in cases {
        let outcome = world().exec(line, 7);
        assert_eq!(
            (
                outcome.exit_code,
                outcome.stdout.as_str(),
                outcome.stderr.as_str()
            ),
            (*exit_code, *stdout, *stderr),
            "{line}"
        );
    }
}

/// Line, exit code, and the files afterwards (`None`: missing).
type FileCase = (
    &'static str,
    u8,
    &'static [(&'static str, Option<&'static str>)],
);

#[track_caller]
fn check_files(cases: &[FileCase]) {
    for (line, exit_code, after) in cases {
        let mut world = world();
        let outcome = world.exec(line, 7);
        assert_eq!(outcome.exit_code, *exit_code, "{line}: {outcome:?}");
        for (path, content) in *after {
            assert_eq!(world.files().read(path).ok(), *content, "{line}: {path}");
        }
    }
}

#[test]
fn showing_files() {
    check(&[
        ("cat a.txt", 0, "alpha\nbeta\ngamma\n", ""),
        (
            "cat ./a.txt notes/todo.md",
            0,
            "alpha\nbeta\ngamma\n- one\n- two",
            "",
        ),
        ("cat none", 1, "", "cat: none: No such file or directory\n"),
        (
            "cat none .hidden",
            1,
            "h\n",
            "cat: none: No such file or directory\n",
        ),
        ("cat src", 1, "", "cat: src: Is a directory\n"),
        ("cat a.txt/x", 1, "", "cat: a.txt/x: Not a directory\n"),
        (
            "cat /etc/passwd",
            1,
            "",
            "cat: /etc/passwd: outside the workspace\n",
        ),
        ("cat ../x", 1, "", "cat: ../x: outside the workspace\n"),
        ("cat -A a.txt", 1, "", "cat: unknown option -A\n"),
        ("echo in | cat - .hidden", 0, "in\nh\n", ""),
        ("head -n 1 a.txt", 0, "alpha\n", ""),
        ("head -n2 a.txt", 0, "alpha\nbeta\n", ""),
        ("head -n 0 a.txt", 0, "", ""),
        ("head -n x a.txt", 1, "", "head: invalid number of lines\n"),
        ("tail -1 a.txt", 0, "gamma\n", ""),
        ("tail -n 1 notes/todo.md", 0, "- two", ""),
        ("tail -n 99 .hidden", 0, "h\n", ""),
        (
            "head -n 1 .hidden empty",
            0,
            "==> .hidden <==\nh\n\n==> empty <==\n",
            "",
        ),
        ("wc a.txt", 0, "3 3 17 a.txt\n", ""),
        ("wc -l a.txt b.txt", 0, "3 a.txt\n4 b.txt\n7 total\n", ""),
        ("wc -c empty", 0, "0 empty\n", ""),
        ("echo a b | wc -w", 0, "2\n", ""),
        ("sed -n 2p a.txt", 0, "beta\n", ""),
        ("sed -n '2,3p' a.txt", 0, "beta\ngamma\n", ""),
        ("sed -n '2,$p' a.txt", 0, "beta\ngamma\n", ""),
        ("sed -n '$p' a.txt", 0, "gamma\n", ""),
        ("sed -n '3,1p' a.txt", 0, "gamma\n", ""),
        ("sed -n '9p' a.txt", 0, "", ""),
        (
            "sed 's/a/b/' a.txt",
            1,
            "",
            "sed: only -n 'Np' and -n 'A,Bp' are supported\n",
        ),
        ("sort a.txt -r", 0, "gamma\nbeta\nalpha\n", ""),
        ("sort b.txt", 0, "10\n10\n2\n9\n", ""),
        ("sort -n b.txt", 0, "2\n9\n10\n10\n", ""),
        ("sort -rnu b.txt", 0, "10\n9\n2\n", ""),
        (
            "sort none",
            2,
            "",
            "sort: none: No such file or directory\n",
        ),
    ]);
}

#[test]
fn last_line_of_empty_input() {
    check(&[
        ("sed -n '$p' empty", 0, "", ""),
        ("sed -n '$,1p' empty", 0, "", ""),
        ("printf '' | sed -n '1,$p'", 0, "", ""),
    ]);
}

#[test]
fn searching() {
    check(&[
        ("grep beta a.txt", 0, "beta\n", ""),
        (
            "grep -n a b.txt a.txt",
            0,
            "a.txt:1:alpha\na.txt:2:beta\na.txt:3:gamma\n",
            "",
        ),
        ("grep delta a.txt", 1, "", ""),
        ("grep -c a a.txt", 0, "3\n", ""),
        ("grep -v a a.txt", 1, "", ""),
        ("grep -i BETA a.txt", 0, "beta\n", ""),
        ("grep -q beta a.txt && echo found", 0, "found\n", ""),
        ("grep ^b a.txt", 0, "beta\n", ""),
        ("grep 'ta$' a.txt", 0, "beta\n", ""),
        ("grep '^g.*a$' a.txt", 0, "gamma\n", ""),
        ("grep 'b.t' a.txt", 0, "beta\n", ""),
        ("grep '^beta$' a.txt", 0, "beta\n", ""),
        ("grep '^bet$' a.txt", 1, "", ""),
        ("grep 'f\\.' src/lib.rs", 0, "// f.\n", ""),
        ("grep -F f. src/lib.rs", 0, "// f.\n", ""),
        ("grep -F '*' a.txt", 1, "", ""),
        (
            "grep 'a*' a.txt",
            2,
            "",
            "grep: unsupported operator in the pattern; use -F for plain text\n",
        ),
        (
            "grep '[ab]' a.txt",
            2,
            "",
            "grep: unsupported operator in the pattern; use -F for plain text\n",
        ),
        (
            "grep x none",
            2,
            "",
            "grep: none: No such file or directory\n",
        ),
        ("grep", 2, "", "grep: a pattern is missing\n"),
        ("grep -E x a.txt", 2, "", "grep: unknown option -E\n"),
        ("cat a.txt | grep -vn beta", 0, "1:alpha\n3:gamma\n", ""),
    ]);
}

#[test]
fn listing_and_patterns() {
    check(&[
        ("ls", 0, "a.txt\nb.txt\nempty\nnotes\nsrc\n", ""),
        ("ls .", 0, "a.txt\nb.txt\nempty\nnotes\nsrc\n", ""),
        ("ls -a src", 0, ".\n..\nlib.rs\nmain.rs\n", ""),
        ("ls -1a | head -3", 0, ".\n..\n.hidden\n", ""),
        (
            "ls -l",
            0,
            "- 17 a.txt\n- 10 b.txt\n- 0 empty\nd 0 notes\nd 0 src\n",
            "",
        ),
        ("ls src/", 0, "lib.rs\nmain.rs\n", ""),
        ("ls a.txt src", 0, "a.txt\n\nsrc:\nlib.rs\nmain.rs\n", ""),
        ("ls none", 2, "", "ls: none: No such file or directory\n"),
        ("ls -R", 2, "", "ls: unknown option -R\n"),
        ("echo *.txt", 0, "a.txt b.txt\n", ""),
        ("echo '*.txt' \\*.txt", 0, "*.txt *.txt\n", ""),
        ("echo src/*.rs", 0, "src/lib.rs src/main.rs\n", ""),
        ("echo */*i*.rs", 0, "src/lib.rs src/main.rs\n", ""),
        ("echo *.none", 0, "*.none\n", ""),
        ("echo ./*.txt", 0, "./a.txt ./b.txt\n", ""),
        ("wc -l *.txt", 0, "3 a.txt\n4 b.txt\n7 total\n", ""),
        ("echo *", 0, "a.txt b.txt empty notes src\n", ""),
        ("echo .h*", 0, ".hidden\n", ""),
    ]);
}

#[test]
fn conditions() {
    check(&[
        ("test -f a.txt", 0, "", ""),
        ("test -f src", 1, "", ""),
        ("[ -d src ]", 0, "", ""),
        ("[ -e none ]", 1, "", ""),
        ("[ ! -e none ]", 0, "", ""),
        ("[ -s empty ]", 1, "", ""),
        ("[ -s a.txt ]", 0, "", ""),
        ("[ -z '' ]", 0, "", ""),
        ("[ -n '' ]", 1, "", ""),
        ("[ a = a ]", 0, "", ""),
        ("[ a != a ]", 1, "", ""),
        ("[ ! a = b ]", 0, "", ""),
        ("[ 2 -lt 10 ]", 0, "", ""),
        ("[ 2 -gt 10 ]", 1, "", ""),
        ("[ 2 -eq 02 ]", 0, "", ""),
        ("[ 2 -ne 2 ]", 1, "", ""),
        ("[ ]", 1, "", ""),
        ("[ x ]", 0, "", ""),
        ("[ x", 2, "", "[: missing ']'\n"),
        ("[ a -eq 1 ]", 2, "", "[: a: not an integer\n"),
        ("test a b c d e", 2, "", "test: not a condition\n"),
    ]);
}

#[test]
fn time_is_virtual_and_limited() {
    let time = |line: &str| {
        let outcome = world().exec(line, 0);
        (outcome.exit_code, outcome.duration_us)
    };
    assert_eq!(time("true"), (0, 2_000));
    assert_eq!(time("true; true"), (0, 4_000));
    assert_eq!(time("sleep 1.5"), (0, 1_502_000));
    assert_eq!(time("sleep .25"), (0, 252_000));
    assert_eq!(time("sleep 0"), (0, 2_000));
    assert_eq!(time("sleep x"), (1, 2_000));
    assert_eq!(time("sleep -1"), (1, 2_000));
    assert_eq!(time("sleep 119"), (0, 119_002_000));
    assert_eq!(time("sleep 120; echo late"), (124, 120_000_000));
    assert_eq!(time("sleep 99999999999999999999 | cat"), (124, 120_000_000));
    check(&[(
        "echo early; sleep 500; echo late",
        124,
        "early\n",
        "timed out after 120 s\n",
    )]);
}

#[test]
fn output_limit() {
    let mut world = world();
    let big: WorkspacePath = "big".parse().unwrap();
    let content = format!("{}\n", "x".repeat(99)).repeat(2000);
    world.write(&big, &content, Digest::EMPTY, 0).unwrap();
    let outcome = world.exec("cat big", 0);
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.stdout.ends_with("\n[output truncated]\n"));
    assert!(outcome.stdout.len() <= 64 * 1024 + 20);
    // The limit is on what is shown, not on what flows.
    assert_eq!(world.exec("cat big | wc -c", 0).stdout, "200000\n");
    assert_eq!(world.exec("cat big > copy", 0).exit_code, 0);
    assert_eq!(world.files().read("copy").unwrap().len(), 200_000);
    let outcome = world.exec("cat big big big big big big > all", 0);
    assert_eq!(
        (outcome.exit_code, outcome.stderr.as_str()),
        (1, "all: File too large\n")
    );
    assert_eq!(world.files().kind("all"), None);
}

#[test]
fn input_limit() {
    let mut world = world();
    let big: WorkspacePath = "big".parse().unwrap();
    world
        .write(&big, &"a".repeat(256 * 1024), Digest::EMPTY, 0)
        .unwrap();
    let outcome = world.exec(&format!("wc -c {}", "big ".repeat(70)), 0);
    assert_eq!(outcome.exit_code, 1);
    assert!(outcome.stdout.ends_with("16777216 total\n"));
    let refusal = "wc: big: too much input for one line\n";
    assert_eq!(outcome.stderr, refusal.repeat(6));
    let words = format!("echo {}", "x ".repeat(1024));
    let outcome = world.exec(&words, 0);
    assert_eq!(
        (outcome.exit_code, outcome.stderr.as_str()),
        (126, "argument list too long\n")
    );
}

#[test]
fn test_commands() {
    let suite = "src/main.rs\tfn main\n\na.txt\tbeta\n";
    let mut world = world();
    for (line, stdout) in [
        ("pytest -q", "== no tests ran ==\n"),
        ("npm test", "No tests found\n"),
        ("cargo test --all", "test result: ok. 0 passed; 0 failed\n"),
    ] {
        let outcome = world.exec(line, 0);
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (5, stdout));
    }
    world
        .write(
            &"tests/one.expect".parse().unwrap(),
            suite,
            Digest::EMPTY,
            0,
        )
        .unwrap();
    world
        .write(
            &"tests/readme.md".parse().unwrap(),
            "no suite",
            Digest::EMPTY,
            0,
        )
        .unwrap();
    for (line, stdout) in [
        ("pytest", "== 2 passed ==\n"),
        ("npm test", "Tests: 2 passed, 2 total\n"),
        ("cargo test", "test result: ok. 2 passed; 0 failed\n"),
    ] {
        let outcome = world.exec(line, 0);
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (0, stdout));
        assert_eq!(outcome.duration_us, 212_000);
    }
    let broken = "none\tx\na.txt\tdelta\nno tab\n";
    world
        .write(
            &"tests/two.expect".parse().unwrap(),
            broken,
            Digest::EMPTY,
            0,
        )
        .unwrap();
    let failures =
        "FAILED none: NOT_FOUND\nFAILED a.txt: lacks \"delta\"\nFAILED no tab: not PATH<TAB>TEXT\n";
    for (line, exit_code, summary) in [
        ("pytest", 1, "== 3 failed, 2 passed ==\n"),
        ("npm test", 1, "Tests: 3 failed, 2 passed, 5 total\n"),
        (
            "cargo test",
            101,
            "test result: FAILED. 2 passed; 3 failed\n",
        ),
    ] {
        let outcome = world.exec(line, 0);
        assert_eq!(
            (outcome.exit_code, outcome.stdout),
            (exit_code, format!("{failures}{summary}"))
        );
    }
}
