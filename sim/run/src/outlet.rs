//! What takes the ticks of an engine: any sink, behind one type.
//!
//! The code of a tick is long. Were it generic over the sink, it would be compiled again for each.

use turingos::journal::Chain;

use crate::error::RunIoError;
use crate::session::{Sink, Tick};
use crate::tape::{Call, TapeSession};

/// A sink whose error is kept aside.
pub(crate) trait Outlet {
    /// As [`Sink::tape`].
    fn tape(&mut self) -> Option<&mut TapeSession>;

    /// As [`Sink::called`].
    fn called(&mut self, call: &Call<'_>);

    /// As [`Sink::take`]; false if the tick was not taken.
    fn take(&mut self, tick: &Tick<'_>) -> bool;

    /// As [`Sink::recorded_chain`].
    fn recorded_chain(&self) -> Option<Chain>;
}

/// A sink as an outlet.
pub(crate) struct SinkOutlet<'a, S: Sink> {
    sink: &'a mut S,
    refusal: Option<S::Error>,
}

impl<'a, S: Sink> SinkOutlet<'a, S> {
    pub(crate) const fn of(sink: &'a mut S) -> Self {
        Self {
            sink,
            refusal: None,
        }
    }

    /// What came of the ticks, unless the sink refused one.
    pub(crate) fn result<T>(self, ticked: Result<T, RunIoError>) -> Result<T, S::Error> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(ticked?),
        }
    }
}

impl<S: Sink> Outlet for SinkOutlet<'_, S> {
    fn tape(&mut self) -> Option<&mut TapeSession> {
        self.sink.tape()
    }

    fn called(&mut self, call: &Call<'_>) {
        self.sink.called(call);
    }

    fn take(&mut self, tick: &Tick<'_>) -> bool {
        match self.sink.take(tick) {
            Ok(()) => true,
            Err(refusal) => {
                self.refusal = Some(refusal);
                false
            }
        }
    }

    fn recorded_chain(&self) -> Option<Chain> {
        self.sink.recorded_chain()
    }
}
