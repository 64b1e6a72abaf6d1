//! `sim new`: writes an example of a file that people write, ready to be changed.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::lint::FileKind;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use turingos_schema::Schema;

/// Write an example that works into a new file, and say what its parts mean.
///
/// A mission and settings have comments. JSON has none, so the members of a scenario and of a
/// contract are described on standard output.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct NewArgs {
    /// What to write.
    #[arg(value_name = "KIND")]
    pub(crate) kind: FileKind,
    /// The file, which must not be there yet.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The example of a kind.
pub(crate) const fn example(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Scenario => include_str!("../templates/scenario.json"),
        FileKind::Mission => include_str!("../templates/mission.md"),
        FileKind::Settings => include_str!("../templates/settings.toml"),
        FileKind::Contract => include_str!("../templates/contract.json"),
    }
}

/// The schema that describes a kind without comments.
fn schema(kind: FileKind) -> Option<&'static Schema> {
    match kind {
        FileKind::Scenario => Schema::named("scenario.v1"),
        FileKind::Contract => Schema::named("contract.v1"),
        FileKind::Mission | FileKind::Settings => None,
    }
}

#[derive(Serialize)]
struct Json {
    passed: bool,
    kind: &'static str,
    file: String,
    next: String,
}

/// Runs the verb.
///
/// # Errors
/// The file is there already or cannot be written, or standard output cannot be written.
pub(crate) fn run(
    arguments: &NewArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let (kind, path) = (arguments.kind, &arguments.file);
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} is there already; choose another name", path.display()),
        ));
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(example(kind).as_bytes()))
        .map_err(|cause| Failure::of_file("write", path, &cause))?;
    let file = path.display().to_string();
    let next = next(kind, &file);
    if arguments.json {
        let json = Json {
            passed: true,
            kind: kind.name(),
            file,
            next,
        };
        write_object("new-report", &json, out)?;
        return Ok(Exit::Passed);
    }
    writeln!(out, "{file}: an example of a {}", kind.name())?;
    if looks.quiet {
        return Ok(Exit::Passed);
    }
    if let Some(schema) = schema(kind) {
        write_members(&schema.document(), out)?;
    }
    writeln!(out, "next: {next}")?;
    Ok(Exit::Passed)
}

/// The command that uses the file.
fn next(kind: FileKind, file: &str) -> String {
    let word = shlex::try_quote(file).expect("no argument holds a NUL byte");
    match kind {
        FileKind::Scenario => format!("sim run {word}"),
        FileKind::Mission | FileKind::Settings | FileKind::Contract => {
            format!("sim lint --as {} {word}", kind.name())
        }
    }
}

/// Each member with its description.
fn write_members(document: &Value, out: &mut impl Write) -> Result<(), Failure> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    let required = document.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
    let members = document.get("properties").and_then(Value::as_object);
    for (name, member) in members.into_iter().flatten() {
        let about = member.get("description").and_then(Value::as_str);
        let need = if is_required(name) { "" } else { "optional" };
        table.row([name.as_str(), need, about.unwrap_or_default()]);
    }
    table.write(2, out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::judge;
    use clap::ValueEnum;

    #[test]
    fn every_example_is_accepted_by_its_reader() {
        for kind in FileKind::value_variants() {
            let judged = judge(*kind, example(*kind).as_bytes());
            assert!(judged.is_ok(), "{kind:?}: {judged:?}");
        }
    }
}
