//! A request as it is compared, whether recorded or sent.

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The upstream or service it is for.
    pub service: String,
    /// The method, in capitals.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The query without its `?`, as it was sent; empty for none.
    pub query: String,
    /// The headers that are compared, names in lower case: those on the tape's allow-list. Others
    /// change with the client's version, its machine or the call, and no answer depends on them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The method, the path and the service, for people.
    #[must_use]
    pub fn name(&self) -> String {
        let Self {
            service,
            method,
            path,
            ..
        } = self;
        format!("{method} {path} of {service}")
    }
}
