//! What a request is sent as, and recognised by on a tape.
//!
//! Never looks at anything but the request: the same for a recording and its replay.

use turingos_agents::Request;
use turingos_agents::json_text::push_json_fragment;

/// How a request becomes a body. Any function of a request is one.
pub trait RequestEncoder {
    /// The canonical body.
    fn body(&mut self, request: &Request<'_>) -> Vec<u8>;

    /// Whether `in_json` is the body as it stands between the quotes of a JSON string. A form that
    /// knows parts of its bodies beforehand need not make the whole for it.
    fn is_body(&mut self, request: &Request<'_>, in_json: &[u8]) -> bool {
        let mut fragment = Vec::with_capacity(in_json.len());
        push_json_fragment(&mut fragment, &self.body(request));
        fragment == in_json
    }
}

impl<F: FnMut(&Request<'_>) -> Vec<u8>> RequestEncoder for F {
    fn body(&mut self, request: &Request<'_>) -> Vec<u8> {
        self(request)
    }
}
