//! Server-sent events: the lines of a streamed body, grouped into events.
//!
//! Never interprets the data, and never waits: the body is all there is.

use alloc::borrow::Cow;

use super::fault::{BusFault, BusFaultCode};

/// True if a body is in the form of server-sent events.
pub(super) fn is_event_stream(body: &str) -> bool {
    let body = body.trim_start();
    ["data:", "event:", "id:", "retry:", ":"]
        .iter()
        .any(|field| body.starts_with(field))
}

/// One event with data.
pub(super) struct Event<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) data: Cow<'a, str>,
    /// Nothing follows: if the data is incomplete, the stream was cut here.
    pub(super) is_last: bool,
}

impl Event<'_> {
    /// Incomplete JSON at the end of a stream is a cut stream.
    pub(super) fn blame(&self, fault: BusFault) -> BusFault {
        cut_at_end(fault, self.is_last)
    }
}

pub(super) fn cut_at_end(fault: BusFault, is_last: bool) -> BusFault {
    if is_last && fault.code == BusFaultCode::TruncatedBody {
        return BusFault {
            code: BusFaultCode::CutStream,
            ..fault
        };
    }
    fault
}

/// The events of a body in order; those without data are left out.
pub(super) struct Events<'a> {
    rest: &'a str,
}

impl<'a> Events<'a> {
    pub(super) fn of(body: &'a str) -> Self {
        Self {
            rest: body.trim_end(),
        }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        let mut name = None;
        let mut data: Option<Cow<'a, str>> = None;
        while !self.rest.is_empty() {
            let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            self.rest = rest;
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                if data.is_some() {
                    break;
                }
                name = None;
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => name = Some(value),
                "data" => {
                    data = Some(match data {
                        None => Cow::Borrowed(value),
                        Some(before) => {
                            let mut joined = before.into_owned();
                            joined.push('\n');
                            joined.push_str(value);
                            Cow::Owned(joined)
                        }
                    });
                }
                // Comments, ids and retry hints carry nothing of the reply.
                _ => {}
            }
        }
        Some(Event {
            name,
            data: data?,
            is_last: self.rest.is_empty(),
        })
    }
}
