//! Which services an agent calls: `--upstream KIND=URL`, `--service NAME=URL` and
//! `--env VARIABLE=NAME`, with the addresses of the environment and the providers' own as defaults.

use clap::Args;

use super::environment::variable;
use crate::exit::{Exit, Failure};
use turingos_exchange::{Target, TargetKind};

/// The services of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct ServiceArgs {
    /// The address of a provider: openai, anthropic, ollama or gemini. Default: that of the
    /// environment (`OPENAI_BASE_URL` and the like), else the provider's own.
    #[arg(long = "upstream", value_name = "KIND=URL")]
    pub(crate) upstreams: Vec<String>,
    /// Another HTTP service that the agent calls, under a name of yours.
    #[arg(long = "service", value_name = "NAME=URL")]
    pub(crate) services: Vec<String>,
    /// The environment variable in which the agent looks for the address of a service.
    #[arg(long = "env", value_name = "VARIABLE=NAME")]
    pub(crate) variables: Vec<String>,
}

impl ServiceArgs {
    /// The services, providers first.
    ///
    /// # Errors
    /// An argument is malformed, names something twice or something unknown.
    pub(crate) fn targets(&self) -> Result<Vec<Target>, Failure> {
        self.targets_in(|name| variable(name)?.into_string().ok())
    }

    fn targets_in(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Target>, Failure> {
        let mut targets = Vec::new();
        let mut upstreams = pairs("--upstream", "KIND=URL", &self.upstreams)?;
        for kind in TargetKind::PROVIDERS {
            let given = upstreams.iter().position(|(name, _)| *name == kind.name());
            let given = given.map(|at| ("--upstream", upstreams.remove(at).1.to_owned()));
            let found = || {
                let mut names = kind.variables().iter();
                names.find_map(|name| {
                    let value = environment(name).filter(|value| !value.is_empty())?;
                    Some((*name, with_scheme(&value)))
                })
            };
            let own = || Some(("--upstream", kind.default_url()?.to_owned()));
            let Some((source, url)) = given.or_else(found).or_else(own) else {
                continue;
            };
            let names = kind.variables().iter().map(|name| (*name).to_owned());
            let target = Target::new(kind.name(), kind, &url, names.collect());
            targets.push(target.map_err(|reason| usage(format!("{source}: {url}: {reason}")))?);
        }
        if let Some((name, _)) = upstreams.first() {
            let kinds = TargetKind::PROVIDERS.map(TargetKind::name).join(", ");
            return Err(usage(format!(
                "--upstream {name}=…: given twice, or not one of {kinds}; use --service for others"
            )));
        }
        for (name, url) in pairs("--service", "NAME=URL", &self.services)? {
            if targets.iter().any(|target| target.name == name) {
                return Err(usage(format!("--service {name}=…: the name is taken")));
            }
            let target = Target::new(name, TargetKind::Service, url, Vec::new());
            targets.push(target.map_err(|reason| usage(format!("--service {name}: {reason}")))?);
        }
        for (variable, name) in pairs("--env", "VARIABLE=NAME", &self.variables)? {
            let mut named = targets.iter_mut();
            let target = named.find(|target| target.name == name).ok_or_else(|| {
                usage(format!(
                    "--env {variable}={name}: there is no service {name}"
                ))
            })?;
            target.variables.push(variable.to_owned());
        }
        let bare = targets.iter().find(|target| target.variables.is_empty());
        if let Some(Target { name, .. }) = bare {
            return Err(usage(format!(
                "--service {name}: no variable leads the agent to it; add --env VARIABLE={name}"
            )));
        }
        Ok(targets)
    }
}

fn pairs<'a>(
    flag: &str,
    form: &str,
    values: &'a [String],
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    let pair = |value: &'a String| match value.split_once('=') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() => Ok((left, right)),
        _ => Err(usage(format!("{flag} {value}: not of the form {form}"))),
    };
    values.iter().map(pair).collect()
}

/// Ollama's variable may hold a host without a scheme, or the address that a server binds.
fn with_scheme(value: &str) -> String {
    let url = match value.contains("://") {
        true => value.to_owned(),
        false => format!("http://{value}"),
    };
    url.replacen("://0.0.0.0", "://127.0.0.1", 1)
}

fn usage(message: String) -> Failure {
    Failure::new(Exit::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(upstreams: &[&str], services: &[&str], variables: &[&str]) -> ServiceArgs {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        ServiceArgs {
            upstreams: owned(upstreams),
            services: owned(services),
            variables: owned(variables),
        }
    }

    fn urls(arguments: &ServiceArgs) -> Vec<String> {
        let environment = |name: &str| (name == "OLLAMA_HOST").then(|| "0.0.0.0:9".to_owned());
        let targets = arguments.targets_in(environment).unwrap();
        targets.into_iter().map(|target| target.url).collect()
    }

    #[test]
    fn address_of_an_argument_then_of_the_environment_then_the_default() {
        let arguments = arguments(
            &["openai=http://localhost:8080"],
            &["search=https://search.example/v2"],
            &["SEARCH_URL=search"],
        );
        assert_eq!(
            urls(&arguments),
            [
                "http://localhost:8080/v1",
                "https://api.anthropic.com",
                "http://127.0.0.1:9",
                "https://generativelanguage.googleapis.com",
                "https://search.example/v2",
            ]
        );
    }

    #[test]
    fn malformed_arguments_are_named() {
        for (upstreams, services, variables, part) in [
            (
                &["openai"][..],
                &[][..],
                &[][..],
                "not of the form KIND=URL",
            ),
            (&["openai=x y"], &[], &[], "--upstream: x y"),
            (
                &["kimi=http://x"],
                &[],
                &[],
                "not one of openai, anthropic, ollama, gemini",
            ),
            (
                &["openai=http://x", "openai=http://y"],
                &[],
                &[],
                "given twice",
            ),
            (&[], &["openai=http://x"], &[], "the name is taken"),
            (&[], &["a=http://x"], &[], "add --env VARIABLE=a"),
            (&[], &["a=http://x"], &["A=b"], "there is no service b"),
            (&[], &["a=http://me:word@x"], &["A=a"], "password"),
        ] {
            let failure = arguments(upstreams, services, variables)
                .targets_in(|_| None)
                .unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains(part), "{}", failure.message);
        }
    }
}
