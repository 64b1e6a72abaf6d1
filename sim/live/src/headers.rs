//! Response headers: the allow-list for recording, and the requested waiting time.
//!
//! Other headers are dropped, because they may contain cookies, hosts and dates.

use reqwest::header::HeaderMap;

use turingos_run::fixed_point::Decimal;
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

/// The requested waiting time in microseconds: `retry-after-ms`, otherwise `Retry-After` in seconds,
/// both as non-negative decimal numbers. A date is ignored, because it would depend on the local
/// clock.
#[must_use]
pub(super) fn retry_after_us(kept: &[(String, String)]) -> Option<u64> {
    let value = |name| kept.iter().find(|(kept, _)| *kept == name);
    let of = |name, decimals| {
        let number = Decimal::read(value(name)?.1.trim())?;
        // A wait beyond 64 bits of microseconds is as long as one of that many.
        Some(number.scaled(decimals).unwrap_or(u64::MAX))
    };
    of("retry-after-ms", 3).or_else(|| of("retry-after", 6))
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

    #[test]
    fn retry_after_values() {
        let of = |name: &str, value: &str| retry_after_us(&[(name.to_owned(), value.to_owned())]);
        assert_eq!(of("retry-after", "2"), Some(2_000_000));
        assert_eq!(of("retry-after", " 0.5 "), Some(500_000));
        assert_eq!(of("retry-after-ms", "1500"), Some(1_500_000));
        assert_eq!(of("retry-after-ms", "0.2507"), Some(250));
        assert_eq!(of("retry-after", "99999999999999999999"), Some(u64::MAX));
        for no in [
            "",
            "-1",
            "+1",
            "1e3",
            ".5",
            "5.",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "NaN",
        ] {
            assert_eq!(of("retry-after", no), None, "{no:?}");
        }
        let both = [
            ("retry-after".to_owned(), "9".to_owned()),
            ("retry-after-ms".to_owned(), "250".to_owned()),
        ];
        assert_eq!(retry_after_us(&both), Some(250_000));
    }
}
