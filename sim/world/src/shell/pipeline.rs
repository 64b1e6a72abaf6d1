//! Runs one pipeline: each command's output is the next one's input.
//!
//! The commands run one after another; the exit code is the last one's.

use super::glob;
use super::grammar::{ErrorTarget, OutputTarget, Pipeline, SimpleCommand};
use super::lexer::Word;
use super::output::{STREAM_LIMIT, Stream};
use super::session::{Place, Session, reason};
use super::{COMMAND_US, Shown, condition, filters, grep, listing, printing, sorting, tree};
use crate::files::Kind;
use crate::projects::{run_tests, test_command};
use turingos::manifold::WorldFaultCode;
use turingos::pointer::WorkspacePath;

const NOT_FOUND_EXIT: u8 = 127;
const CANNOT_RUN_EXIT: u8 = 126;

/// The null device, the only absolute path that the shell accepts.
const NULL_DEVICE: &str = "/dev/null";

/// A running command with its arguments, input and outputs.
pub(super) struct Process<'a, 'w> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a [String],
    pub(super) stdin: &'a str,
    pub(super) stdout: Stream,
    pub(super) stderr: Stream,
    pub(super) session: &'a mut Session<'w>,
}

impl Process<'_, '_> {
    /// Writes an error to standard error, after the command's name.
    pub(super) fn complain(&mut self, parts: &[&str]) {
        self.stderr.push(self.name);
        self.stderr.push(": ");
        self.stderr.line(parts);
    }
}

/// Runs a pipeline to its end and returns its exit code.
pub(super) fn run(pipeline: &mut Pipeline, session: &mut Session<'_>, shown: &mut Shown) -> u8 {
    let mut piped = String::new();
    let mut exit_code = 0;
    let last = pipeline.commands.len() - 1;
    for (index, command) in pipeline.commands.iter_mut().enumerate() {
        let mut stdout = Stream::new(STREAM_LIMIT);
        exit_code = run_command(command, &piped, session, &mut stdout, shown);
        if index == last {
            shown.stdout.append(stdout);
        } else {
            if stdout.overflowed() {
                shown.stderr.line(&["pipe: output truncated"]);
            }
            piped = stdout.into_text();
        }
        if session.timed_out() {
            break;
        }
    }
    if pipeline.negated {
        u8::from(exit_code == 0)
    } else {
        exit_code
    }
}

fn run_command(
    command: &mut SimpleCommand,
    piped: &str,
    session: &mut Session<'_>,
    stdout: &mut Stream,
    shown: &mut Shown,
) -> u8 {
    session.spend(COMMAND_US);
    let prepared = prepare(command, session);
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err((exit_code, message)) => {
            shown.stderr.line(&[&message]);
            return exit_code;
        }
    };
    let Some((name, arguments)) = prepared.words.split_first() else {
        return 0;
    };
    let mut process = Process {
        name,
        arguments,
        stdin: prepared.input.as_deref().unwrap_or(piped),
        stdout: Stream::new(STREAM_LIMIT),
        stderr: Stream::new(STREAM_LIMIT),
        session,
    };
    let mut exit_code = dispatch(&mut process, &prepared.words);
    let Process {
        stdout: mut output,
        stderr: errors,
        ..
    } = process;
    match (&command.errors, &prepared.errors) {
        (None, _) => shown.stderr.push(errors.as_str()),
        (Some(ErrorTarget::Output), _) => output.push(errors.as_str()),
        (Some(ErrorTarget::File(target)), sink) => {
            if let Err(message) = deliver(target, sink, &errors, session) {
                shown.stderr.line(&[&message]);
                exit_code = 1;
            }
        }
    }
    match &command.output {
        None => *stdout = output,
        Some(target) => {
            if let Err(message) = deliver(target, &prepared.output, &output, session) {
                shown.stderr.line(&[&message]);
                exit_code = 1;
            }
        }
    }
    exit_code
}

/// A command with its words expanded and its redirections checked.
struct Prepared {
    words: Vec<String>,
    input: Option<String>,
    output: Option<WorkspacePath>,
    errors: Option<WorkspacePath>,
}

/// Takes the command's words, which are expanded once.
fn prepare(
    command: &mut SimpleCommand,
    session: &mut Session<'_>,
) -> Result<Prepared, (u8, String)> {
    let words = glob::expand(std::mem::take(&mut command.words), session.files)
        .map_err(|message| (CANNOT_RUN_EXIT, message))?;
    let input = match &command.input {
        None => None,
        Some(word) if word.text == NULL_DEVICE => Some(String::new()),
        Some(word) => {
            let content = session.read(&word.text);
            Some(
                content
                    .map_err(|reason| (1, about(word, &reason)))?
                    .to_owned(),
            )
        }
    };
    let errors = match &command.errors {
        Some(ErrorTarget::File(target)) => Some(target),
        Some(ErrorTarget::Output) | None => None,
    };
    Ok(Prepared {
        words,
        input,
        output: sink(command.output.as_ref(), session)?,
        errors: sink(errors, session)?,
    })
}

/// The file that a redirection writes to; `None` for the null device.
fn sink(
    target: Option<&OutputTarget>,
    session: &Session<'_>,
) -> Result<Option<WorkspacePath>, (u8, String)> {
    let Some(OutputTarget { word, .. }) = target else {
        return Ok(None);
    };
    if word.text == NULL_DEVICE {
        return Ok(None);
    }
    let refuse = |reason: &str| (1, about(word, reason));
    let path = match Place::parse(&word.text).map_err(|reason| refuse(&reason))? {
        Place::Inner(path) if !word.text.ends_with('/') => path,
        Place::Inner(_) | Place::Root => return Err(refuse(reason(WorldFaultCode::IsDirectory))),
    };
    match session.files.read(path.as_str()) {
        Ok(_) | Err(WorldFaultCode::NotFound) => {}
        Err(code) => return Err(refuse(reason(code))),
    }
    // Unlike a kernel write, a redirection does not create missing directories.
    match path.parent() {
        Some(parent) if session.files.kind(parent.as_str()) != Some(Kind::Directory) => {
            Err(refuse(reason(WorldFaultCode::NotFound)))
        }
        _ => Ok(Some(path)),
    }
}

fn deliver(
    target: &OutputTarget,
    sink: &Option<WorkspacePath>,
    stream: &Stream,
    session: &mut Session<'_>,
) -> Result<(), String> {
    let Some(path) = sink else {
        return Ok(());
    };
    // A truncated output must not pass for a complete one.
    let delivered = if stream.overflowed() {
        Err(reason(WorldFaultCode::TooLarge).to_owned())
    } else {
        session.write(path, stream.as_str(), target.append)
    };
    delivered.map_err(|reason| about(&target.word, &reason))
}

fn about(word: &Word, reason: &str) -> String {
    format!("{}: {reason}", word.text)
}

fn dispatch(process: &mut Process<'_, '_>, words: &[String]) -> u8 {
    if let Some(style) = test_command(words) {
        let run = run_tests(process.session.files, style);
        process.session.spend(run.duration_us);
        process.stdout.push(&run.report);
        return run.exit_code;
    }
    match process.name {
        "echo" => printing::echo(process),
        "printf" => printing::printf(process),
        "pwd" => printing::pwd(process),
        "true" => 0,
        "false" => 1,
        "sleep" => printing::sleep(process),
        "cat" => filters::cat(process),
        "head" => filters::head(process),
        "tail" => filters::tail(process),
        "wc" => filters::wc(process),
        "sed" => filters::sed(process),
        "sort" => sorting::sort(process),
        "grep" => grep::grep(process),
        "ls" => listing::ls(process),
        "mkdir" => tree::mkdir(process),
        "rm" => tree::rm(process),
        "cp" => tree::cp(process),
        "mv" => tree::mv(process),
        "test" => condition::test(process),
        "[" => condition::bracket(process),
        _ => {
            process.complain(&["command not found"]);
            NOT_FOUND_EXIT
        }
    }
}
