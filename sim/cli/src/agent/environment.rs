//! The variables that an agent is given: the addresses of its services, placeholder keys, and no
//! HTTP proxy on the way here.

use std::ffi::OsString;
use std::net::SocketAddr;

use turingos_exchange::Target;

/// The keys that an agent is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Those of its environment.
    AsTheyAre,
    /// A placeholder for each that its environment lacks: nothing is sent to a provider, but
    /// clients refuse to start without one.
    Placeholders,
}

/// The key that stands in for one that is not set.
pub(crate) const PLACEHOLDER: &str = "placeholder";

/// The variables to set, by name, for an agent whose services are at these addresses.
pub(crate) fn environment(
    services: &[(&Target, SocketAddr)],
    keys: Keys,
) -> Vec<(String, OsString)> {
    let mut variables = Vec::new();
    for (target, address) in services {
        let url = format!("http://{address}{}", target.base_path());
        for name in &target.variables {
            variables.push((name.clone(), url.clone().into()));
        }
        let missing = target.kind.key_variables().iter();
        let missing = missing.filter(|name| variable(name).is_none_or(|value| value.is_empty()));
        if keys == Keys::Placeholders {
            variables.extend(missing.map(|name| ((*name).to_owned(), PLACEHOLDER.into())));
        }
    }
    // A client with an HTTP proxy in its environment would send even loopback requests there.
    for name in ["NO_PROXY", "no_proxy"] {
        let mut hosts = variable(name).filter(|hosts| !hosts.is_empty());
        if let Some(hosts) = &mut hosts {
            hosts.push(",");
        }
        let mut hosts = hosts.unwrap_or_default();
        hosts.push("127.0.0.1,localhost");
        variables.push((name.to_owned(), hosts));
    }
    variables
}

/// What the names of variables with secrets end in.
const SECRET_ENDINGS: [&str; 4] = ["_KEY", "_TOKEN", "_SECRET", "_PASSWORD"];

/// The least bytes of a variable's value that is taken for a secret.
const MIN_SECRET_BYTES: usize = 16;

/// The values in this program's environment that are secrets by the names of their variables. A
/// path, or a short word, is none.
pub(crate) fn secrets() -> Vec<String> {
    let variables = std::env::vars_os();
    let texts = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut secrets: Vec<String> = texts
        .filter(|(name, value)| is_secret(name, value))
        .map(|(_, value)| value)
        .collect();
    secrets.sort();
    secrets
}

fn is_secret(name: &str, value: &str) -> bool {
    SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
        && value.len() >= MIN_SECRET_BYTES
        && value.bytes().any(|it| it.is_ascii_digit())
        && !value.contains('/')
}

/// The value of a variable in this program's environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the agent's environment is this program's, and so are the addresses in it"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use turingos_exchange::TargetKind;

    fn of(url: &str, keys: Keys) -> Vec<(String, OsString)> {
        let names = vec!["SEARCH_URL".to_owned()];
        let target = Target::new("search", TargetKind::Service, url, names).unwrap();
        environment(&[(&target, ([127, 0, 0, 1], 7).into())], keys)
    }

    #[test]
    fn secrets_are_known_by_the_names_of_their_variables() {
        assert!(is_secret("MY_API_KEY", "abcdefgh12345678"));
        assert!(!is_secret("MY_API_KEY", "placeholder"));
        assert!(!is_secret("SSH_KEY", "/home/me/.ssh/id_ed25519"));
        assert!(!is_secret("KEYBOARD", "abcdefgh12345678"));
    }

    #[test]
    fn address_keeps_the_path_of_the_service() {
        let variables = of("https://search.example/v2/", Keys::AsTheyAre);
        assert_eq!(
            variables[0],
            ("SEARCH_URL".into(), "http://127.0.0.1:7/v2".into())
        );
        let names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["SEARCH_URL", "NO_PROXY", "no_proxy"]);
        let hosts = variables[1].1.to_str().unwrap();
        assert!(hosts.ends_with("127.0.0.1,localhost"), "{hosts}");
    }
}
