//! `sim gate`: checks the project's named promises.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::table::{Align, Table};
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
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) corpus: Option<PathBuf>,
    /// Print the findings as one line of JSON.
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
    gates: &'a [Finding],
    passed: bool,
}

/// Runs the verb.
///
/// # Errors
/// The corpus cannot be read, or standard output cannot be written.
pub(crate) fn run(arguments: &GateArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    let gates = match &arguments.gates[..] {
        [] => &Gate::ALL[..],
        gates => gates,
    };
    let corpus = match &arguments.corpus {
        Some(directory) => Corpus::Directory(directory.clone()),
        None => Corpus::BuiltIn,
    };
    let findings: Vec<_> = gates
        .iter()
        .map(|gate| gate.run(&corpus))
        .collect::<Result<_, _>>()?;
    let passed = findings.iter().all(|finding| finding.pass);
    if arguments.json {
        let json = Json {
            gates: &findings,
            passed,
        };
        writeln!(
            out,
            "{}",
            serde_json::to_string(&json).map_err(std::io::Error::from)?
        )?;
    } else {
        write_table(&findings, out)?;
    }
    Ok(if passed { Exit::Passed } else { Exit::Failed })
}

fn write_table(findings: &[Finding], out: &mut impl Write) -> Result<(), Failure> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for finding in findings {
        let verdict = if finding.pass { "pass" } else { "FAIL" };
        table.row([verdict, finding.id, &finding.detail]);
    }
    table.write(0, out)?;
    for finding in findings.iter().filter(|finding| !finding.pass) {
        writeln!(out, "\n{}: {} failures", finding.id, finding.failures.len())?;
        for failure in finding.failures.iter().take(SHOWN_FAILURES) {
            writeln!(out, "  {failure}")?;
        }
        let hidden = finding.failures.len().saturating_sub(SHOWN_FAILURES);
        if hidden > 0 {
            writeln!(out, "  … and {hidden} more; --json shows all")?;
        }
        writeln!(out, "  reproduce: sim gate {}", finding.id)?;
    }
    Ok(())
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
