//! The scenario file: strict reading, everything checked before anything runs.
//!
//! Fills no gap with a default.

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use turingos::contract::{CONTRACT_FILE, Contract};
use turingos::dispatch::Lane;
use turingos::kernel::KernelConfig;
use turingos::pointer::WorkspacePath;
use turingos::trap::TrapKind;

use super::content::content;
use super::expected::Expected;
use super::fault::{ScenarioCode, ScenarioError, shown};
use super::interrupted::Interruption;
use super::member::{Member, below, path};
use crate::strict_json::strict_value;
use turingos_agents::{Brownout, ProviderFaultKind};
use turingos_world::{Quota, World};

/// The longest scenario file, in bytes.
pub const MAX_SCENARIO_BYTES: usize = 512 * 1024;

/// The highest tick limit.
pub const MAX_TICK_LIMIT: u64 = 100_000;

/// The most initial files.
pub(crate) const MAX_FILES: usize = 256;

const FORMAT_NAME: &str = "turingos.scenario/";
const FORMAT_VERSION: u32 = 1;

const REQUIRED: [&str; 8] = [
    "format",
    "name",
    "about",
    "mission",
    "files",
    "contract",
    "expected",
    "tick_limit",
];

const OPTIONAL: [&str; 4] = [
    "required_traps",
    "test_commands",
    "interruptions",
    "brownouts",
];

/// A mission with everything around it. Equal scenarios have equal documents. A clone is the same one:
/// nothing of it changes.
#[derive(Clone, Debug)]
pub struct Scenario(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    document: Value,
    name: String,
    about: String,
    mission: WorkspacePath,
    files: Vec<(WorkspacePath, String)>,
    contract: Contract,
    expected: Vec<(WorkspacePath, Expected)>,
    tick_limit: u64,
    required_traps: Vec<RequiredTrap>,
    test_commands: Vec<String>,
    interruptions: Vec<Interruption>,
    brownouts: Vec<Brownout>,
}

/// A trap that must fire in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredTrap {
    /// Which.
    pub kind: TrapKind,
    /// The pointer that the tick observed, if it matters.
    pub at: Option<String>,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// [`ScenarioError`]: the first fault found, with its place.
    pub fn parse(bytes: &[u8]) -> Result<Self, ScenarioError> {
        let whole = |code, detail: String| ScenarioError::new("", code, detail);
        if bytes.len() > MAX_SCENARIO_BYTES {
            let detail = format!("{} bytes; at most {MAX_SCENARIO_BYTES}", bytes.len());
            return Err(whole(ScenarioCode::TooLarge, detail));
        }
        let document =
            strict_value(bytes).map_err(|error| whole(ScenarioCode::NotJson, error.to_string()))?;
        Self::of(document)
    }

    /// Checks a document.
    fn of(document: Value) -> Result<Self, ScenarioError> {
        let root = Member::root(&document);
        check_format(&root)?;
        check_integers(&document, "")?;
        let members = root.object(&REQUIRED, &OPTIONAL)?;
        let name = name(&members.get("name")?)?;
        let about = members.get("about")?.line(200)?.to_owned();
        let mission = members.get("mission")?.path()?;
        let mut files = files(&members.get("files")?)?;
        if !files.iter().any(|(path, _)| *path == mission) {
            let detail = format!("the mission {} is not in `files`", shown(mission.as_str()));
            return Err(members.get("mission")?.error(ScenarioCode::BadFile, detail));
        }
        let (contract, text) = contract(&members.get("contract")?)?;
        files.push((known_path(CONTRACT_FILE), text));
        let expected = expected(&members.get("expected")?)?;
        let tick_limit = members.get("tick_limit")?.number(1..=MAX_TICK_LIMIT)?;
        let parsed = Parsed {
            name,
            about,
            mission,
            files,
            contract,
            expected,
            tick_limit,
            required_traps: list(members.find("required_traps"), required_trap)?,
            test_commands: match members.find("test_commands") {
                Some(member) => list(Some(member), |it| Ok(it.line(200)?.to_owned()))?,
                None => KernelConfig::default().test_commands,
            },
            interruptions: list(members.find("interruptions"), Interruption::read)?,
            brownouts: list(members.find("brownouts"), brownout)?,
            document,
        };
        parsed.try_world().map_err(|fault| {
            ScenarioError::new("/files", ScenarioCode::BadWorld, fault.to_string())
        })?;
        Ok(Self(Arc::new(parsed)))
    }

    /// The whole document.
    pub(super) fn document(&self) -> &Value {
        &self.0.document
    }

    /// The name, in kebab-case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its description, in one line.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.0.about
    }

    /// The file that tells the agent its mission, and the pointer that a run boots at.
    #[must_use]
    pub fn mission(&self) -> &WorkspacePath {
        &self.0.mission
    }

    /// The initial files, the contract's among them.
    #[must_use]
    pub fn files(&self) -> &[(WorkspacePath, String)] {
        &self.0.files
    }

    /// The contract that the kernel is given.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.0.contract
    }

    /// What the world must hold after the run. Read after the run only, and by the runner only.
    #[must_use]
    pub fn expected(&self) -> &[(WorkspacePath, Expected)] {
        &self.0.expected
    }

    /// The most ticks that a run may take.
    #[must_use]
    pub fn tick_limit(&self) -> u64 {
        self.0.tick_limit
    }

    /// The traps that must fire in a run.
    #[must_use]
    pub fn required_traps(&self) -> &[RequiredTrap] {
        &self.0.required_traps
    }

    /// The command lines whose success lets the machine halt.
    #[must_use]
    pub fn test_commands(&self) -> &[String] {
        &self.0.test_commands
    }

    /// The operations of the world that fail.
    #[must_use]
    pub fn interruptions(&self) -> &[Interruption] {
        &self.0.interruptions
    }

    /// When providers fail.
    #[must_use]
    pub fn brownouts(&self) -> &[Brownout] {
        &self.0.brownouts
    }

    /// The initial world in memory.
    ///
    /// # Panics
    /// Never: the files were put into a world when the scenario was read.
    #[must_use]
    pub fn world(&self) -> World {
        self.0
            .try_world()
            .expect("a scenario that was read has a world")
    }
}

impl Parsed {
    fn try_world(&self) -> Result<World, turingos::manifold::WorldFault> {
        let files = self.files.iter();
        World::with_files(
            Quota::default(),
            files.map(|(path, text)| (path.as_str(), text.as_str())),
        )
    }
}

impl PartialEq for Scenario {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.document == other.0.document
    }
}

impl Eq for Scenario {}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.document.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scenario {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The format is checked first: a newer version may have members unknown to this one.
fn check_format(root: &Member<'_>) -> Result<(), ScenarioError> {
    let format = root.value().get("format").unwrap_or(&Value::Null);
    let expected = format!("{FORMAT_NAME}{FORMAT_VERSION}");
    if format.as_str() == Some(&expected) {
        return Ok(());
    }
    let version = format
        .as_str()
        .and_then(|text| text.strip_prefix(FORMAT_NAME))
        .and_then(|version| version.parse::<u32>().ok());
    let detail = match version {
        Some(version) if version > FORMAT_VERSION => {
            "a newer version than this program reads; update it".to_owned()
        }
        _ => format!("expected `{expected}`"),
    };
    Err(ScenarioError::new(
        "/format",
        ScenarioCode::BadFormat,
        detail,
    ))
}

fn check_integers(value: &Value, place: &str) -> Result<(), ScenarioError> {
    match value {
        Value::Number(number) if number.is_f64() => Err(ScenarioError::new(
            place,
            ScenarioCode::NotAnInteger,
            "expected an integer of 64 bits",
        )),
        Value::Array(items) => (items.iter().enumerate())
            .try_for_each(|(index, item)| check_integers(item, &below(place, &index.to_string()))),
        Value::Object(members) => (members.iter())
            .try_for_each(|(key, member)| check_integers(member, &below(place, key))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn name(member: &Member<'_>) -> Result<String, ScenarioError> {
    let text = member.text()?;
    let is_name = !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text.starts_with(|first: char| first.is_ascii_lowercase());
    if is_name {
        Ok(text.to_owned())
    } else {
        let detail = "expected a letter, then up to 63 of a-z, 0-9 and -";
        Err(member.error(ScenarioCode::BadText, detail))
    }
}

fn files(member: &Member<'_>) -> Result<Vec<(WorkspacePath, String)>, ScenarioError> {
    let mut files = Vec::new();
    for (key, file) in member.entries(1..=MAX_FILES)? {
        let path = path(file.place(), key)?;
        if key == CONTRACT_FILE {
            let detail = "this file is written from the member `contract`; leave it out of `files`";
            return Err(file.error(ScenarioCode::BadFile, detail));
        }
        files.push((path, content(&file, true)?));
    }
    Ok(files)
}

/// The contract, and the text of its file.
fn contract(member: &Member<'_>) -> Result<(Contract, String), ScenarioError> {
    let text = member.value().to_string();
    let contract = Contract::parse(text.as_bytes()).map_err(|error| {
        let place = format!("{}{}", member.place(), error.place);
        let detail = format!("{}: {}", error.code, error.detail);
        ScenarioError::new(&place, ScenarioCode::BadContract, detail)
    })?;
    Ok((contract, format!("{text}\n")))
}

fn expected(member: &Member<'_>) -> Result<Vec<(WorkspacePath, Expected)>, ScenarioError> {
    let entries = member.entries(1..=64)?.into_iter();
    entries
        .map(|(key, entry)| Ok((path(entry.place(), key)?, Expected::read(&entry)?)))
        .collect()
}

fn required_trap(member: &Member<'_>) -> Result<RequiredTrap, ScenarioError> {
    let members = member.object(&["trap"], &["at"])?;
    let kinds = TrapKind::ALL.map(|kind| (kind.name(), kind));
    Ok(RequiredTrap {
        kind: members.get("trap")?.one_of(&kinds)?,
        at: match members.find("at") {
            Some(at) => Some(at.line(200)?.to_owned()),
            None => None,
        },
    })
}

fn brownout(member: &Member<'_>) -> Result<Brownout, ScenarioError> {
    let members = member.object(&["first_tick", "last_tick", "lane", "fault"], &[])?;
    let first = members.get("first_tick")?.number(0..=MAX_TICK_LIMIT)?;
    let kinds: Vec<_> = ProviderFaultKind::ALL
        .iter()
        .map(|kind| (kind.name(), *kind))
        .collect();
    let lanes = [("P", Some(Lane::P)), ("E", Some(Lane::E)), ("both", None)];
    Ok(Brownout {
        first,
        last: members.get("last_tick")?.number(first..=MAX_TICK_LIMIT)?,
        lane: members.get("lane")?.one_of(&lanes)?,
        kind: members.get("fault")?.one_of(&kinds)?,
    })
}

fn list<T>(
    member: Option<Member<'_>>,
    read: impl Fn(&Member<'_>) -> Result<T, ScenarioError>,
) -> Result<Vec<T>, ScenarioError> {
    match member {
        Some(member) => member.items(1..=64)?.iter().map(read).collect(),
        None => Ok(Vec::new()),
    }
}

fn known_path(text: &str) -> WorkspacePath {
    text.parse()
        .expect("a constant of the kernel that is a workspace path")
}
