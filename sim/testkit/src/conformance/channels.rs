//! What the kernel does with a manifold: channels, pages and page faults.

use turingos::kernel::{Answer, Committed, Kernel, KernelConfig};
use turingos::manifold::{Manifold, WorldFaultCode};

use super::{Case, Mismatch, given, holds, lists, read, same};

pub(super) fn cases<M: Manifold>() -> [Case<M>; 5] {
    [
        Case {
            name: "an empty payload makes an empty file",
            run: an_empty_payload_makes_an_empty_file,
        },
        Case {
            name: "the append channel adds one line or nothing",
            run: appends,
        },
        Case {
            name: "the replace channel edits what matches or nothing",
            run: replaces,
        },
        Case {
            name: "a channel write to an impossible path is refused",
            run: channel_reports_world_faults,
        },
        Case {
            name: "a model sees the same text of files, faults and pages",
            run: shows_the_same_text,
        },
    ]
}

fn an_empty_payload_makes_an_empty_file<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/full", "old content\n")?;
    for (file, payload) in [("dir/full", ""), ("dir/new", ""), ("blank", " \n")] {
        same(file, write_at(world, file, payload)?, None)?;
        holds(world, file, payload)?;
    }
    let refused = write_at(world, "sys://append/dir/full", "")?;
    same("append", refused.as_deref(), Some("EMPTY_APPEND"))?;
    holds(world, "dir/full", "")?;
    lists(world, Some("dir"), 10, &["full", "new"])
}

fn appends<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "unfinished", "first")?;
    for (file, line, code, content) in [
        ("log/new", "one", None, "one\n"),
        ("log/new", "two\n", None, "one\ntwo\n"),
        ("log/new", "two", Some("DUPLICATE_APPEND"), "one\ntwo\n"),
        ("log/new", "a\nb", Some("MULTILINE_APPEND"), "one\ntwo\n"),
        ("log/new", "one", None, "one\ntwo\none\n"),
        ("unfinished", "second é", None, "first\nsecond é\n"),
    ] {
        let channel = format!("sys://append/{file}");
        same(line, write_at(world, &channel, line)?.as_deref(), code)?;
        holds(world, file, content)?;
    }
    let empty = write_at(world, "sys://append/none", "\\n")?;
    same("append of \\n", empty, None)?;
    holds(world, "none", "\\n\n")?;
    lists(world, Some("log"), 10, &["new"])
}

fn replaces<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "f", "a b a\n")?;
    for (payload, code, content) in [
        (r#"{"search":"b","replace":"é\n"}"#, None, "a é\n a\n"),
        (
            r#"{"search":"a","replace":"x"}"#,
            Some("AMBIGUOUS_MATCH"),
            "a é\n a\n",
        ),
        (
            r#"{"search":"none","replace":"x"}"#,
            Some("NO_MATCH"),
            "a é\n a\n",
        ),
        (
            r#"{"search":"a"}"#,
            Some("BAD_REPLACE_PAYLOAD"),
            "a é\n a\n",
        ),
        (r#"{"search":"a","replace":"","all":true}"#, None, " é\n \n"),
    ] {
        let refused = write_at(world, "sys://replace/f", payload)?;
        same(payload, refused.as_deref(), code)?;
        holds(world, "f", content)?;
    }
    let edit = r#"{"search":"a","replace":"b"}"#;
    let refused = write_at(world, "sys://replace/none", edit)?;
    same("a missing file", refused.as_deref(), Some("NOT_FOUND"))?;
    let absent = Err(WorldFaultCode::NotFound);
    same("none", read(world, "none")?, absent)
}

fn channel_reports_world_faults<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "old\n")?;
    for (pointer, code) in [
        ("sys://append/dir", "IS_DIRECTORY"),
        ("sys://append/dir/file/x", "NOT_DIRECTORY"),
        ("dir", "IS_DIRECTORY"),
        ("dir/file/x", "NOT_DIRECTORY"),
    ] {
        let refused = write_at(world, pointer, "line")?;
        same(pointer, refused.as_deref(), Some(code))?;
    }
    holds(world, "dir/file", "old\n")?;
    lists(world, None, 10, &["dir/"])
}

fn shows_the_same_text<M: Manifold>(world: &mut M) -> Result<(), Mismatch> {
    given(world, "dir/file", "the content\n")?;
    given(world, "dir/other/file", "x")?;
    let lines: Vec<String> = (0..4_000).map(|line| format!("line {line:06}\n")).collect();
    given(world, "long", &lines.concat())?;
    for (pointer, text) in [
        ("dir/file", "[OBSERVED_SLICE]\nthe content\n"),
        (
            "dir/none",
            "[OS_TRAP: PAGE_FAULT] NOT_FOUND\nPointer: dir/none\nDetails: dir/none\n\
             Entries: file, other/",
        ),
        (
            "dir",
            "[OS_TRAP: PAGE_FAULT] IS_DIRECTORY\nPointer: dir\nDetails: dir",
        ),
        ("sys://append/dir/file", "[CURRENT_CONTENT]\nthe content"),
        ("sys://append/new", "[CURRENT_CONTENT]\n(no file)"),
        (
            "$ cat dir/file",
            "[EXIT_CODE] 0\n[STDOUT]\nthe content\n[STDERR]\n",
        ),
        ("long", "sys://page/"),
        ("long", "line 000100\n"),
    ] {
        let mut kernel = Kernel::boot(&KernelConfig::default(), "q", pointer);
        let open = kernel.open(1, world).map_err(|error| error.to_string())?;
        if !open.frame().contains(text) {
            let frame = open.frame();
            return Err(format!("{pointer}: no {text:?} in the frame {frame:?}"));
        }
    }
    Ok(())
}

/// Lets a model write `payload` at `pointer`. Returns the code of the trap, if there is one.
fn write_at<M: Manifold>(
    world: &mut M,
    pointer: &str,
    payload: &str,
) -> Result<Option<String>, Mismatch> {
    let mut kernel = Kernel::boot(&KernelConfig::default(), "q", pointer);
    let reply = serde_json::json!({
        "q_next": "q",
        "a_t": {"op": "SYS_WRITE", "payload": payload},
    });
    let reply = reply.to_string();
    let open = kernel.open(1, world).map_err(|error| error.to_string())?;
    let committed: Committed = open.commit(2, world, reply.as_bytes(), Answer::decode(&reply));
    // Observing a missing file traps too; only the last frame belongs to the write.
    let refused = committed.record.effect == turingos::Digest::EMPTY;
    let last = committed.trap_frames.last();
    let code = last.map(|frame| frame.cause.code.to_string());
    Ok(code.filter(|_| refused))
}
