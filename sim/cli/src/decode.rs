//! `sim decode`: decodes one reply as the kernel does.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use turingos::bus::{self, Provider};
use turingos::isa::{self, Transition};
use turingos_run::open_regular;

use super::exit::{Exit, Failure};
use super::json::write_object;
use super::paths::{STANDARD_INPUT, input};

/// The longest input, in bytes: a multiple of what bus and decoder accept.
const MAX_INPUT_BYTES: u64 = 16 * 1024 * 1024;

/// Decode one reply: print the canonical transition, or the fault and exit 1.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub(crate) struct DecodeArgs {
    /// The provider format of the input; `text` is the model's bare reply.
    #[arg(long, value_enum, default_value_t = Payload::Text)]
    pub(crate) provider: Payload,
    /// The file to read; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-", value_parser = input())]
    pub(crate) file: PathBuf,
    /// Print the transition or the fault as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The format of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Payload {
    /// An OpenAI chat completion.
    #[value(name = "openai")]
    OpenAi,
    /// An Anthropic message.
    Anthropic,
    /// The same, as Kimi's coding endpoint sends it.
    Kimi,
    /// An Ollama chat or generate response.
    Ollama,
    /// A model's reply without any envelope.
    Text,
}

impl Payload {
    const fn provider(self) -> Option<Provider> {
        match self {
            Self::OpenAi => Some(Provider::OpenAi),
            Self::Anthropic => Some(Provider::Anthropic),
            Self::Kimi => Some(Provider::Kimi),
            Self::Ollama => Some(Provider::Ollama),
            Self::Text => None,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Refused {
    fault: Reason,
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    transition: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a Reason>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Reason {
    code: &'static str,
    detail: String,
}

/// Reads the input, prints one JSON line and returns the exit code.
///
/// # Errors
/// The input cannot be read or is longer than any reply, or the output cannot be written.
pub(crate) fn run(
    arguments: &DecodeArgs,
    standard_input: &mut dyn Read,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let bytes = read_input(&arguments.file, standard_input)?;
    let decoded = decode(arguments.provider, &bytes).map(|transition| transition.to_canonical());
    let exit = match decoded {
        Ok(_) => Exit::Passed,
        Err(_) => Exit::Failed,
    };
    if arguments.json {
        let transition = decoded.as_ref().ok();
        let json = Json {
            passed: decoded.is_ok(),
            transition: transition.and_then(|text| serde_json::from_str(text).ok()),
            fault: decoded.as_ref().err(),
        };
        write_object("decode-report", &json, out)?;
        return Ok(exit);
    }
    match decoded {
        Ok(transition) => writeln!(out, "{transition}")?,
        Err(fault) => {
            let line = serde_json::to_string(&Refused { fault })
                .expect("two strings always have a JSON form");
            writeln!(out, "{line}")?;
        }
    }
    Ok(exit)
}

fn decode(payload: Payload, bytes: &[u8]) -> Result<Transition, Reason> {
    let reply = payload
        .provider()
        .map(|provider| bus::parse(provider, 200, bytes))
        .transpose()
        .map_err(|fault| Reason {
            code: fault.code.name(),
            detail: fault.detail,
        })?;
    let text = reply.as_ref().map_or(bytes, |reply| reply.text.as_bytes());
    isa::decode(text).map_err(|fault| Reason {
        code: fault.code.name(),
        detail: fault.detail,
    })
}

fn read_input(file: &Path, standard_input: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let is_standard_input = file.as_os_str() == STANDARD_INPUT;
    let place = if is_standard_input {
        Path::new("standard input")
    } else {
        file
    };
    let unreadable = |cause| Failure::of_file("read", place, &cause);
    let mut bytes = Vec::new();
    let read = if is_standard_input {
        standard_input
            .take(MAX_INPUT_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        open_regular(file).and_then(|file| file.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(unreadable)?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(Failure::new(
            Exit::Corrupt,
            format!("{} is longer than {MAX_INPUT_BYTES} bytes", place.display()),
        ));
    }
    Ok(bytes)
}
