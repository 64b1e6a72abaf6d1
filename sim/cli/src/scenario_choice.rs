//! Finds a scenario: a built-in one by its name, or a file.

use std::io::Read;
use std::path::Path;

use super::exit::{Exit, Failure};
use turingos_run::open_regular;
use turingos_run::scenario::{BuiltIn, MAX_SCENARIO_BYTES, Scenario};

/// The scenario that `text` names. A built-in name comes before a file of that name.
///
/// # Errors
/// No scenario and no file of that name: a usage error that lists the scenarios. A file that cannot
/// be read or is malformed: the place and the reason.
pub(super) fn choose(text: &str) -> Result<Scenario, Failure> {
    if let Some(built_in) = BuiltIn::named(text) {
        return Ok(built_in.scenario());
    }
    let path = Path::new(text);
    if !path.exists() {
        let names: Vec<_> = BuiltIn::ALL.iter().map(|known| known.name).collect();
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "no scenario and no file `{text}`; scenarios: {}",
                names.join(", ")
            ),
        ));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_SCENARIO_BYTES).unwrap_or(u64::MAX);
    open_regular(path)
        // One byte over the limit shows that the file is over it.
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|cause| Failure::of_file("read", path, &cause))?;
    Scenario::parse(&bytes)
        .map_err(|error| Failure::new(Exit::Corrupt, format!("{}: {error}", path.display())))
}
