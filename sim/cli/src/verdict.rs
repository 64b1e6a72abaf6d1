//! The end of every run report: traps, gates, verdict and root.

use std::io::{self, Write};

use turingos::Digest;
use turingos::trap::TrapKind;

use super::table::{Align, Table};
use turingos_run::{Gate, Manifest};

/// One line for each trap kind, below a heading.
pub(super) fn write_traps(count: impl Fn(TrapKind) -> u64, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\ntraps")?;
    let mut traps = Table::new([Align::Left, Align::Right]);
    for kind in TrapKind::ALL {
        traps.row([kind.name(), &count(kind).to_string()]);
    }
    traps.write(2, out)
}

/// One line for each gate.
pub(super) fn write_gates(gates: &[Gate], out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for gate in gates {
        let verdict = if gate.pass { "pass" } else { "FAIL" };
        table.row([verdict, &gate.id, &gate.detail]);
    }
    table.write(2, out)
}

/// The gates below a heading, the verdict and the root.
pub(super) fn write_verdict(
    manifest: &Manifest,
    root: Digest,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "\ngates")?;
    write_gates(manifest.gates(), out)?;
    let verdict = match manifest.passed() {
        true => "PASSED",
        false => "FAILED",
    };
    writeln!(out, "\n{verdict}  root {root}")
}
