//! `sim diff` of two recordings of agents: the first call in which they differ, field by field.
//!
//! Times and the pieces in which a body came are not compared.

use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use crate::diff::DiffArgs;
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::terminal::looks::Looks;
use turingos_exchange::{Exchange, RecordedRequest, RecordedResponse, Tape};
use turingos_run::{Difference, differences, differing_texts};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json {
    passed: bool,
    headers: Vec<Difference>,
    calls: [u64; 2],
    roots: [String; 2],
    parting: Option<Parting>,
}

/// The first call that differs.
#[derive(Serialize)]
struct Parting {
    call: u64,
    /// Which side of it; none if one recording ends there.
    side: Option<&'static str>,
    differences: Vec<Difference>,
}

/// Compares two recordings.
///
/// # Errors
/// One of them is corrupt or cannot be read, or the output cannot be written.
pub(crate) fn run(
    arguments: &DiffArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let (a, b) = (Tape::open(&arguments.a)?, Tape::open(&arguments.b)?);
    let header = |tape: &Tape| {
        let header: Value = serde_json::from_slice(&tape.header.to_bytes()).unwrap_or_default();
        header
    };
    let report = Json {
        headers: differences(&header(&a), &header(&b)),
        calls: [a.exchanges.len() as u64, b.exchanges.len() as u64],
        roots: [a.chain.head().to_string(), b.chain.head().to_string()],
        parting: parting(&a, &b),
        passed: false,
    };
    let report = Json {
        passed: report.parting.is_none(),
        ..report
    };
    if arguments.json {
        write_object("exchange-diff-report", &report, out)?;
    } else {
        write_text(&report, looks, out)?;
    }
    Ok(match report.passed {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

fn parting(a: &Tape, b: &Tape) -> Option<Parting> {
    for (a, b) in a.exchanges.iter().zip(&b.exchanges) {
        let sides = [
            ("request", request_differences(&a.request, &b.request)),
            ("response", response_differences(&a.response, &b.response)),
        ];
        for (side, differences) in sides {
            if !differences.is_empty() {
                return Some(Parting {
                    call: a.number,
                    side: Some(side),
                    differences,
                });
            }
        }
    }
    let shorter = a.exchanges.len().min(b.exchanges.len());
    let longer = if a.exchanges.len() > shorter { a } else { b };
    let next: Option<&Exchange> = longer.exchanges.get(shorter);
    next.map(|next| Parting {
        call: next.number,
        side: None,
        differences: Vec::new(),
    })
}

fn request_differences(a: &RecordedRequest, b: &RecordedRequest) -> Vec<Difference> {
    let head = |it: &RecordedRequest| {
        json!({
            "target": it.target,
            "method": it.method,
            "path": it.path,
            "query": it.query,
            "headers": it.headers,
        })
    };
    let mut found = differences(&head(a), &head(b));
    found.extend(within_body(&a.body.0, &b.body.0));
    found
}

fn response_differences(a: &RecordedResponse, b: &RecordedResponse) -> Vec<Difference> {
    let head = |it: &RecordedResponse| {
        json!({
            "status": it.status,
            "headers": it.headers,
            "end": it.end.name(),
            "injected": it.injected,
        })
    };
    let mut found = differences(&head(a), &head(b));
    found.extend(within_body(&a.body(), &b.body()));
    found
}

fn within_body(a: &[u8], b: &[u8]) -> impl Iterator<Item = Difference> {
    let found = match a == b {
        true => Vec::new(),
        false => differing_texts(a, b),
    };
    found.into_iter().map(|difference| Difference {
        pointer: format!("/body{}", difference.pointer),
        ..difference
    })
}

fn write_text(report: &Json, looks: Looks, out: &mut impl Write) -> Result<(), Failure> {
    let [a, b] = report.calls;
    if !looks.quiet {
        match &report.headers[..] {
            [] => writeln!(out, "headers   the same")?,
            headers => {
                writeln!(out, "headers")?;
                crate::diff::write_differences(headers, out)?;
            }
        }
        writeln!(out, "calls     A {a}, B {b}")?;
        if let Some(parting) = &report.parting {
            let call = parting.call;
            match parting.side {
                Some(side) => writeln!(out, "first difference: call {call}, its {side}")?,
                None => writeln!(out, "call {call} is in one recording only")?,
            }
            crate::diff::write_differences(&parting.differences, out)?;
        }
    }
    let [a, b] = &report.roots;
    match &report.parting {
        None => writeln!(out, "SAME  {} calls", report.calls[0])?,
        Some(parting) => {
            let call = parting.call;
            writeln!(out, "DIFFERENT from call {call} on  roots {a} and {b}")?;
        }
    }
    Ok(())
}
