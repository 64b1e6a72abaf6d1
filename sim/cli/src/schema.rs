//! `sim schema`: list and show the schemas, check files against one, print a model's instructions.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::existing;
use crate::terminal::table::{Align, Table};
use turingos_run::system_prompt::system_prompt;
use turingos_schema::{Checker, Schema, Verdict, check_file};

/// List, show and apply the schemas of every file and message.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct SchemaArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What to do with the schemas.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Action {
    /// List every schema.
    List {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print a schema, byte for byte.
    Show {
        /// The schema.
        #[arg(value_name = "NAME", value_parser = known_schema())]
        schema: &'static Schema,
        /// Print it as a member of one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Check files against a schema: one line for each, exit 6 if any is invalid or unreadable.
    ///
    /// A schema cannot state every rule: `sim lint` judges a scenario, a contract, a mission or
    /// settings as the verb that reads it does.
    Check {
        /// The schema.
        #[arg(value_name = "NAME", value_parser = known_schema())]
        schema: &'static Schema,
        /// JSON documents; a file whose name ends in .jsonl holds one on each line.
        #[arg(value_name = "FILE", required = true, value_parser = existing())]
        files: Vec<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print the system prompt, which explains the instruction set to a model.
    Prompt {
        /// Print it as a member of one JSON object.
        #[arg(long)]
        json: bool,
    },
}

fn known_schema() -> impl TypedValueParser<Value = &'static Schema> {
    PossibleValuesParser::new(Schema::ALL.iter().map(Schema::name))
        .try_map(|name| Schema::named(&name).ok_or("no such schema"))
}

/// Runs the verb.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(arguments: &SchemaArgs, out: &mut impl Write) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::List { json } => list(*json, out)?,
        Action::Show {
            schema,
            json: false,
        } => out.write_all(schema.text().as_bytes())?,
        Action::Show { schema, json: true } => {
            let body = json!({"name": schema.name(), "schema": schema.document()});
            write_object("schema-document", &body, out)?;
        }
        Action::Check {
            schema,
            files,
            json,
        } => return check(schema, files, *json, out),
        Action::Prompt { json: false } => out.write_all(system_prompt().as_bytes())?,
        Action::Prompt { json: true } => {
            write_object("system-prompt", &json!({"text": system_prompt()}), out)?;
        }
    }
    Ok(Exit::Passed)
}

#[derive(Serialize)]
struct Listing {
    schemas: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    id: String,
    title: String,
}

fn list(json: bool, out: &mut impl Write) -> io::Result<()> {
    let entries = Schema::ALL.iter().map(|schema| Entry {
        name: schema.name(),
        id: schema.id(),
        title: schema.title(),
    });
    if json {
        let listing = Listing {
            schemas: entries.collect(),
        };
        return write_object("schema-list", &listing, out);
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for entry in entries {
        table.row([entry.name, &entry.title, &entry.id]);
    }
    table.write(0, out)
}

#[derive(Serialize)]
struct Report {
    schema: &'static str,
    passed: bool,
    files: Vec<FileReport>,
}

/// One file's verdict; what does not apply to it is left out.
#[derive(Default, Serialize)]
struct FileReport {
    file: String,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

fn check(
    schema: &'static Schema,
    files: &[PathBuf],
    json: bool,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let checker = Checker::of(schema);
    let mut report = Report {
        schema: schema.name(),
        passed: true,
        files: Vec::new(),
    };
    for path in files {
        let file = path.display().to_string();
        let verdict = check_file(&checker, path);
        report.passed &= matches!(verdict, Verdict::Valid { .. });
        if json {
            report.files.push(FileReport::of(file, verdict));
        } else {
            writeln!(out, "{file}: {}", sentence(&verdict))?;
        }
    }
    if json {
        write_object("schema-report", &report, out)?;
    }
    Ok(if report.passed {
        Exit::Passed
    } else {
        Exit::Corrupt
    })
}

impl FileReport {
    fn of(file: String, verdict: Verdict) -> Self {
        let file = Self {
            file,
            ..Self::default()
        };
        match verdict {
            Verdict::Valid { documents } => Self {
                valid: true,
                documents: Some(documents),
                ..file
            },
            Verdict::Invalid { line, violation } => Self {
                line,
                pointer: Some(violation.pointer),
                rule: Some(violation.rule),
                detail: Some(violation.detail),
                ..file
            },
            Verdict::Unreadable { line, reason } => Self {
                line,
                detail: Some(reason),
                ..file
            },
        }
    }
}

fn sentence(verdict: &Verdict) -> String {
    let place = |line: &Option<u64>| line.map_or(String::new(), |line| format!("line {line}: "));
    match verdict {
        Verdict::Valid { documents: 1 } => "valid".to_owned(),
        Verdict::Valid { documents } => format!("valid, {documents} documents"),
        Verdict::Invalid { line, violation } => format!(
            "{}invalid at \"{}\" by {}: {}",
            place(line),
            violation.pointer,
            violation.rule,
            violation.detail
        ),
        Verdict::Unreadable { line, reason } => format!("{}unreadable: {reason}", place(line)),
    }
}
