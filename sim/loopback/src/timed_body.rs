//! An answer's body in pieces, each sent at its time.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::connection::Fate;

/// The pause between the last byte and a break, so that the byte is sent before it.
const BEFORE_BREAK: Duration = Duration::from_millis(5);

/// A body that is sent in pieces and may break off.
#[derive(Debug)]
pub struct TimedBody {
    pieces: VecDeque<(Option<Instant>, Bytes)>,
    /// Whether the connection breaks after the last piece.
    breaks: Option<Break>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// The end of a connection in place of the announced end of its body.
#[derive(Debug)]
struct Break {
    /// Not before this time, if there is one.
    at: Option<Instant>,
    /// The connection to reset; without it, it is closed.
    resets: Option<Fate>,
}

impl TimedBody {
    /// A body of these pieces, each sent as soon as its time has come; at once without one.
    pub fn new(pieces: impl IntoIterator<Item = (Option<Instant>, Bytes)>) -> Self {
        Self {
            pieces: pieces.into_iter().collect(),
            breaks: None,
            alarm: None,
        }
    }

    /// The same body, whose connection is closed after the last piece instead of ending as
    /// announced; not before `at`. The last piece is sent first.
    #[must_use]
    pub fn breaking(self, at: Option<Instant>) -> Self {
        let breaks = Some(Break { at, resets: None });
        Self { breaks, ..self }
    }

    /// The same as [`breaking`](Self::breaking), but the connection, whose fate this is, is reset.
    #[must_use]
    pub fn resetting(self, at: Option<Instant>, fate: Fate) -> Self {
        let resets = Some(fate);
        let breaks = Some(Break { at, resets });
        Self { breaks, ..self }
    }

    /// Waits for a time, which is over already without one.
    fn wait(&mut self, at: Option<Instant>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(at) = at {
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(at)));
            ready!(alarm.as_mut().poll(context));
            self.alarm = None;
        }
        Poll::Ready(())
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some((at, _)) = self.pieces.front() {
            let at = *at;
            ready!(self.wait(at, context));
            let piece = self.pieces.pop_front();
            return Poll::Ready(piece.map(|(_, piece)| Ok(Frame::data(piece))));
        }
        let Some(Break { at, .. }) = self.breaks else {
            return Poll::Ready(None);
        };
        if self.alarm.is_none() {
            let earliest = Instant::now() + BEFORE_BREAK;
            let at = at.map_or(earliest, |at| at.max(earliest));
            self.alarm = Some(Box::pin(sleep_until(at)));
        }
        ready!(self.wait(at.or_else(|| Some(Instant::now())), context));
        if let Some(fate) = self.breaks.as_ref().and_then(|it| it.resets.as_ref()) {
            fate.reset();
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.breaks.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let bytes: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        match self.breaks {
            // One piece that is sent at once needs no chunks.
            None if self.pieces.len() <= 1 => SizeHint::with_exact(bytes as u64),
            _ => SizeHint::default(),
        }
    }
}
