//! The figures of a data set, for people.
//!
//! Never names a path beyond the sources' own short names, and never a date: the same sources give
//! the same text anywhere.

use std::io::{self, Write};

use super::Summary;

/// Writes the figures as Markdown.
///
/// # Errors
/// Those of `out`.
pub fn write_summary(metrics: &Summary, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# Data set\n")?;
    writeln!(
        out,
        "| rows | written | duplicates left out |\n|---|---:|---:|"
    )?;
    for (kind, rows, duplicates) in [
        ("policy", metrics.policy_rows, metrics.policy_duplicates),
        ("reflex", metrics.reflex_rows, metrics.reflex_duplicates),
    ] {
        writeln!(out, "| {kind}.jsonl | {rows} | {duplicates} |")?;
    }
    writeln!(out, "\n## Sources\n")?;
    let heads = "| source | kind | transitions | traps | policy rows | reflex rows |";
    writeln!(out, "{heads}\n|---|---|---:|---:|---:|---:|")?;
    for source in &metrics.sources {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            source.file.replace('|', "\\|"),
            source.kind,
            source.transitions,
            source.traps,
            source.policy_rows,
            source.reflex_rows
        )?;
    }
    let unfinished: Vec<_> = { metrics.sources.iter() }
        .filter_map(|source| Some((&source.file, source.unfinished.as_ref()?)))
        .collect();
    if !unfinished.is_empty() {
        writeln!(out, "\n## Unfinished runs\n")?;
        for (file, end) in unfinished {
            writeln!(out, "- {file}: {end}")?;
        }
    }
    table(out, "Policy rows by opcode", "opcode", &metrics.opcodes)?;
    table(out, "Reflex rows by trap", "trap", &metrics.traps)?;
    if !metrics.foreign_syscalls.is_empty() {
        let title = "Transitions left out: the decoder refuses their syscall";
        table(out, title, "reason", &metrics.foreign_syscalls)?;
    }
    if metrics.unanswered_traps > 0 {
        writeln!(
            out,
            "\n{} traps are left out: the machine was rebooted or its recording ended before a \
             transition followed.",
            metrics.unanswered_traps
        )?;
    }
    Ok(())
}

fn table<'f, K: AsRef<str> + 'f>(
    out: &mut impl Write,
    title: &str,
    head: &str,
    rows: impl IntoIterator<Item = (&'f K, &'f u64)>,
) -> io::Result<()> {
    writeln!(out, "\n## {title}\n\n| {head} | rows |\n|---|---:|")?;
    for (name, count) in rows {
        writeln!(out, "| {} | {count} |", name.as_ref())?;
    }
    Ok(())
}
