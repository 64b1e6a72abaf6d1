//! The `sim` command: one file or folder for each verb, exit codes in one place.
//!
//! Only this package reads arguments, the environment and the terminal.

mod agent;
mod check;
mod choice;
mod dataset;
mod decode;
mod diff;
mod exchange_diff;
mod exit;
mod fork;
mod gate;
mod interrupted;
mod json;
mod lint;
mod live;
mod longrun;
mod manual;
mod new;
mod paths;
mod record;
mod recordings;
mod replay;
mod report;
mod resumed;
mod route_flags;
mod run;
mod run_sinks;
mod sandbox;
mod scenario_choice;
mod schema;
mod serve;
mod share;
mod show;
mod shrink;
mod soak;
mod sweep;
mod terminal;
mod trace;
mod usage;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};
use terminal::looks::Looks;
use usage::Parsed;

/// Deterministic simulation and replay of agent kernels.
#[derive(Debug, Parser)]
#[command(
    name = "sim",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = exit_codes()
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    looks: Looks,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(after_help = "Example:\n  sim soak --ticks 1200 --seed 42 --out run-42")]
    Soak(soak::SoakArgs),
    #[command(after_help = "Example:\n  sim record --out tape -- python agent.py")]
    Record(record::RecordArgs),
    #[command(after_help = "Example:\n  sim replay run-42")]
    Replay(Box<replay::ReplayArgs>),
    #[command(after_help = "Example:\n  sim run log-hunt --noise 5% --out hunt")]
    Run(run::RunArgs),
    #[command(after_help = "Example:\n  sim longrun --seeds 0..20 --noise 0,5%")]
    Longrun(longrun::LongrunArgs),
    #[command(
        after_help = "Example:\n  sim sweep --seeds 0..10000 --profile hostile --out nightly"
    )]
    Sweep(Box<sweep::SweepArgs>),
    #[command(
        after_help = "Example:\n  sim live log-hunt --workspace work --out tuesday --kind ollama --model llama3"
    )]
    Live(Box<live::LiveArgs>),
    #[command(after_help = "Example:\n  sim gate schema mutex")]
    Gate(gate::GateArgs),
    #[command(after_help = "Example:\n  sim decode --provider openai response.json")]
    Decode(decode::DecodeArgs),
    #[command(after_help = "Example:\n  sim schema check run-header.v1 run-42/header.json")]
    Schema(schema::SchemaArgs),
    #[command(after_help = "Example:\n  sim serve --seed 7 --chaos 5%")]
    Serve(serve::ServeArgs),
    #[command(after_help = "Example:\n  sim verify run-42")]
    Verify(verify::VerifyArgs),
    #[command(after_help = "Example:\n  sim show run-42 --tick 29")]
    Show(show::ShowArgs),
    #[command(after_help = "Example:\n  sim diff run-42 again")]
    Diff(diff::DiffArgs),
    #[command(after_help = "Example:\n  sim report run-42 --out run-42.html")]
    Report(report::ReportArgs),
    #[command(after_help = "Example:\n  sim fork run-42 --at 29 --mute loop --out calmer")]
    Fork(Box<fork::ForkArgs>),
    #[command(after_help = "Example:\n  sim shrink run-42 --out smallest")]
    Shrink(shrink::ShrinkArgs),
    #[command(after_help = "Example:\n  sim dataset run-42 --out rows")]
    Dataset(dataset::DatasetArgs),
    #[command(after_help = "Example:\n  sim new scenario mine.json")]
    New(new::NewArgs),
    #[command(after_help = "Example:\n  sim lint mine.json")]
    Lint(lint::LintArgs),
    #[command(
        after_help = "Example:\n  sim completions bash > ~/.local/share/bash-completion/completions/sim"
    )]
    Completions(manual::CompletionsArgs),
    #[command(after_help = "Example:\n  sim man --out man")]
    Man(manual::ManArgs),
}

fn exit_codes() -> String {
    let mut text = String::from("Exit codes:");
    for &exit in Exit::ALL {
        text += &format!("\n  {}  {}", exit.code(), exit.meaning());
    }
    text
}

fn main() -> ExitCode {
    if let Some(code) = turingos_workspace::launch(std::env::args_os()) {
        return code;
    }
    refuse_long_files();
    let words: Vec<_> = std::env::args_os().collect();
    // Also arguments that cannot be parsed are answered in JSON.
    let mut own_words = words.iter().take_while(|word| *word != "--");
    let is_json = own_words.any(|word| word == "--json");
    let outcome = match usage::parse::<CommandLine>(words) {
        Ok(Parsed::Arguments(command)) => run(&command),
        Ok(Parsed::Text(text)) => print(&text).map(ExitCode::from),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            // Where standard output or standard error is gone, the exit code has to do.
            if is_json {
                let _ = json::write_failure(&failure, &mut Looks::default().standard_output());
            }
            let _ = failure.write(&mut Looks::default().standard_error());
            failure.exit.into()
        }
    }
}

/// Makes a write past the file size limit (`ulimit -f`) an error like any other. By default the
/// signal that comes with it ends the process without a word.
fn refuse_long_files() {
    // Without a handler the process ends as before, which loses only the message.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

fn run(command: &CommandLine) -> Result<ExitCode, Failure> {
    let looks = command.looks;
    let out = &mut looks.standard_output();
    let exit = match &command.verb {
        // The exit code is that of the command it runs.
        Verb::Record(arguments) => return record::run(arguments, looks, out),
        Verb::Replay(arguments) => return replay::run(arguments, looks, out),
        Verb::Soak(arguments) => soak::run(arguments, looks, out),
        Verb::Run(arguments) => run::run(arguments, looks, out),
        Verb::Longrun(arguments) => longrun::run(arguments, looks, out),
        Verb::Sweep(arguments) => sweep::run(arguments, looks, out),
        Verb::Live(arguments) => live::run(arguments, looks, out),
        Verb::Gate(arguments) => gate::run(arguments, looks, out),
        Verb::Decode(arguments) => decode::run(arguments, &mut io::stdin().lock(), out),
        Verb::Schema(arguments) => schema::run(arguments, out),
        Verb::Serve(arguments) => serve::run(arguments, looks, out),
        Verb::Dataset(arguments) => dataset::run(arguments, looks, out),
        Verb::Verify(arguments) => verify::run(arguments, looks, out),
        Verb::Show(arguments) => show::run(arguments, looks, out),
        Verb::Diff(arguments) => diff::run(arguments, looks, out),
        Verb::Report(arguments) => report::run(arguments, looks, out),
        Verb::Fork(arguments) => fork::run(arguments, looks, out),
        Verb::Shrink(arguments) => shrink::run(arguments, looks, out),
        Verb::New(arguments) => new::run(arguments, looks, out),
        Verb::Lint(arguments) => lint::run(arguments, out),
        Verb::Completions(arguments) => manual::completions(arguments, out),
        Verb::Man(arguments) => manual::man(arguments, out),
    }?;
    Ok(exit.into())
}

fn print(text: &str) -> Result<Exit, Failure> {
    let out = &mut Looks::default().standard_output();
    out.write_all(text.as_bytes())?;
    Ok(Exit::Passed)
}
