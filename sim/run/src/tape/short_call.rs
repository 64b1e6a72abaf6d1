//! A call read without decoding its request, for a caller that compares the request as it is.
//!
//! Gives no reason for a record that it cannot read: the caller then reads it whole.
//! Without it `replay/live` and `live-streamed` in `benches/replay.rs` take 2.2 and 1.8 times as long.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::body::Body;
use super::entry::{CallEntry, CallOutcome, check_headers};
use super::long_text::{cut, decode};

/// A text with two quotes that JSON is searched for.
type Label = LazyLock<Finder<'static>>;

/// A call whose request was not decoded.
#[derive(Debug)]
pub(super) struct ShortCall {
    /// The call, with an empty request.
    pub(super) call: CallEntry,
    /// The place of the request in the record, between the quotes of a JSON string.
    pub(super) request: Range<usize>,
}

impl ShortCall {
    /// Reads a call as [`Entry::read_spelled_json`] does, apart from its request. `None` for a call
    /// that needs the whole reader.
    pub(super) fn read(record: &[u8]) -> Option<Self> {
        // None of these can stand inside a string, whose quotes have backslashes before them.
        static REQUEST: Label = Label::new(|| Finder::new(b"\"request\":{\"text\":\""));
        static END: Label = Label::new(|| Finder::new(b"\"},\"outcome\":"));
        static BODY: Label = Label::new(|| Finder::new(b"\"body\":{\"text\":\""));
        let start = REQUEST.find(record)? + REQUEST.needle().len();
        let end = start + END.find(&record[start..])?;
        let (before, after) = (&record[..start], &record[end..]);
        let call = match cut(after, &BODY) {
            Some(body) => {
                let short = [before, body.before, body.after].concat();
                let mut call: CallEntry = serde_json::from_slice(&short).ok()?;
                if let CallOutcome::Reply(reply) = &mut call.outcome {
                    reply.body = Body(body.text);
                }
                call
            }
            None => serde_json::from_slice(&[before, after].concat()).ok()?,
        };
        check_headers(&call).ok()?;
        Some(Self {
            call,
            request: start..end,
        })
    }

    /// The whole call, if its request is spelled as requests are written.
    pub(super) fn complete(self, record: &[u8]) -> Option<CallEntry> {
        let (text, length) = decode(&record[self.request.start..])?;
        let mut call = self.call;
        call.request = Body(text);
        (length == self.request.len()).then_some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::*;
    use turingos::bus::Provider;
    use turingos::dispatch::Lane;
    use turingos_agents::{RawReply, Request, TransportFault};

    const REQUEST: Request<'static> = Request {
        tick: 7,
        lane: Lane::E,
        attempt: 0,
        system_prompt: "d",
        q: "q",
        frame: "f",
    };

    /// Every request and body here has a text of its own kind: one that is cut out, one that is
    /// left to serde_json, one that is no text.
    #[test]
    fn short_call_equals_the_whole_call() {
        let bodies: [&[u8]; 6] = [
            b"",
            b"{\"q\":\"\\n\"}",
            "\u{8}\u{c}\n\r\t\\\"é😀".as_bytes(),
            b"\x01\x1f",
            b"\xff\x00",
            b"\"},\"outcome\":\"request\":{\"text\":\"\"body\":{\"text\":\"",
        ];
        for request_body in bodies {
            for body in bodies {
                let raw = RawReply {
                    provider: Provider::OpenAi,
                    status: 429,
                    retry_after_us: None,
                    headers: vec![("retry-after".into(), "1".into())],
                    body: body.to_vec(),
                };
                for outcome in [Ok(&raw), Err(TransportFault::Reset)] {
                    let call = CallEntry::new(&REQUEST, request_body.to_vec(), outcome, 9);
                    let mut text = Vec::new();
                    Entry::Call(call.clone()).write_json(&mut text);
                    let text = String::from_utf8(text).unwrap();
                    let whole: CallEntry = serde_json::from_str(&text).unwrap();
                    assert_eq!(whole, call);
                    let read = Entry::read_json(text.as_bytes(), &mut Vec::new());
                    assert_eq!(read.unwrap(), Entry::Call(call.clone()));
                    let Some(short) = ShortCall::read(text.as_bytes()) else {
                        assert!(request_body.contains(&0xff), "{text}");
                        continue;
                    };
                    let spelled = format!("\"{}\"", &text[short.request.clone()]);
                    let told: String = serde_json::from_str(&spelled).unwrap();
                    assert_eq!(told.as_bytes(), request_body);
                    assert_eq!(short.call.outcome, call.outcome);
                }
            }
        }
    }

    /// A request that the record continues behind is left to the whole reader, which refuses it.
    #[test]
    fn request_is_completed_only_if_it_is_the_whole_text() {
        let body = b"{\"q\":1}".to_vec();
        let call = CallEntry::new(&REQUEST, body, Err(TransportFault::Reset), 9);
        let mut text = Vec::new();
        Entry::Call(call.clone()).write_json(&mut text);
        let short = ShortCall::read(&text).unwrap();
        assert_eq!(short.complete(&text), Some(call));
        let text = String::from_utf8(text).unwrap();
        let forged = text.replacen("\"},\"outcome\"", "\",\"more\":\"x\"},\"outcome\"", 1);
        assert_ne!(forged, text);
        let short = ShortCall::read(forged.as_bytes()).unwrap();
        assert_eq!(short.complete(forged.as_bytes()), None);
        assert!(Entry::read_spelled_json(forged.as_bytes()).is_err());
    }
}
