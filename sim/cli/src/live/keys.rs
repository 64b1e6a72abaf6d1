//! The keys of a live run: read from the environment once, and then taken out of it.
//!
//! A process cannot hide the environment that it was started with: other processes of the same user
//! read it under `/proc`. So this program replaces itself by itself, without the variables, and
//! hands the keys over on its standard input, which a live run does not use otherwise.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use crate::exit::{Exit, Failure};
use crate::sandbox::THIS_PROGRAM;
use turingos_live::Key;
use turingos_run::providers::{LaneSettings, Settings};

/// Set in the environment of a process whose keys are on its standard input.
const HANDED_OVER: &str = "TURINGOS_KEYS_ON_STDIN";

/// The most bytes of all keys with their names: no pipe is too short for them.
const MAX_BYTES: usize = 4_000;

/// The keys of both lanes, where they have one.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) p: Option<Key>,
    pub(crate) e: Option<Key>,
}

impl Keys {
    /// The keys of the variables that the settings name. If they are in the environment, this
    /// process begins again without them, and does not return.
    ///
    /// # Errors
    /// A variable is not set, or its value is not a key; a value is never shown. Or the system
    /// refuses to hand the keys over.
    pub(crate) fn take(settings: &Settings) -> Result<Self, Failure> {
        if variable(HANDED_OVER).is_some() {
            return Self::handed_over(settings);
        }
        let keys = Self::of(settings, |name| {
            match variable(name).map(OsString::into_string) {
                Some(Ok(value)) => Ok(value),
                _ => Err("not set, or not text"),
            }
        })?;
        let lanes = [&settings.lanes.p, &settings.lanes.e];
        let names: Vec<&str> = (lanes.iter())
            .filter_map(|lane| lane.connection.key_variable.as_deref())
            .collect();
        match names.is_empty() {
            true => Ok(keys),
            false => Err(begin_again(&names)),
        }
    }

    fn handed_over(settings: &Settings) -> Result<Self, Failure> {
        let failed = |cause| no_keys("read the keys from standard input", cause);
        let mut text = String::new();
        let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        (io::stdin().lock().take(most))
            .read_to_string(&mut text)
            .map_err(failed)?;
        // The pipe is empty now. Nothing that this process starts inherits it.
        let nothing = File::open("/dev/null").map_err(failed)?;
        rustix::stdio::dup2_stdin(nothing).map_err(|cause| failed(cause.into()))?;
        // What is left is this process's memory: no debugger and no core dump of the same user.
        set_dumpable_behavior(DumpableBehavior::NotDumpable)
            .map_err(|cause| failed(cause.into()))?;
        Self::of(settings, |name| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            lines
                .find_map(|(own, value)| (own == name).then(|| value.to_owned()))
                .ok_or("not handed over")
        })
    }

    fn of(
        settings: &Settings,
        value: impl Fn(&str) -> Result<String, &'static str>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            p: key(&settings.lanes.p, &value)?,
            e: key(&settings.lanes.e, &value)?,
        })
    }
}

fn key(
    lane: &LaneSettings,
    value: impl Fn(&str) -> Result<String, &'static str>,
) -> Result<Option<Key>, Failure> {
    let Some(name) = &lane.connection.key_variable else {
        return Ok(None);
    };
    let missing = |reason: &str| {
        let address = &lane.connection.base_url;
        let message = format!("the key for {address} is missing: {name} is {reason}");
        Failure::new(Exit::System, message)
    };
    let value = value(name).map_err(missing)?;
    if value.is_empty() {
        return Err(missing("empty"));
    }
    Key::new(value).map(Some).map_err(|reason| {
        Failure::new(Exit::System, format!("{name} holds no valid key: {reason}"))
    })
}

/// Replaces this process by the same program with the same arguments, without these variables; why
/// that failed.
fn begin_again(names: &[&str]) -> Failure {
    let failed = |cause| no_keys("hand the keys over", cause);
    let mut text = String::new();
    for name in names {
        let value = variable(name).and_then(|value| value.into_string().ok());
        text += &format!("{name}={}\n", value.unwrap_or_default());
    }
    if text.len() > MAX_BYTES {
        return failed(io::Error::other(format!("longer than {MAX_BYTES} bytes")));
    }
    let reader = match io::pipe() {
        Ok((reader, mut writer)) => match writer.write_all(text.as_bytes()) {
            Ok(()) => reader,
            Err(cause) => return failed(cause),
        },
        Err(cause) => return failed(cause),
    };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(THIS_PROGRAM);
    if let Some(own_name) = arguments.next() {
        command.arg0(own_name);
    }
    for name in names {
        command.env_remove(name);
    }
    let command = command.args(arguments).env(HANDED_OVER, "1");
    failed(command.stdin(Stdio::from(reader)).exec())
}

fn no_keys(action: &str, cause: io::Error) -> Failure {
    Failure::new(Exit::System, format!("cannot {action}: {cause}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "keys come from the environment, so that no file and no argument ever holds one"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
