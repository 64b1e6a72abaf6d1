//! The host that a request names. A page of the web whose name was bound to this address afterwards
//! sends its own name; no client that means this server does.

use std::net::IpAddr;

use hyper::header::HOST;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Uri};

/// The host that a request names, if it is neither the loopback interface nor in `allowed`; empty
/// if it cannot be read.
#[must_use]
pub fn foreign_host(uri: &Uri, headers: &HeaderMap, allowed: &[String]) -> Option<String> {
    let named = uri.host().map(str::to_owned);
    let values = headers.get_all(HOST).into_iter();
    let hosts = values.map(|value| {
        let authority = value.to_str().ok()?.parse::<Authority>().ok()?;
        Some(authority.host().to_owned())
    });
    let mut hosts = named.map(Some).into_iter().chain(hosts);
    let foreign = hosts.find(|host| {
        let is_own = host.as_deref().is_some_and(|host| is_own(host, allowed));
        !is_own
    });
    foreign.map(Option::unwrap_or_default)
}

fn is_own(host: &str, allowed: &[String]) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches([']', '.']);
    let is_loopback = bare
        .parse()
        .is_ok_and(|address: IpAddr| address.is_loopback());
    let mut allowed = allowed.iter();
    is_loopback
        || bare.eq_ignore_ascii_case("localhost")
        || allowed.any(|allowed| host.eq_ignore_ascii_case(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(host: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        foreign_host(&Uri::from_static("/v1"), &headers, &["proxy".into()])
    }

    #[test]
    fn loopback_and_allowed_names_are_own() {
        for own in [
            "127.0.0.1:80",
            "127.9.9.9",
            "[::1]:80",
            "localhost.",
            "Proxy:1",
        ] {
            assert_eq!(foreign(own), None, "{own}");
        }
        assert_eq!(foreign("evil.example:80").as_deref(), Some("evil.example"));
        assert_eq!(
            foreign("127.0.0.1.evil.example").as_deref(),
            Some("127.0.0.1.evil.example")
        );
        assert_eq!(foreign("a b").as_deref(), Some(""));
        let absolute = Uri::from_static("http://evil.example/v1");
        assert!(foreign_host(&absolute, &HeaderMap::new(), &[]).is_some());
        assert_eq!(
            foreign_host(&Uri::from_static("/"), &HeaderMap::new(), &[]),
            None
        );
    }
}
