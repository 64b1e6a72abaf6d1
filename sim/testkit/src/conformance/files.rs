//! Reading, writing and listing.

use turingos::Digest;
use turingos::manifold::{Manifold, WorldFault, WorldFaultCode};

use super::{Case, Mismatch, given, holds, lists, path, read, same, write};

pub(super) fn cases<M: Manifold>() -> [Case<M>; 8] {
    [
        Case {
            name: "a written file is read back",
            run: reads_back_what_was_written,
        },
        Case {
            name: "a failed read has the right code",
            run: says_why_it_cannot_read,
        },
        Case {
            name: "names are listed in order, up to the limit",
            run: lists_sorted_names_up_to_the_limit,
        },
        Case {
            name: "a failed listing has the right code",
            run: says_why_it_cannot_list,
        },
        Case {
            name: "a refused write changes nothing",
            run: a_refused_write_changes_nothing,
        },
        Case {
            name: "a write replaces the whole file and nothing else",
            run: a_write_replaces_the_whole_file,
        },
        Case {
            name: "a fault without a specific reason names just the path",
            run: a_plain_fault_names_the_path,
        },
        Case {
            name: "a repository's own files cannot be written",
            run: a_repository_cannot_be_written,
        },
    ]
}

fn reads_back_what_was_written<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    let contents = [
        "",
        "one line\n",
        "no line end",
        "tab\tand é 日 🦀\n",
        "\r\n\r\n",
        "a \0 in the middle",
    ];
    for name in [
        "plain",
        "deep/er/file.txt",
        "with space",
        "-dash",
        "a/.hidden",
        "$HOME/listing",
        "quo'te\"s/*",
        "日/é",
    ] {
        for content in contents {
            given(world, name, content)?;
            holds(world, name, content)?;
        }
    }
    Ok(())
}

fn says_why_it_cannot_read<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "x")?;
    for (name, code) in [
        ("none", WorldFaultCode::NotFound),
        ("no/ne", WorldFaultCode::NotFound),
        ("dir", WorldFaultCode::IsDirectory),
        ("dir/file/x", WorldFaultCode::NotDirectory),
        ("dir/none", WorldFaultCode::NotFound),
    ] {
        same(name, read(world, name)?, Err(code))?;
    }
    Ok(())
}

fn lists_sorted_names_up_to_the_limit<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    lists(world, None, 10, &[])?;
    for name in ["b/x", "b-c", "a", "Z", "b.d", "b/deep/y", ".h", "é"] {
        given(world, name, "x")?;
    }
    let all = [".h", "Z", "a", "b-c", "b.d", "b/", "é"];
    lists(world, None, 10, &all)?;
    lists(world, None, 3, &all[..3])?;
    lists(world, None, 0, &[])?;
    lists(world, Some("b"), 10, &["deep/", "x"])?;
    lists(world, Some("b/deep"), 10, &["y"])
}

fn says_why_it_cannot_list<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "file", "x")?;
    for (name, code) in [
        ("none", WorldFaultCode::NotFound),
        ("file", WorldFaultCode::NotDirectory),
        ("file/x", WorldFaultCode::NotDirectory),
    ] {
        let listed = world.list(Some(&path(name)?), 10);
        same(name, listed.map_err(|fault| fault.code), Err(code))?;
    }
    Ok(())
}

fn a_refused_write_changes_nothing<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "old")?;
    for (name, code) in [
        ("dir", WorldFaultCode::IsDirectory),
        ("dir/file/x", WorldFaultCode::NotDirectory),
        ("dir/file/x/y", WorldFaultCode::NotDirectory),
    ] {
        same(name, write(world, name, "new")?, Err(code))?;
    }
    holds(world, "dir/file", "old")?;
    lists(world, None, 10, &["dir/"])?;
    lists(world, Some("dir"), 10, &["file"])
}

fn a_write_replaces_the_whole_file<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "a long first content\n")?;
    given(world, "dir/other", "other")?;
    given(world, "dir/file", "short")?;
    holds(world, "dir/file", "short")?;
    holds(world, "dir/other", "other")?;
    lists(world, Some("dir"), 10, &["file", "other"])
}

fn a_plain_fault_names_the_path<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "x")?;
    let fault = |code, name: &str| WorldFault {
        code,
        detail: name.to_owned(),
    };
    let mut content = String::new();
    for (name, code) in [
        ("none", WorldFaultCode::NotFound),
        ("dir", WorldFaultCode::IsDirectory),
        ("dir/file/x", WorldFaultCode::NotDirectory),
    ] {
        let found = world.read(&path(name)?, &mut content);
        same(name, found, Err(fault(code, name)))?;
    }
    same(
        "dir",
        world.write(&path("dir")?, "x", Digest::EMPTY, 1),
        Err(fault(WorldFaultCode::IsDirectory, "dir")),
    )
}

fn a_repository_cannot_be_written<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    for name in [
        ".git",
        ".git/HEAD",
        ".git/commondir",
        ".git/objects/info/alternates",
        ".GIT/HEAD",
        "sub/.git/config",
    ] {
        same(name, write(world, name, "x")?, Err(WorldFaultCode::Denied))?;
    }
    lists(world, None, 10, &[])?;
    given(world, ".gitignore", "target\n")?;
    lists(world, None, 10, &[".gitignore"])
}
