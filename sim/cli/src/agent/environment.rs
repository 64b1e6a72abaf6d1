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
