//! Command lines.

use turingos::manifold::{Manifold, WorldFaultCode};

use super::{Case, Mismatch, given, holds, read, same};

pub(super) fn cases<M: Manifold>() -> [Case<M>; 4] {
    [
        Case {
            name: "commands run in the workspace",
            run: runs_commands_in_the_workspace,
        },
        Case {
            name: "a failing command is an outcome",
            run: a_failing_command_is_an_outcome,
        },
        Case {
            name: "commands and writes share the files",
            run: commands_and_writes_share_the_files,
        },
        Case {
            name: "a command affects the next one only through files",
            run: commands_share_nothing_else,
        },
    ]
}

fn runs_commands_in_the_workspace<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "a.txt", "alpha\nbeta\n")?;
    for (line, stdout) in [
        ("true", ""),
        ("echo hi", "hi\n"),
        ("cat a.txt", "alpha\nbeta\n"),
        ("cat a.txt | grep beta", "beta\n"),
        ("echo one; echo two", "one\ntwo\n"),
        ("false || echo 'quoted  text'", "quoted  text\n"),
        ("mkdir d && echo x > d/f && cat d/f", "x\n"),
        ("echo more >> a.txt; tail -n 1 a.txt", "more\n"),
        ("test -f a.txt && printf '%s\\n' yes", "yes\n"),
        ("wc -l < a.txt", "3\n"),
        ("cp a.txt b.txt && rm a.txt && ls", "b.txt\nd\n"),
    ] {
        prints(world, line, stdout)?;
    }
    holds(world, "d/f", "x\n")?;
    same(
        "a.txt",
        read(world, "a.txt")?,
        Err(WorldFaultCode::NotFound),
    )
}

fn a_failing_command_is_an_outcome<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    for (line, exit_code, complains) in [
        ("false", 1, false),
        ("cat none", 1, true),
        ("no-such-command-here x", 127, true),
        ("-x", 127, true),
        ("echo 'open", 2, true),
        ("true && false", 1, false),
    ] {
        let outcome = world.exec(line, 1);
        let found = (outcome.exit_code, !outcome.stderr.is_empty());
        same(line, found, (exit_code, complains))?;
    }
    Ok(())
}

fn commands_and_writes_share_the_files<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    prints(world, "mkdir -p made/by; echo command > made/by/it", "")?;
    holds(world, "made/by/it", "command\n")?;
    given(world, "made/by/it", "write\n")?;
    prints(world, "cat made/by/it", "write\n")?;
    prints(world, "rm -r made", "")?;
    given(world, "made/by/it", "again\n")?;
    prints(world, "ls made/by", "it\n")
}

fn commands_share_nothing_else<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "x\n")?;
    world.exec("cd dir", 1);
    prints(world, "ls", "dir\n")
}

fn prints<M: Manifold>(world: &mut M, line: &str, stdout: &str) -> Result<(), Mismatch> {
    let outcome = world.exec(line, 2);
    let found = (outcome.exit_code, outcome.stdout.as_str());
    same(line, found, (0, stdout))
}
