//! How many bytes a tick hashes: each text once, and a few hundred bytes of names and digests.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Answer, Kernel, KernelConfig};
use crate::digest::{Digest, counted};
use crate::isa::GitLogQuery;
use crate::manifold::{CommandOutcome, Manifold, WorldFault, WorldFaultCode};
use crate::pointer::WorkspacePath;

/// Bytes of a tick besides its texts: tags, opcode, paths, and the digests of the frame's parts.
const NAMES: usize = 640;

/// A world of one file.
struct OneFile(String);

impl Manifold for OneFile {
    fn read(&mut self, _: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        content.push_str(&self.0);
        Ok(())
    }

    fn list(&mut self, _: Option<&WorkspacePath>, _: usize) -> Result<Vec<String>, WorldFault> {
        Ok(Vec::new())
    }

    fn write(
        &mut self,
        _: &WorkspacePath,
        content: &str,
        _: Digest,
        _: u64,
    ) -> Result<(), WorldFault> {
        self.0 = content.to_string();
        Ok(())
    }

    fn exec(&mut self, _: &str, _: u64) -> CommandOutcome {
        CommandOutcome {
            stdout: self.0.clone(),
            ..CommandOutcome::default()
        }
    }

    fn git_log(&mut self, _: &GitLogQuery) -> Result<String, WorldFault> {
        Err(WorldFault {
            code: WorldFaultCode::BadQuery,
            detail: String::new(),
        })
    }
}

/// Runs one tick that is answered with `a_t`; `texts` are the bytes that it may hash besides
/// [`NAMES`], and must hash.
fn tick(kernel: &mut Kernel, world: &mut OneFile, a_t: &str, texts: usize) {
    let q = "the next state ".repeat(40);
    let reply = format!(r#"{{"q_next":"{q}","a_t":{a_t}}}"#);
    counted::take();
    let open = kernel.open(0, world).expect("it runs");
    let committed = open.commit(0, world, reply.as_bytes(), Answer::decode(&reply));
    let hashed = counted::take();
    assert!(
        committed.record.traps.is_empty(),
        "{a_t}: {:?}",
        committed.record
    );
    let expected = texts + q.len() + reply.len();
    let range = expected..=expected + NAMES;
    assert!(
        range.contains(&hashed),
        "{a_t}: {hashed}, expected {range:?}"
    );
}

fn machine(d: &str) -> Kernel {
    Kernel::boot(&KernelConfig::default(), "q", d)
}

#[test]
fn a_tick_hashes_each_text_once() {
    for chars in [1_000, 10_000] {
        // The longer one is shown by its first page.
        let (old, new) = ("old ".repeat(chars / 4), "new ".repeat(chars / 4));
        let mut world = OneFile(old.clone());
        let mut kernel = machine("notes/a.md");
        let write = format!(r#"{{"op":"SYS_WRITE","payload":"{new}"}}"#);
        tick(&mut kernel, &mut world, &write, old.len() + new.len());
        let look = r#"{"op":"SYS_EXEC","cmd":"cat notes/a.md"}"#;
        tick(&mut kernel, &mut world, look, new.len());
        tick(
            &mut kernel,
            &mut world,
            r#"{"op":"SYS_GOTO","pointer":"notes/a.md"}"#,
            new.len(),
        );
    }
}

#[test]
fn an_edit_hashes_its_payload_but_not_the_new_content() {
    let old = "a line of the file\n".repeat(40);
    let mut world = OneFile(old.clone());
    let mut kernel = machine("sys://append/notes/a.md");
    let line = "one more line ".repeat(30);
    let append = format!(r#"{{"op":"SYS_WRITE","payload":"{}"}}"#, line.trim_end());
    tick(&mut kernel, &mut world, &append, old.len() + line.len() - 1);
    assert!(world.0.len() > old.len() + line.len() - 1);
}

#[test]
fn a_push_hashes_its_task_and_no_task_before_it() {
    let mut world = OneFile(String::new());
    let mut kernel = machine("notes/a.md");
    for number in 0..8 {
        let task = format!("task {number} {}", "objective ".repeat(18));
        let push = format!(r#"{{"op":"SYS_PUSH","task":"{}"}}"#, task.trim_end());
        let ids = number * 50;
        tick(&mut kernel, &mut world, &push, task.trim_end().len() + ids);
    }
}
