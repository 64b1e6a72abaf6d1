//! The end of every run report: traps, gates, verdict and root.

use std::io::{self, Write};

use turingos::Digest;
use turingos::trap::TrapKind;

use crate::terminal::table::{Align, Table};
use turingos_run::{Gate, GateVerdict, Header, Manifest, RunConfig};

/// One line for each trap kind, below a heading.
pub(crate) fn write_traps(count: impl Fn(TrapKind) -> u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "traps")?;
    let mut traps = Table::new([Align::Left, Align::Right]);
    for kind in TrapKind::ALL {
        traps.row([kind.name(), &count(kind).to_string()]);
    }
    traps.write(2, out)
}

/// One line for each gate.
pub(crate) fn write_gates(gates: &[Gate], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for gate in gates {
        table.row([shown(gate.verdict), &gate.id, &gate.detail]);
    }
    table.write(2, out)
}

/// A failure should catch the eye, even without colour.
const fn shown(verdict: GateVerdict) -> &'static str {
    match verdict {
        GateVerdict::Fail => "FAIL",
        GateVerdict::Pass | GateVerdict::Skip => verdict.name(),
    }
}

/// The gates below a heading, the verdict and the root.
pub(crate) fn write_verdict(
    manifest: &Manifest,
    root: Digest,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "gates")?;
    write_gates(manifest.gates(), out)?;
    writeln!(out)?;
    write_verdict_line(manifest, root, out)
}

/// All that `--quiet` leaves.
pub(crate) fn write_verdict_line(
    manifest: &Manifest,
    root: Digest,
    out: &mut impl Write,
) -> io::Result<()> {
    let verdict = match manifest.passed() {
        true => "PASSED",
        false => "FAILED",
    };
    writeln!(out, "{verdict}  root {root}")
}

/// What `--verbose` adds: the settings that the header holds, and the header's hash.
pub(crate) fn write_configuration<C: RunConfig>(
    header: &Header<C>,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "header {}", header.genesis())?;
    writeln!(out, "config {}", serde_json::to_string(&header.config)?)
}
