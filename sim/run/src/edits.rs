//! The changes of a fork: what they are in its header, and what they do to the parts of a run.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use turingos_agents::{GivenReply, NoiseKind, OracleEdits, ProviderFaultKind};
use turingos_draws::{FaultEdits, Seeds};
use turingos_world::{InjectedFault, Sandbox};

use crate::DriverConfig;
use crate::providers::Providers;
use crate::session::Tick;

/// A kind of fault that a simulation injects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// Noise in a reply.
    Noise(NoiseKind),
    /// A provider fault.
    Provider(ProviderFaultKind),
    /// A failed operation of the world.
    World(InjectedFault),
    /// A reply that was given in place of the agent's.
    Reply,
}

impl FaultKind {
    /// Every kind, noise first.
    pub fn all() -> impl Iterator<Item = Self> {
        let noise = NoiseKind::ALL.iter().copied().map(Self::Noise);
        let provider = ProviderFaultKind::ALL.iter().copied().map(Self::Provider);
        let world = InjectedFault::ALL.iter().copied().map(Self::World);
        noise.chain(provider).chain(world).chain([Self::Reply])
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// The name in headers and on the command line, unique over all classes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise(kind) => kind.name(),
            Self::Provider(kind) => kind.name(),
            Self::World(fault) => fault.name(),
            Self::Reply => "reply",
        }
    }

    /// What fails: `noise`, `provider`, `world` or `reply`.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Noise(_) => "noise",
            Self::Provider(_) => "provider",
            Self::World(_) => "world",
            Self::Reply => "reply",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for FaultKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for FaultKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name)
            .ok_or_else(|| D::Error::custom(format_args!("unknown kind of fault {name:?}")))
    }
}

/// An injected fault, by the tick it begins in and its kind. Two of one kind in one tick are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The tick, from 0.
    pub tick: u64,
    /// The kind.
    pub kind: FaultKind,
}

impl Fault {
    /// The faults that began in a tick, in order and each once.
    #[must_use]
    pub fn begun_in(tick: &Tick<'_>) -> Vec<Self> {
        let begun = tick.injected.map(|it| it.begun).unwrap_or_default();
        let noise = begun.noise.into_iter().flatten().map(FaultKind::Noise);
        let provider = begun.fault.map(FaultKind::Provider);
        let world = tick.world_faults.iter().copied().map(FaultKind::World);
        let number = tick.committed.record.tick;
        let given = begun.given.then_some(FaultKind::Reply);
        let kinds = noise.chain(provider).chain(world).chain(given);
        let mut faults: Vec<_> = kinds.map(|kind| Self { tick: number, kind }).collect();
        faults.sort_unstable();
        faults.dedup();
        faults
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at tick {}", self.kind, self.tick)
    }
}

/// One change of a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Edit {
    /// Of the faults drawn and the changes made so far, only these are applied.
    Only(Vec<Fault>),
    /// No fault of these kinds is applied that is drawn or was added so far.
    Off(Vec<FaultKind>),
    /// A drawn fault is not applied.
    Mute(Fault),
    /// A fault is added.
    Inject(Fault),
    /// Everything is drawn from another seed from a tick on; the mission stays that of the first.
    Reseed {
        /// The first tick of the other seed.
        tick: u64,
        /// The other seed.
        seed: u64,
    },
    /// A reply is given in place of the agent's, to the lane that is asked first.
    Reply {
        /// The tick.
        tick: u64,
        /// The reply.
        reply: GivenReply,
    },
    /// Real providers answer from a tick on. What they answer is on the tape.
    Live(Box<LivePart>),
}

/// The part of a run that real providers answer: from a tick to the end, or to the next such part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LivePart {
    /// The first tick that they answer.
    pub tick: u64,
    /// The providers.
    pub providers: Providers,
    /// The driver's settings in this part.
    pub driver: DriverConfig,
    /// The sandbox of its commands, if they run in a real directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
}

impl Edit {
    /// The first tick that the change may have an effect on.
    #[must_use]
    pub const fn first_tick(&self) -> u64 {
        match self {
            Self::Only(_) | Self::Off(_) => 0,
            Self::Mute(fault) | Self::Inject(fault) => fault.tick,
            Self::Reseed { tick, .. } | Self::Reply { tick, .. } => *tick,
            Self::Live(part) => part.tick,
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(faults) => write!(f, "only {} of the drawn faults", faults.len()),
            Self::Off(kinds) => write!(f, "{} kinds of fault off", kinds.len()),
            Self::Mute(fault) => write!(f, "without {fault}"),
            Self::Inject(fault) => write!(f, "with {fault}"),
            Self::Reseed { tick, seed } => write!(f, "seed {seed} from tick {tick} on"),
            Self::Reply { tick, .. } => write!(f, "another reply at tick {tick}"),
            Self::Live(part) => {
                let Providers { p, e } = &part.providers;
                write!(f, "answers of {}", p.model)?;
                if e.model != p.model {
                    write!(f, " and {}", e.model)?;
                }
                write!(f, " from tick {} on", part.tick)
            }
        }
    }
}

/// A list of changes, by the parts of a run that they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edits {
    /// The seed of each tick.
    pub seeds: Seeds,
    /// What is done to the oracle.
    pub oracle: OracleEdits,
    /// What is done to the world's faults.
    pub world: FaultEdits<InjectedFault>,
    /// The parts that real providers answer, in the order of their ticks.
    pub live: Vec<LivePart>,
    is_empty: bool,
}

impl Edits {
    /// No change to the run of `seed`.
    #[must_use]
    pub fn none(seed: u64) -> Self {
        Self {
            seeds: Seeds::of(seed),
            oracle: OracleEdits::default(),
            world: FaultEdits::default(),
            live: Vec::new(),
            is_empty: true,
        }
    }

    /// These changes to the run of `seed`, in their order.
    #[must_use]
    pub fn of(seed: u64, list: &[Edit]) -> Self {
        let mut edits = Self::none(seed);
        edits.is_empty = list.is_empty();
        for edit in list {
            edits.apply(edit);
        }
        edits
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Only(faults) => self.keep_only(faults),
            Edit::Off(kinds) => kinds.iter().for_each(|kind| match *kind {
                FaultKind::Noise(kind) => self.oracle.noise.turn_off(kind),
                FaultKind::Provider(kind) => self.oracle.faults.turn_off(kind),
                FaultKind::World(fault) => self.world.turn_off(fault),
                FaultKind::Reply => self.oracle.replies.clear(),
            }),
            Edit::Mute(Fault { tick, kind }) => match *kind {
                FaultKind::Noise(kind) => self.oracle.noise.mute(*tick, kind),
                FaultKind::Provider(kind) => self.oracle.faults.mute(*tick, kind),
                FaultKind::World(fault) => self.world.mute(*tick, fault),
                FaultKind::Reply => {
                    self.oracle.replies.remove(tick);
                }
            },
            Edit::Inject(Fault { tick, kind }) => match *kind {
                FaultKind::Noise(kind) => self.oracle.noise.add(*tick, kind),
                FaultKind::Provider(kind) => self.oracle.faults.add(*tick, kind),
                FaultKind::World(fault) => self.world.add(*tick, fault),
                // There is nothing to say: a reply has a change of its own.
                FaultKind::Reply => {}
            },
            Edit::Reseed { tick, seed } => self.seeds.change(*tick, *seed),
            Edit::Reply { tick, reply } => {
                self.oracle.replies.insert(*tick, reply.clone());
            }
            Edit::Live(part) => {
                // What is listed later holds from its tick on.
                self.live.retain(|earlier| earlier.tick < part.tick);
                self.live.push((**part).clone());
            }
        }
    }

    fn keep_only(&mut self, faults: &[Fault]) {
        let (mut noise, mut provider, mut world) = (Vec::new(), Vec::new(), Vec::new());
        let mut replies = BTreeSet::new();
        for Fault { tick, kind } in faults {
            match *kind {
                FaultKind::Noise(kind) => noise.push((*tick, kind)),
                FaultKind::Provider(kind) => provider.push((*tick, kind)),
                FaultKind::World(fault) => world.push((*tick, fault)),
                FaultKind::Reply => {
                    replies.insert(*tick);
                }
            }
        }
        self.oracle.noise.keep_only(noise);
        self.oracle.faults.keep_only(provider);
        self.oracle.replies.retain(|tick, _| replies.contains(tick));
        self.world.keep_only(world);
    }

    /// Whether there is no change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_empty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_over_all_classes() {
        let names: BTreeSet<_> = FaultKind::all().map(FaultKind::name).collect();
        assert_eq!(names.len(), FaultKind::all().count());
        for kind in FaultKind::all() {
            assert_eq!(FaultKind::named(kind.name()), Some(kind));
        }
    }

    #[test]
    fn edits_are_written_and_read_back() {
        let fault = Fault {
            tick: 3,
            kind: FaultKind::Noise(NoiseKind::Loop),
        };
        let edits = vec![
            Edit::Only(vec![fault]),
            Edit::Off(vec![fault.kind]),
            Edit::Mute(fault),
            Edit::Reseed { tick: 4, seed: 9 },
            Edit::Reply {
                tick: 5,
                reply: GivenReply::Text("no".to_owned()),
            },
        ];
        let json = serde_json::to_string(&edits).expect("plain data");
        assert_eq!(
            json,
            r#"[{"only":[{"tick":3,"kind":"loop"}]},{"off":["loop"]},{"mute":{"tick":3,"kind":"loop"}},{"reseed":{"tick":4,"seed":9}},{"reply":{"tick":5,"reply":{"text":"no"}}}]"#
        );
        let read: Vec<Edit> = serde_json::from_str(&json).expect("as written");
        assert_eq!(read, edits);
        assert!(serde_json::from_str::<Edit>(r#"{"mute":{"tick":3,"kind":"doubt"}}"#).is_err());
    }
}
