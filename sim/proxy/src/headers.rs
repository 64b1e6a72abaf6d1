//! Headers: which are passed on, and which are recorded.

use hyper::HeaderMap;
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// The headers of one connection, besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authorization"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The headers of a request as it goes to its service: without those of this connection, and with
/// a body that is not compressed, so that it can be read on the tape.
pub(super) fn to_upstream(headers: &HeaderMap) -> HeaderMap {
    let mut passed = passed_on(headers);
    // The client of the proxy writes its own.
    for name in [HOST, EXPECT, CONTENT_LENGTH] {
        passed.remove(name);
    }
    passed.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    passed
}

/// The headers without those of one connection.
pub(super) fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for value in headers.get_all(CONNECTION) {
        let names = value.to_str().unwrap_or_default().split(',');
        for name in names.filter_map(|name| name.trim().parse::<HeaderName>().ok()) {
            passed.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        passed.remove(name);
    }
    passed
}

/// The headers on an allow-list of names in lower case, as far as they are text, sorted by name.
pub(super) fn recorded(headers: &HeaderMap, allowed: &[String]) -> Vec<(String, String)> {
    let is_allowed = |name: &HeaderName| allowed.iter().any(|allowed| allowed == name.as_str());
    let kept = headers.iter().filter(|(name, _)| is_allowed(name));
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let mut kept: Vec<(String, String)> = kept.filter_map(text).collect();
    // Values of one name keep their order.
    kept.sort_by(|(a, _), (b, _)| a.cmp(b));
    kept
}

/// True for a request to speak another protocol on the connection, as WebSocket does.
pub(super) fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn headers_of_one_connection_are_not_passed_on() {
        let request = headers(&[
            ("connection", "keep-alive, X-Own"),
            ("keep-alive", "5"),
            ("x-own", "1"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("x-stainless-lang", "python"),
            ("anthropic-beta", "a"),
            ("anthropic-beta", "b"),
            ("authorization", "Bearer x"),
            ("host", "127.0.0.1:1"),
            ("accept-encoding", "gzip, br"),
        ]);
        let passed = to_upstream(&request);
        let mut names: Vec<_> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "accept-encoding",
                "anthropic-beta",
                "authorization",
                "x-stainless-lang"
            ]
        );
        assert_eq!(passed["accept-encoding"], "identity");
        assert_eq!(passed.get_all("anthropic-beta").iter().count(), 2);
    }

    #[test]
    fn only_allowed_headers_are_recorded() {
        let response = headers(&[
            ("set-cookie", "session=1"),
            ("retry-after", "7"),
            ("retry-after", "9"),
            ("content-type", "text/plain"),
        ]);
        let allowed = ["content-type".to_owned(), "retry-after".to_owned()];
        let kept = recorded(&response, &allowed);
        let expected = [
            ("content-type", "text/plain"),
            ("retry-after", "7"),
            ("retry-after", "9"),
        ];
        assert_eq!(
            kept,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
