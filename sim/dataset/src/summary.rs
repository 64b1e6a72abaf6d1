//! The figures of a data set, for people.
//!
//! Names no path and no date: the same sources give the same text everywhere.

use std::io::{self, Write};

use super::Summary;

/// Writes the figures as Markdown.
///
/// # Errors
/// Those of `out`.
pub fn write_summary(summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let metrics = &summary.figures;
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
    for source in &summary.sources {
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
    let unfinished: Vec<_> = { summary.sources.iter() }
        .filter_map(|source| Some((&source.file, source.unfinished.as_ref()?)))
        .collect();
    if !unfinished.is_empty() {
        writeln!(out, "\n## Unfinished runs\n")?;
        for (file, end) in unfinished {
            writeln!(out, "- {file}: {end}")?;
        }
    }
    if !summary.bad_sources.is_empty() {
        writeln!(out, "\n## Sources left out\n")?;
        for source in &summary.bad_sources {
            writeln!(out, "- {}: {}", source.file, source.reason)?;
        }
    }
    table(out, "Policy rows by opcode", "opcode", &metrics.opcodes)?;
    table(out, "Reflex rows by trap", "trap", &metrics.traps)?;
    if !metrics.foreign_syscalls.is_empty() {
        let title = "Transitions left out: the decoder refuses their syscall";
        table(out, title, "reason", &metrics.foreign_syscalls)?;
    }
    if !metrics.dropped_traps.is_empty() {
        let head = "| trap | reason | traps |\n|---|---|---:|";
        writeln!(out, "\n## Traps left out\n\n{head}")?;
        for (base, reasons) in &metrics.dropped_traps {
            for (reason, count) in reasons {
                writeln!(out, "| {base} | {} | {count} |", reason.name())?;
            }
        }
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
