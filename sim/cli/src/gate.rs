//! `sim gate`: checks the project's named promises.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use turingos_gates::{Finding, Gate};
use turingos_testkit::corpus::{Corpus, LoadError};

/// How many failing cases a person is shown for each gate; `--json` has them all.
const SHOWN_FAILURES: usize = 20;

/// Check named gates, or all of them; exit 1 if one fails.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct GateArgs {
    /// The gates to check; all if none is named.
    #[arg(value_name = "NAME", value_parser = named)]
    pub(crate) gates: Vec<Gate>,
    /// Read the corpus from this directory, not the one that is built into the program.
    #[arg(long, value_name = "DIRECTORY", value_parser = existing())]
    pub(crate) corpus: Option<PathBuf>,
    /// Print the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn named(name: &str) -> Result<Gate, String> {
    Gate::named(name).ok_or_else(|| {
        let names = Gate::ALL.map(|gate| gate.name);
        format!("one of {}", names.join(", "))
    })
}

#[derive(Serialize)]
struct Json<'a> {
    gates: Vec<JsonGate<'a>>,
    passed: bool,
}

#[derive(Serialize)]
struct JsonGate<'a> {
    id: &'a str,
    verdict: &'static str,
    detail: &'a str,
    failures: &'a [String],
    reproduce: String,
}

/// Runs the verb. Each line is printed as soon as its gate is judged.
///
/// # Errors
/// The corpus cannot be read, or standard output cannot be written.
pub(crate) fn run(
    arguments: &GateArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let gates = match &arguments.gates[..] {
        [] => &Gate::ALL[..],
        gates => gates,
    };
    let corpus = match &arguments.corpus {
        Some(directory) => Corpus::Directory(directory.clone()),
        None => Corpus::BuiltIn,
    };
    let width = gates.iter().map(|gate| gate.name.len()).max().unwrap_or(0);
    let mut findings = Vec::new();
    for gate in gates {
        let finding = gate.run(&corpus)?;
        if !arguments.json && !looks.quiet {
            write_finding(&finding, width, arguments, out)?;
            out.flush()?;
        }
        findings.push(finding);
    }
    let failed: Vec<_> = findings.iter().filter(|it| !it.pass).collect();
    if arguments.json {
        let json = Json {
            gates: findings.iter().map(|it| json_gate(it, arguments)).collect(),
            passed: failed.is_empty(),
        };
        write_object("gate-report", &json, out)?;
    } else if looks.quiet {
        let names: Vec<_> = failed.iter().map(|finding| finding.id).collect();
        match &*names {
            [] => writeln!(out, "PASSED  {} gates", findings.len())?,
            names => writeln!(
                out,
                "FAILED  {} of {} gates: {}",
                names.len(),
                findings.len(),
                names.join(", ")
            )?,
        }
    }
    Ok(match failed.is_empty() {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

fn json_gate<'a>(finding: &'a Finding, arguments: &GateArgs) -> JsonGate<'a> {
    JsonGate {
        id: finding.id,
        verdict: if finding.pass { "pass" } else { "fail" },
        detail: &finding.detail,
        failures: &finding.failures,
        reproduce: command(finding, arguments),
    }
}

/// One line; of a failed gate also its failures and the command that repeats it.
fn write_finding(
    finding: &Finding,
    width: usize,
    arguments: &GateArgs,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let Finding {
        id,
        pass,
        detail,
        failures,
    } = finding;
    let verdict = if *pass { "pass" } else { "FAIL" };
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    table.row([verdict, &format!("{id:<width$}"), detail]);
    table.write(0, out)?;
    if *pass {
        return Ok(());
    }
    writeln!(out, "  {id}: {} failures", failures.len())?;
    for failure in failures.iter().take(SHOWN_FAILURES) {
        writeln!(out, "    {failure}")?;
    }
    let hidden = failures.len().saturating_sub(SHOWN_FAILURES);
    if hidden > 0 {
        writeln!(out, "    … and {hidden} more; --json shows all")?;
    }
    writeln!(out, "  reproduce: {}", command(finding, arguments))?;
    Ok(())
}

/// The command that repeats a gate, over the same corpus.
fn command(finding: &Finding, arguments: &GateArgs) -> String {
    let mut words = vec!["sim".to_owned(), "gate".to_owned(), finding.id.to_owned()];
    if let Some(corpus) = &arguments.corpus {
        words.extend(["--corpus".to_owned(), corpus.display().to_string()]);
    }
    shlex::try_join(words.iter().map(String::as_str)).expect("no argument holds a NUL byte")
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match &error {
            LoadError::System { .. } => Self::new(
                Exit::System,
                format!("{error}; leave out --corpus to use the built-in corpus"),
            ),
            LoadError::Malformed(_) => Self::new(Exit::Corrupt, error.to_string()),
        }
    }
}
