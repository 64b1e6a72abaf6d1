//! The body of a request: what is sent, and what a tape recognises the request by.
//!
//! A function of the request alone, so that a recording and its replay get the same bytes.

use turingos_agents::Request;
use turingos_agents::json_text::push_json_fragment;

/// Makes the body of a request. Any function of a request is one.
pub trait RequestEncoder: Send {
    /// The canonical body.
    fn body(&mut self, request: &Request<'_>) -> Vec<u8>;

    /// Whether `in_json` is the body, escaped as between the quotes of a JSON string. An encoder
    /// that knows parts of its bodies beforehand need not make the whole.
    fn is_body(&mut self, request: &Request<'_>, in_json: &[u8]) -> bool {
        let mut fragment = Vec::with_capacity(in_json.len());
        push_json_fragment(&mut fragment, &self.body(request));
        fragment == in_json
    }
}

impl<F: FnMut(&Request<'_>) -> Vec<u8> + Send> RequestEncoder for F {
    fn body(&mut self, request: &Request<'_>) -> Vec<u8> {
        self(request)
    }
}
