//! Response headers: the allow-list for recording.
//!
//! Other headers are dropped, because they may contain cookies, hosts and dates.

use reqwest::header::HeaderMap;

use turingos_run::tape::KEPT_HEADERS;

/// The longest kept value, in bytes; a longer one is dropped.
pub(super) const MAX_HEADER_BYTES: usize = 200;

/// The response's headers from [`KEPT_HEADERS`]: the first of duplicates, and only printable ASCII.
#[must_use]
pub(super) fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    KEPT_HEADERS
        .into_iter()
        .filter_map(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            (value.len() <= MAX_HEADER_BYTES).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn kept_headers() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("set-cookie", "session=1"),
            ("x-request-id", "req_1"),
            ("content-type", "text/html"),
            ("retry-after", "7"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.append("retry-after", HeaderValue::from_static("9"));
        headers.insert("request-id", HeaderValue::from_bytes(b"\xff").unwrap());
        let long = "x".repeat(MAX_HEADER_BYTES + 1);
        headers.insert("retry-after-ms", long.parse().unwrap());
        let expected = [
            ("content-type", "text/html"),
            ("retry-after", "7"),
            ("x-request-id", "req_1"),
        ];
        assert_eq!(
            kept(&headers),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
