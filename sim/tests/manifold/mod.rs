//! What every manifold promises, as cases that any implementation can be put through.
//!
//! The cases use only what an in-memory world and a real directory with a POSIX shell share, so
//! they never look at wordings, durations or histories.

use turingos::manifold::{Manifold, WorldFaultCode};
use turingos::pointer::WorkspacePath;

/// Puts one fresh manifold from `make` through each case. A fresh manifold has no files.
pub(crate) fn keeps_its_promises<M: Manifold>(make: impl Fn() -> M) {
    reads_back_what_was_written(&mut make());
    says_why_it_cannot_read(&mut make());
    lists_sorted_names_up_to_the_limit(&mut make());
    says_why_it_cannot_list(&mut make());
    a_refused_write_changes_nothing(&mut make());
    runs_commands_in_the_workspace(&mut make());
    a_failing_command_is_an_outcome(&mut make());
}

fn reads_back_what_was_written<M: Manifold>(world: &mut M) {
    let contents = [
        "",
        "one line\n",
        "no line end",
        "tab\tand é 日 🦀\n",
        "\r\n\r\n",
    ];
    for name in [
        "plain",
        "deep/er/file.txt",
        "with space",
        "-dash",
        "a/.hidden",
    ] {
        for content in contents {
            world.write(&path(name), content, 1).unwrap();
            assert_eq!(read(world, name), Ok(content.to_owned()), "{name}");
        }
    }
    let large = "0123456789abcdef\n".repeat(4000);
    world.write(&path("large"), &large, 2).unwrap();
    assert_eq!(read(world, "large"), Ok(large));
}

fn says_why_it_cannot_read<M: Manifold>(world: &mut M) {
    assert_eq!(read(world, "none"), Err(WorldFaultCode::NotFound));
    assert_eq!(read(world, "no/ne"), Err(WorldFaultCode::NotFound));
    world.write(&path("dir/file"), "x", 1).unwrap();
    assert_eq!(read(world, "dir"), Err(WorldFaultCode::IsDirectory));
    assert_eq!(read(world, "dir/file/x"), Err(WorldFaultCode::NotDirectory));
    assert_eq!(read(world, "dir/none"), Err(WorldFaultCode::NotFound));
}

fn lists_sorted_names_up_to_the_limit<M: Manifold>(world: &mut M) {
    assert_eq!(world.list(None, 10).unwrap(), Vec::<String>::new());
    for name in ["b/x", "b-c", "a", "Z", "b.d", "b/deep/y", ".h"] {
        world.write(&path(name), "x", 1).unwrap();
    }
    let all = [".h", "Z", "a", "b-c", "b.d", "b/"];
    assert_eq!(world.list(None, 10).unwrap(), all);
    assert_eq!(world.list(None, 3).unwrap(), all[..3]);
    assert_eq!(world.list(None, 0).unwrap(), Vec::<String>::new());
    assert_eq!(world.list(Some(&path("b")), 10).unwrap(), ["deep/", "x"]);
    assert_eq!(world.list(Some(&path("b/deep")), 10).unwrap(), ["y"]);
}

fn says_why_it_cannot_list<M: Manifold>(world: &mut M) {
    world.write(&path("file"), "x", 1).unwrap();
    let mut code = |name| world.list(Some(&path(name)), 10).unwrap_err().code;
    assert_eq!(code("none"), WorldFaultCode::NotFound);
    assert_eq!(code("file"), WorldFaultCode::NotDirectory);
    assert_eq!(code("file/x"), WorldFaultCode::NotDirectory);
}

fn a_refused_write_changes_nothing<M: Manifold>(world: &mut M) {
    world.write(&path("dir/file"), "old", 1).unwrap();
    let mut code = |name| world.write(&path(name), "new", 2).unwrap_err().code;
    assert_eq!(code("dir"), WorldFaultCode::IsDirectory);
    assert_eq!(code("dir/file/x"), WorldFaultCode::NotDirectory);
    assert_eq!(code("dir/file/x/y"), WorldFaultCode::NotDirectory);
    assert_eq!(read(world, "dir/file"), Ok("old".to_owned()));
    assert_eq!(world.list(None, 10).unwrap(), ["dir/"]);
    assert_eq!(world.list(Some(&path("dir")), 10).unwrap(), ["file"]);
}

fn runs_commands_in_the_workspace<M: Manifold>(world: &mut M) {
    world.write(&path("a.txt"), "alpha\nbeta\n", 1).unwrap();
    let cases = [
        ("true", ""),
        ("echo hi", "hi\n"),
        ("cat a.txt", "alpha\nbeta\n"),
        ("cat a.txt | grep beta", "beta\n"),
        ("echo one; echo two", "one\ntwo\n"),
        ("false || echo 'quoted  text'", "quoted  text\n"),
        ("mkdir d && echo x > d/f && cat d/f", "x\n"),
        ("echo more >> a.txt; tail -n 1 a.txt", "more\n"),
        ("test -f a.txt && printf '%s\\n' yes", "yes\n"),
        ("cp a.txt b.txt && rm a.txt && ls", "b.txt\nd\n"),
    ];
    for (line, stdout) in cases {
        let outcome = world.exec(line, 2);
        assert_eq!(
            (outcome.exit_code, outcome.stdout.as_str()),
            (0, stdout),
            "{line}"
        );
    }
    assert_eq!(read(world, "d/f"), Ok("x\n".to_owned()));
    assert_eq!(read(world, "a.txt"), Err(WorldFaultCode::NotFound));
}

fn a_failing_command_is_an_outcome<M: Manifold>(world: &mut M) {
    let cases = [
        ("false", 1, false),
        ("cat none", 1, true),
        ("no-such-command-here x", 127, true),
        ("echo 'open", 2, true),
        ("true && false", 1, false),
    ];
    for (line, exit_code, complains) in cases {
        let outcome = world.exec(line, 1);
        assert_eq!(outcome.exit_code, exit_code, "{line}");
        assert_eq!(!outcome.stderr.is_empty(), complains, "{line}");
    }
}

fn path(text: &str) -> WorkspacePath {
    text.parse().unwrap()
}

fn read<M: Manifold>(world: &mut M, name: &str) -> Result<String, WorldFaultCode> {
    let mut content = String::new();
    match world.read(&path(name), &mut content) {
        Ok(()) => Ok(content),
        Err(fault) => {
            assert_eq!(content, "", "a failed read leaves no text");
            Err(fault.code)
        }
    }
}
