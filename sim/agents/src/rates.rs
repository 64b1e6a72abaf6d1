//! Rates by name, as a run's header lists them.
//!
//! A missing or unknown kind is an error, because a header must be complete.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::noise::{NoiseKind, NoiseRates};
use super::profile::FaultRates;
use super::provider_faults::ProviderFaultKind;

impl Serialize for NoiseRates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rates = NoiseKind::ALL.iter();
        serializer.collect_map(rates.map(|kind| (kind.name(), self.rate(*kind))))
    }
}

impl<'de> Deserialize<'de> for NoiseRates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut named = BTreeMap::<String, u16>::deserialize(deserializer)?;
        let mut rates = Self::none();
        for &kind in NoiseKind::ALL {
            rates = rates.with(kind, take(&mut named, kind.name())?);
        }
        nothing_left(&named)?;
        Ok(rates)
    }
}

impl Serialize for FaultRates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rates = ProviderFaultKind::ALL.iter();
        serializer.collect_map(rates.map(|kind| (kind.name(), self.rate(*kind))))
    }
}

impl<'de> Deserialize<'de> for FaultRates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut named = BTreeMap::<String, u16>::deserialize(deserializer)?;
        let mut rates = Self::none();
        for &kind in ProviderFaultKind::ALL {
            rates = rates.with(kind, take(&mut named, kind.name())?);
        }
        nothing_left(&named)?;
        Ok(rates)
    }
}

fn take<E: Error>(named: &mut BTreeMap<String, u16>, name: &'static str) -> Result<u16, E> {
    named.remove(name).ok_or_else(|| E::missing_field(name))
}

fn nothing_left<E: Error>(named: &BTreeMap<String, u16>) -> Result<(), E> {
    match named.keys().next() {
        Some(name) => Err(E::custom(format_args!("unknown rate {name:?}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::AgentProfile;

    #[test]
    fn rates_round_trip_and_must_be_complete() {
        let profile = AgentProfile::hostile();
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(
            serde_json::from_str::<AgentProfile>(&text).unwrap(),
            profile
        );
        let name = ProviderFaultKind::ALL[0].name();
        let rate = profile.faults.rate(ProviderFaultKind::ALL[0]);
        let entry = format!("\"{name}\":{rate},");
        assert!(text.contains(&entry));
        for bad in [text.replace(&entry, ""), text.replace(name, "other")] {
            assert!(serde_json::from_str::<AgentProfile>(&bad).is_err());
        }
    }
}
