//! The keys of a live run: read from the environment once, and from nowhere else.

use crate::exit::{Exit, Failure};
use turingos_live::Key;
use turingos_run::providers::{LaneSettings, Settings};

/// The keys of both lanes, where they have one.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) p: Option<Key>,
    pub(super) e: Option<Key>,
}

impl Keys {
    /// Reads the variables that the settings name.
    ///
    /// # Errors
    /// A variable is not set, or its value is no key. The value is not shown.
    pub(super) fn of_environment(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            p: key(&settings.lanes.p)?,
            e: key(&settings.lanes.e)?,
        })
    }
}

fn key(lane: &LaneSettings) -> Result<Option<Key>, Failure> {
    let Some(name) = &lane.connection.key_variable else {
        return Ok(None);
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "keys come from the environment, so that no file and no argument ever holds one"
    )]
    let value = std::env::var(name);
    let missing = |reason: &str| {
        let address = &lane.connection.base_url;
        let message = format!("the key for {address} is missing: {name} is {reason}");
        Failure::new(Exit::System, message)
    };
    let value = value.map_err(|_| missing("not set, or not text"))?;
    if value.is_empty() {
        return Err(missing("empty"));
    }
    Key::new(value)
        .map(Some)
        .map_err(|reason| Failure::new(Exit::System, format!("{name} is no key: {reason}")))
}
