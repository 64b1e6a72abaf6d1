//! `corpus/providers`: response bodies, whole and streamed, and the verdict of the bus.
//!
//! Never decodes the text of a reply: what it says is the decoder's matter.

use turingos::bus::{BusFaultCode, Finish, Provider, Reply, Usage, parse};

use super::headline::{Headline, no_output};
use super::{Disagreement, Expectation};

/// The status that a response has unless its expectation says another.
const USUAL_STATUS: u16 = 200;

/// The verdict of the bus on a response; the group is the provider.
///
/// `accept finish=stop usage=12/34 reasoning=no` (`-` for a count that is not reported) with the text
/// as its output; or `refuse CODE`. Both may have `status=NUMBER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderExpectation {
    /// In whose format the response is read.
    pub provider: Provider,
    /// The HTTP status that it comes with.
    pub status: u16,
    verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accept(Reply),
    Refuse(BusFaultCode),
}

impl ProviderExpectation {
    /// The code that the response is refused with; nothing if it is a whole reply.
    #[must_use]
    pub const fn refusal(&self) -> Option<BusFaultCode> {
        match &self.verdict {
            Verdict::Accept(_) => None,
            Verdict::Refuse(code) => Some(*code),
        }
    }
}

impl Expectation for ProviderExpectation {
    const FOLDER: &'static str = "providers";

    fn parse(group: &str, expect: &str, output: Option<&str>) -> Result<Self, String> {
        let provider = group
            .parse()
            .map_err(|error| format!("`{group}` is not a provider: {error}"))?;
        let mut headline = Headline::parse(expect)?;
        let status = match headline.take("status") {
            None => USUAL_STATUS,
            Some(status) => status_of(status)?,
        };
        let verdict = match headline.refused_with {
            None => Verdict::Accept(reply(&mut headline, output)?),
            Some(code) => {
                no_output(output)?;
                Verdict::Refuse(fault_code(code)?)
            }
        };
        headline.finish()?;
        Ok(Self {
            provider,
            status,
            verdict,
        })
    }

    fn check(&self, input: &[u8]) -> Result<(), Disagreement> {
        let said = parse(self.provider, self.status, input);
        if self.provider.speaks_messages() {
            let other = parse(Provider::Anthropic, self.status, input);
            if other != said {
                return Err(Disagreement {
                    expected: format!("the same under both kinds: {said:?}"),
                    got: format!("{other:?}"),
                });
            }
        }
        let agrees = match (&self.verdict, &said) {
            (Verdict::Accept(wanted), Ok(reply)) => wanted == reply,
            (Verdict::Refuse(code), Err(fault)) => fault.code == *code,
            (Verdict::Accept(_), Err(_)) | (Verdict::Refuse(_), Ok(_)) => false,
        };
        if agrees {
            return Ok(());
        }
        Err(Disagreement {
            expected: match &self.verdict {
                Verdict::Accept(reply) => accepted(reply),
                Verdict::Refuse(code) => format!("refuse {code}"),
            },
            got: match said {
                Ok(reply) => accepted(&reply),
                Err(fault) => format!("refuse {} ({})", fault.code, fault.detail),
            },
        })
    }
}

fn status_of(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|status| (100..=999).contains(status) && *status != USUAL_STATUS)
        .ok_or_else(|| format!("`status={text}` is not a status, or is the default"))
}

fn reply(headline: &mut Headline<'_>, text: Option<&str>) -> Result<Reply, String> {
    let mut needed = |key: &str| {
        headline
            .take(key)
            .ok_or_else(|| format!("`accept` without `{key}=`"))
    };
    let finish = needed("finish")?;
    let finish = [Finish::Stop, Finish::StopSequence]
        .into_iter()
        .find(|known| known.name() == finish)
        .ok_or_else(|| format!("`{finish}` is not a finish of a whole reply"))?;
    let usage = needed("usage")?;
    let (input, output) = usage
        .split_once('/')
        .ok_or_else(|| format!("`usage={usage}` is not INPUT/OUTPUT"))?;
    let usage = Usage {
        input_tokens: tokens(input)?,
        output_tokens: tokens(output)?,
    };
    let has_reasoning = match needed("reasoning")? {
        "yes" => true,
        "no" => false,
        other => return Err(format!("`reasoning={other}` is neither yes nor no")),
    };
    let text = text.ok_or("`accept` without an `output`")?;
    Ok(Reply {
        text: text.to_owned(),
        usage,
        finish,
        has_reasoning,
    })
}

fn tokens(text: &str) -> Result<Option<u64>, String> {
    if text == "-" {
        return Ok(None);
    }
    let count = text.parse();
    count
        .map(Some)
        .map_err(|_| format!("`{text}` is not a count"))
}

fn fault_code(name: &str) -> Result<BusFaultCode, String> {
    BusFaultCode::ALL
        .into_iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| format!("`{name}` is not a fault code of the bus"))
}

fn accepted(reply: &Reply) -> String {
    let count = |tokens: Option<u64>| tokens.map_or("-".to_owned(), |tokens| tokens.to_string());
    format!(
        "accept finish={} usage={}/{} reasoning={}\n{}",
        reply.finish.name(),
        count(reply.usage.input_tokens),
        count(reply.usage.output_tokens),
        if reply.has_reasoning { "yes" } else { "no" },
        reply.text
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(expect: &str, output: Option<&str>) -> ProviderExpectation {
        ProviderExpectation::parse("ollama", expect, output).unwrap()
    }

    #[test]
    fn response_matches_every_part_of_its_line() {
        let body = br#"{"response":"a\n","done":true,"eval_count":3}"#;
        let whole = "accept finish=stop usage=-/3 reasoning=no";
        assert_eq!(parsed(whole, Some("a\n")).check(body), Ok(()));
        assert!(parsed(whole, Some("a")).check(body).is_err());
        for (from, to) in [
            ("finish=stop", "finish=stop_sequence"),
            ("-/3", "3/-"),
            ("-/3", "0/3"),
            ("reasoning=no", "reasoning=yes"),
            ("accept", "accept status=500"),
        ] {
            let other = parsed(&whole.replace(from, to), Some("a\n"));
            assert!(other.check(body).is_err(), "{to}");
        }
        let refused = |expect| parsed(expect, None);
        assert!(refused("refuse NOT_DONE").check(body).is_err());
        let limited = refused("refuse RATE_LIMITED status=429");
        assert_eq!(limited.check(b""), Ok(()));
        let overloaded = refused("refuse OVERLOADED status=429");
        assert!(overloaded.check(b"").is_err());
    }

    #[test]
    fn other_expectations_are_refused() {
        for (expect, output) in [
            ("accept", Some("a")),
            ("accept finish=stop usage=1/2", Some("a")),
            ("accept finish=length usage=1/2 reasoning=no", Some("a")),
            ("accept finish=stop usage=1 reasoning=no", Some("a")),
            ("accept finish=stop usage=1/x reasoning=no", Some("a")),
            ("accept finish=stop usage=1/2 reasoning=maybe", Some("a")),
            ("accept finish=stop usage=1/2 reasoning=no", None),
            (
                "accept finish=stop usage=1/2 reasoning=no reasoning=no",
                Some("a"),
            ),
            ("refuse SYNTAX", None),
            ("refuse TIMEOUT status=200", None),
            ("refuse TIMEOUT status=20", None),
            ("refuse TIMEOUT usage=1/2", None),
            ("refuse TIMEOUT", Some("why")),
        ] {
            let parsed = ProviderExpectation::parse("kimi", expect, output);
            assert!(parsed.is_err(), "{expect}: {output:?}");
        }
        assert!(ProviderExpectation::parse("gemini", "refuse TIMEOUT", None).is_err());
    }
}
