//! The kernel in a program of your own: a world, one tick opened and committed, its record printed.
//!
//! `cargo run --example embed_kernel`

use std::collections::BTreeMap;

use turingos::{Answer, CommandOutcome, Digest, GitLogQuery, Kernel, KernelConfig, Manifold};
use turingos::{Stopped, WorkspacePath, WorldFault, WorldFaultCode};

/// A world of files in memory, without commands or history.
#[derive(Default)]
struct Files(BTreeMap<WorkspacePath, String>);

impl Manifold for Files {
    fn read(&mut self, path: &WorkspacePath, content: &mut String) -> Result<(), WorldFault> {
        let file = self.0.get(path).ok_or_else(|| WorldFault {
            code: WorldFaultCode::NotFound,
            detail: format!("{path} does not exist"),
        })?;
        content.push_str(file);
        Ok(())
    }

    fn list(
        &mut self,
        directory: Option<&WorkspacePath>,
        limit: usize,
    ) -> Result<Vec<String>, WorldFault> {
        // Every file of this world lies in the root.
        let files = self.0.keys().filter(|_| directory.is_none());
        Ok(files.take(limit).map(ToString::to_string).collect())
    }

    fn write(
        &mut self,
        path: &WorkspacePath,
        content: &str,
        _: Digest,
        _: u64,
    ) -> Result<(), WorldFault> {
        self.0.insert(path.clone(), content.into());
        Ok(())
    }

    fn exec(&mut self, command: &str, _: u64) -> CommandOutcome {
        CommandOutcome {
            exit_code: 127,
            stderr: format!("{command}: unknown command"),
            ..CommandOutcome::default()
        }
    }

    fn git_log(&mut self, _: &GitLogQuery) -> Result<String, WorldFault> {
        Ok(String::from("(no commits)"))
    }
}

fn main() -> Result<(), Stopped> {
    let mut world = Files::default();
    let mut kernel = Kernel::boot(&KernelConfig::default(), "write a greeting", "hello.txt");

    let open = kernel.open(0, &mut world)?;
    println!("q: {}\n\n{}\n", open.q(), open.frame());

    // A model would answer here, over the network; its whole response is `raw`.
    let reply = r#"{"q_next":"greeted","a_t":{"op":"SYS_WRITE","payload":"hello, world\n"}}"#;
    let answer = Answer::decode(reply);
    let committed = open.commit(1_000_000, &mut world, reply.as_bytes(), answer);

    let mut record = String::new();
    committed.record.write_json(&mut record);
    println!("{record}");
    for (path, content) in &world.0 {
        println!("{path}: {content:?}");
    }
    Ok(())
}
