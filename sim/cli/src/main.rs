//! The `sim` command: one file for each verb, exit codes in one place.
//!
//! Only this package reads arguments, the environment and the terminal.

mod check;
mod choice;
mod dataset;
mod decode;
mod exit;
mod gate;
mod live;
mod longrun;
mod longrun_report;
mod noise_level;
mod progress;
mod replay;
mod run;
mod run_report;
mod sandbox;
mod scenario_choice;
mod schema;
mod serve;
mod soak;
mod soak_report;
mod table;
mod terminal;
mod usage;
mod verdict;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};
use usage::Parsed;

/// Deterministic simulation and replay of agent kernels.
#[derive(Debug, Parser)]
#[command(name = "sim", version, after_help = exit_codes(), disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Soak(soak::SoakArgs),
    Replay(replay::ReplayArgs),
    Run(run::RunArgs),
    Longrun(longrun::LongrunArgs),
    Live(Box<live::LiveArgs>),
    Gate(gate::GateArgs),
    Decode(decode::DecodeArgs),
    Schema(schema::SchemaArgs),
    Serve(serve::ServeArgs),
    Verify(verify::VerifyArgs),
    Dataset(dataset::DatasetArgs),
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
    let outcome = match usage::parse::<CommandLine>(std::env::args_os()) {
        Ok(Parsed::Arguments(command)) => run(command.verb),
        Ok(Parsed::Text(text)) => print(&text),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Where standard error is gone, the exit code has to do.
            let _ = writeln!(io::stderr(), "sim: {failure}");
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

fn run(verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Soak(arguments) => soak::run(&arguments, &mut io::stdout().lock()),
        Verb::Replay(arguments) => replay::run(&arguments, &mut io::stdout().lock()),
        Verb::Run(arguments) => run::run(&arguments, &mut io::stdout().lock()),
        Verb::Longrun(arguments) => longrun::run(&arguments, &mut io::stdout().lock()),
        Verb::Live(arguments) => live::run(&arguments, &mut io::stdout().lock()),
        Verb::Gate(arguments) => gate::run(&arguments, &mut io::stdout().lock()),
        Verb::Decode(arguments) => decode::run(
            &arguments,
            &mut io::stdin().lock(),
            &mut io::stdout().lock(),
        ),
        Verb::Schema(arguments) => schema::run(&arguments, &mut io::stdout().lock()),
        Verb::Serve(arguments) => serve::run(&arguments, &mut io::stdout().lock()),
        Verb::Dataset(arguments) => dataset::run(&arguments, &mut io::stdout().lock()),
        Verb::Verify(arguments) => verify::run(&arguments, &mut io::stdout().lock()),
    }
}

fn print(text: &str) -> Result<Exit, Failure> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Passed)
}
