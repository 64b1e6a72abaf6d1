//! Commands that change files.

use super::check_files;

#[test]
fn changing_files() {
    check_files(&[
        ("echo x > new", 0, &[("new", Some("x\n"))]),
        (
            "echo x >> a.txt",
            0,
            &[("a.txt", Some("alpha\nbeta\ngamma\nx\n"))],
        ),
        ("echo x >> new", 0, &[("new", Some("x\n"))]),
        (
            "cat a.txt > a.txt",
            0,
            &[("a.txt", Some("alpha\nbeta\ngamma\n"))],
        ),
        (
            "sort -r a.txt > a.txt",
            0,
            &[("a.txt", Some("gamma\nbeta\nalpha\n"))],
        ),
        (
            "cat none > new 2> log",
            1,
            &[
                ("new", Some("")),
                ("log", Some("cat: none: No such file or directory\n")),
            ],
        ),
        ("echo x > none/new", 1, &[("none/new", None)]),
        ("echo x > src", 1, &[]),
        ("echo x > ../out", 1, &[]),
        (
            "rm a.txt > src",
            1,
            &[("a.txt", Some("alpha\nbeta\ngamma\n"))],
        ),
        ("mkdir d && echo x > d/f", 0, &[("d/f", Some("x\n"))]),
        ("mkdir d/e", 1, &[]),
        (
            "mkdir -p d/e && echo x > d/e/f",
            0,
            &[("d/e/f", Some("x\n"))],
        ),
        ("mkdir src", 1, &[]),
        ("mkdir -p src", 0, &[]),
        ("mkdir -p a.txt", 1, &[]),
        (
            "rm a.txt",
            0,
            &[("a.txt", None), ("b.txt", Some("10\n9\n2\n10\n"))],
        ),
        ("rm none", 1, &[]),
        ("rm -f none", 0, &[]),
        (
            "rm src",
            1,
            &[("src/lib.rs", Some("pub fn f() {}\n// f.\n"))],
        ),
        (
            "rm -rf src",
            0,
            &[("src/lib.rs", None), ("src/main.rs", None)],
        ),
        ("rm -r .", 1, &[("empty", Some(""))]),
        (
            "rm *.txt",
            0,
            &[("a.txt", None), ("b.txt", None), ("empty", Some(""))],
        ),
        (
            "cp .hidden copy",
            0,
            &[("copy", Some("h\n")), (".hidden", Some("h\n"))],
        ),
        ("cp .hidden empty", 0, &[("empty", Some("h\n"))]),
        ("cp .hidden src", 0, &[("src/.hidden", Some("h\n"))]),
        (
            "cp src/main.rs .",
            0,
            &[("main.rs", Some("fn main() {}\n"))],
        ),
        ("cp src new", 1, &[("new/main.rs", None)]),
        (
            "cp -r src new",
            0,
            &[
                ("new/main.rs", Some("fn main() {}\n")),
                ("src/main.rs", Some("fn main() {}\n")),
            ],
        ),
        (
            "cp -r src notes",
            0,
            &[("notes/src/main.rs", Some("fn main() {}\n"))],
        ),
        ("cp -r src src/inner", 1, &[("src/inner/main.rs", None)]),
        ("cp a.txt a.txt", 1, &[]),
        ("cp a.txt b.txt none", 1, &[]),
        ("cp none new", 1, &[("new", None)]),
        (
            "mv .hidden seen",
            0,
            &[("seen", Some("h\n")), (".hidden", None)],
        ),
        (
            "mv .hidden empty",
            0,
            &[("empty", Some("h\n")), (".hidden", None)],
        ),
        (
            "mv src lib",
            0,
            &[
                ("lib/main.rs", Some("fn main() {}\n")),
                ("src/main.rs", None),
            ],
        ),
        (
            "mv src notes",
            0,
            &[("notes/src/main.rs", Some("fn main() {}\n"))],
        ),
        (
            "mv src src/inner",
            1,
            &[("src/main.rs", Some("fn main() {}\n"))],
        ),
        (
            "mv a.txt none/x",
            1,
            &[("a.txt", Some("alpha\nbeta\ngamma\n"))],
        ),
        (
            "mv a.txt b.txt src",
            0,
            &[("src/b.txt", Some("10\n9\n2\n10\n")), ("a.txt", None)],
        ),
    ]);
}
