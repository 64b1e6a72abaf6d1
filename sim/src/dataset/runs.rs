//! Rows from a run, by running it again: its journal holds digests only.
//!
//! Never takes a row from a tick that comes out otherwise than it was recorded.

use std::io::{self, Read, Write};

use thiserror::Error;
use turingos::bus::{self, Provider};
use turingos::isa;
use turingos::journal::Status;
use turingos::trap::TrapFrame;

use super::{Collector, Transition};
use crate::line_reader::{LineError, LineReader};
use crate::run::Header;
use crate::run::driver::{Call, Observer};
use crate::soak::{Settings, Soak, on_virtual_time};

/// No line of a journal is longer, in bytes.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Why a run gave not all of its rows.
#[derive(Debug, Error)]
pub enum Divergence {
    /// Run again, it does otherwise.
    #[error("run again, it differs from its journal, first at tick {tick}; see `sim replay`")]
    Record {
        /// The first tick that differs.
        tick: u64,
    },
    /// The journal cannot be read.
    #[error("line {line} of its journal {source}", line = .source.line())]
    Journal {
        /// Where and why.
        #[from]
        source: LineError,
    },
    /// A row could not be written.
    #[error("cannot write the rows: {0}")]
    Output(#[from] io::Error),
}

/// Runs a soak again, as far as its journal goes, and reads its rows. The caller has verified the
/// journal and begun the source.
///
/// # Errors
/// [`Divergence`]; rows before it have been written.
pub fn from_soak<W: Write>(
    header: &Header<Settings>,
    journal: impl Read,
    rows: &mut Collector<W>,
) -> Result<(), Divergence> {
    let mut lines = LineReader::new(journal, MAX_LINE_BYTES);
    on_virtual_time(async {
        let mut soak = Soak::observed(header, Witness::default());
        while let Some(line) = lines.next_line()? {
            let tick = soak.ticks();
            let d_t = soak.kernel().d().text().to_owned();
            soak.observer_mut().forget();
            let committed = soak.tick().await;
            if soak.line().strip_suffix(b"\n") != Some(line.bytes) {
                return Err(Divergence::Record { tick });
            }
            take(line.number, &d_t, &committed, soak.observer_mut(), rows)?;
        }
        Ok(())
    })
}

fn take<W: Write>(
    line: u64,
    d_t: &str,
    committed: &turingos::kernel::Committed,
    witness: &Witness,
    rows: &mut Collector<W>,
) -> io::Result<()> {
    // A trap that was shown in the frame is answered by this very tick, one that stopped the action
    // by a later one.
    let (hard, soft): (Vec<&TrapFrame>, Vec<_>) =
        { committed.trap_frames.iter() }.partition(|frame| frame.trap_base.0.is_hard());
    for frame in soft {
        trap(line, frame, rows);
    }
    if committed.record.op.is_some()
        && let Some(transition) = witness.transition()
    {
        let seen = Transition {
            line,
            tick: committed.record.tick,
            q_t: &witness.q,
            s_t: &witness.frame,
            d_t,
            q_next: &transition.q_next,
        };
        rows.transition(&seen, &transition.syscall)?;
    }
    for frame in hard {
        trap(line, frame, rows);
    }
    if committed.record.status != Status::Running {
        rows.interrupt();
    }
    Ok(())
}

fn trap<W: Write>(line: u64, frame: &TrapFrame, rows: &mut Collector<W>) {
    let json = serde_json::to_string(frame).expect("numbers and text are always JSON");
    rows.trap(line, frame.trap_base.0.base(), &frame.details, json);
}

/// Keeps the last call of a tick, whose answer is the one that counts.
#[derive(Debug, Default)]
struct Witness {
    q: String,
    frame: String,
    reply: Option<(Provider, u16, Vec<u8>)>,
}

impl Witness {
    fn forget(&mut self) {
        self.reply = None;
    }

    /// What the driver and the kernel make of the reply.
    fn transition(&self) -> Option<isa::Transition> {
        let (provider, status, body) = self.reply.as_ref()?;
        let reply = bus::parse(*provider, *status, body).ok()?;
        isa::decode(reply.text.as_bytes()).ok()
    }
}

impl Observer for Witness {
    fn called(&mut self, call: &Call<'_>) -> u64 {
        self.q.clear();
        self.q.push_str(call.request.q);
        self.frame.clear();
        self.frame.push_str(call.request.frame);
        let reply = call.outcome.ok();
        self.reply = reply.map(|raw| (raw.provider, raw.status, raw.body.clone()));
        call.took_us
    }
}
