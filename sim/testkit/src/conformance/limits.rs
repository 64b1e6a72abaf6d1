//! Sizes.

use turingos::manifold::{Manifold, WorldFaultCode};

use super::{Case, Mismatch, given, holds, lists, read, same, write};
use turingos_world::Quota;
use turingos_world::shell::{CUT_MARKER, MAX_LINE_BYTES, SHOWN_LIMIT};

pub(super) fn cases<M: Manifold>() -> [Case<M>; 3] {
    [
        Case {
            name: "a file is at most as large as the limit",
            run: a_file_is_bounded,
        },
        Case {
            name: "a command's output is cut at the limit with a marker",
            run: output_is_bounded,
        },
        Case {
            name: "a command line is bounded",
            run: a_command_line_is_bounded,
        },
    ]
}

fn a_file_is_bounded<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    let limit = Quota::default().max_file_bytes;
    let largest = "0123456789abcde\n".repeat(limit / 16);
    given(world, "large", &largest)?;
    holds(world, "large", &largest)?;
    let too_large = largest.clone() + "x";
    for name in ["large", "new/file"] {
        let written = write(world, name, &too_large)?;
        same(name, written, Err(WorldFaultCode::TooLarge))?;
    }
    holds(world, "large", &largest)?;
    let absent = Err(WorldFaultCode::NotFound);
    same("new/file", read(world, "new/file")?, absent)?;
    lists(world, None, 10, &["large"])
}

fn output_is_bounded<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    // Three bytes per character, so that the limit falls inside one.
    let half = "日".repeat(SHOWN_LIMIT / 6);
    given(world, "half", &half)?;
    for (line, text, is_cut) in [
        ("cat half", half.clone(), false),
        ("cat half half half", half.repeat(3), true),
    ] {
        let mut promised = text;
        if is_cut {
            promised.truncate(promised.floor_char_boundary(SHOWN_LIMIT));
            promised += CUT_MARKER;
        }
        same(line, world.exec(line, 1).stdout, promised)?;
    }
    Ok(())
}

fn a_command_line_is_bounded<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    let line = |length: usize| format!("echo {}", "x".repeat(length - 5));
    let longest = world.exec(&line(MAX_LINE_BYTES), 1);
    same("the longest line", longest.exit_code, 0)?;
    let longer = world.exec(&line(MAX_LINE_BYTES + 1), 1);
    let found = (longer.exit_code, longer.stdout.is_empty());
    same("a longer line", found, (2, true))
}
