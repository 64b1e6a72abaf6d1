//! What a sweep runs: a range of seeds, and the subjects that each seed runs.

use std::ops::Range;

use turingos::Digest;
use turingos_agents::{AgentProfile, NoiseKind, ProviderFaultKind};
use turingos_run::scenario::{ScenarioRun, noise_text};
use turingos_run::soak::{Soak, on_virtual_time};
use turingos_run::{Header, Profile, RunConfig, Tick, scenario, soak};

/// The runs of a sweep: every subject with every seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seeds.
    pub seeds: Range<u64>,
    /// What each seed runs, in order; at least one.
    pub subjects: Vec<Subject>,
    /// Whether each seed has a subset of the kinds of noise and provider fault turned off.
    pub swarm: bool,
}

/// One kind of run, which a seed makes a run of.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A soak.
    Soak {
        /// Its profile.
        profile: Profile,
        /// How many ticks it has.
        ticks: u64,
        /// Its settings without swarm.
        settings: Box<soak::Settings>,
    },
    /// A scenario, in memory.
    Scenario {
        /// The profile of its faults.
        profile: Profile,
        /// Its settings without swarm.
        settings: Box<scenario::Settings>,
    },
}

/// The header of one run.
#[derive(Debug)]
pub enum AnyHeader {
    /// That of a soak.
    Soak(Box<Header<soak::Settings>>),
    /// That of a scenario.
    Scenario(Box<Header<scenario::Settings>>),
}

impl AnyHeader {
    /// The command that repeats the run.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Self::Soak(header) => header.command(None),
            Self::Scenario(header) => header.command(None),
        }
    }

    /// The words of that command.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Soak(header) => soak::Settings::command(header, None),
            Self::Scenario(header) => scenario::Settings::command(header, None),
        }
    }

    /// The command, quoted for a shell, as what stands before the seed and what after it.
    pub(crate) fn command_around_seed(&self) -> (String, String) {
        let words = self.words();
        let flag = words.iter().rposition(|word| word == "--seed");
        let (before, after) = words.split_at(flag.map_or(words.len(), |flag| flag + 1));
        let quoted = |words: &[String]| -> String {
            // A path on the command line holds no NUL byte, the one thing that cannot be quoted.
            let quoted = words
                .iter()
                .map(|word| shlex::try_quote(word).unwrap_or_default());
            quoted.collect::<Vec<_>>().join(" ")
        };
        (quoted(before), quoted(after.get(1..).unwrap_or_default()))
    }

    /// Runs it, each tick handed to `sink`.
    pub fn run(&self, sink: impl FnMut(&Tick<'_>)) {
        let ended = on_virtual_time(async {
            match self {
                Self::Soak(header) => Soak::start_into(header, sink).drive().await,
                Self::Scenario(header) => ScenarioRun::seeded_into(header, sink).drive().await,
            }
        });
        if let Err(error) = ended {
            unreachable!("a run without files has nothing to fail: {error}");
        }
    }

    fn speech(&self) -> &AgentProfile {
        match self {
            Self::Soak(header) => &header.config.agent,
            Self::Scenario(header) => &header.config.speech,
        }
    }
}

impl Subject {
    /// Its name in files and reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Soak { profile, ticks, .. } => format!("soak {profile}, {ticks} ticks"),
            Self::Scenario { profile, settings } => match profile {
                Profile::Routine => {
                    format!("{}, noise {}", settings.source, noise_text(settings.noise))
                }
                Profile::Hostile => format!("{}, hostile", settings.source),
            },
        }
    }

    /// The digest of everything that shapes its runs but the seed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // The header of one seed without swarm holds all of it.
        match self.header(0, false) {
            AnyHeader::Soak(header) => header.genesis(),
            AnyHeader::Scenario(header) => header.genesis(),
        }
    }

    /// The header of its run with `seed`.
    #[must_use]
    pub fn header(&self, seed: u64, swarm: bool) -> AnyHeader {
        match self {
            Self::Soak {
                profile,
                ticks,
                settings,
            } => {
                let settings = match swarm {
                    true => soak::Settings::clone(settings).swarm(seed),
                    false => soak::Settings::clone(settings),
                };
                AnyHeader::Soak(Box::new(settings.into_header(*profile, seed, *ticks)))
            }
            Self::Scenario { profile, settings } => {
                let settings = match swarm {
                    true => scenario::Settings::clone(settings).swarm(seed),
                    false => scenario::Settings::clone(settings),
                };
                AnyHeader::Scenario(Box::new(settings.into_header(*profile, seed)))
            }
        }
    }

    /// The kinds that `header`, a run of this subject, has turned off, as bits in the order of
    /// [`swarm_kinds`].
    #[must_use]
    pub fn kinds_off(&self, header: &AnyHeader) -> u64 {
        let usual = match self {
            Self::Soak { settings, .. } => &settings.agent,
            Self::Scenario { settings, .. } => &settings.speech,
        };
        let rates = |profile: &AgentProfile| {
            let noise = NoiseKind::ALL.iter().map(|kind| profile.noise.rate(*kind));
            let faults = { ProviderFaultKind::ALL.iter() }.map(|kind| profile.faults.rate(*kind));
            noise.chain(faults).collect::<Vec<_>>()
        };
        let (usual, of_run) = (rates(usual), rates(header.speech()));
        let off = usual
            .iter()
            .zip(of_run)
            .map(|(usual, is)| *usual > 0 && is == 0);
        { off.enumerate() }
            .filter(|(_, off)| *off)
            .fold(0, |bits, (bit, _)| bits | 1 << bit)
    }
}

/// The names of the kinds that a swarm may turn off, in the order of the bits of a run's `off`.
pub fn swarm_kinds() -> impl Iterator<Item = &'static str> {
    let noise = NoiseKind::ALL.iter().map(|kind| kind.name());
    noise.chain(ProviderFaultKind::ALL.iter().map(|kind| kind.name()))
}

/// The bits of `off` are a JSON number, and many programs read those as doubles.
pub(crate) const MAX_KINDS: usize = 53;

const _: () = assert!(NoiseKind::COUNT + ProviderFaultKind::ALL.len() <= MAX_KINDS);

/// Whether `seed` belongs to the sample of `share` ten-thousandths of all seeds. Every machine takes
/// the same sample, and a larger share holds a smaller one.
#[must_use]
pub fn is_sampled(seed: u64, share: u16) -> bool {
    // The finaliser of SplitMix64: neighbouring seeds get unrelated words.
    let mut word = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)) % 10_000 < u64::from(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_has_its_share() {
        for share in [0, 100, 5_000, 10_000] {
            let sampled = (0..100_000).filter(|seed| is_sampled(*seed, share)).count();
            let expected = usize::from(share) * 10;
            assert!(
                sampled.abs_diff(expected) <= expected / 20,
                "{share}: {sampled}"
            );
        }
        let smaller = (0..10_000).filter(|seed| is_sampled(*seed, 100));
        assert!({ smaller }.all(|seed| is_sampled(seed, 200)));
    }

    #[test]
    fn swarm_of_a_seed_is_recorded_by_name() {
        let settings = Box::new(soak::Settings::of(Profile::Hostile));
        let subject = Subject::Soak {
            profile: Profile::Hostile,
            ticks: 10,
            settings: settings.clone(),
        };
        assert_eq!(subject.kinds_off(&subject.header(7, false)), 0);
        let header = subject.header(7, true);
        let off = subject.kinds_off(&header);
        assert!(header.command().contains("--seed 7 ") && header.command().contains("--swarm"));
        let swarmed = settings.agent.swarm(7);
        for (bit, name) in swarm_kinds().enumerate() {
            let noise = NoiseKind::ALL.iter().find(|kind| kind.name() == name);
            let fault = ProviderFaultKind::ALL
                .iter()
                .find(|kind| kind.name() == name);
            let rate = match (noise, fault) {
                (Some(kind), None) => swarmed.noise.rate(*kind),
                (None, Some(kind)) => swarmed.faults.rate(*kind),
                both => panic!("{name}: {both:?}"),
            };
            assert_eq!(off >> bit & 1 == 1, rate == 0, "{name}");
        }
        assert!((10..40).contains(&off.count_ones()), "{off:b}");
    }
}
