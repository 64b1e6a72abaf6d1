//! One value for each lane.

use core::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::Lane;

/// One value for each lane; as JSON, an object with the members `p` and `e`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerLane<T> {
    /// What lane P has.
    pub p: T,
    /// What lane E has.
    pub e: T,
}

impl<T> PerLane<T> {
    /// Makes a value for each lane, P first.
    pub fn from_fn(mut make: impl FnMut(Lane) -> T) -> Self {
        Self {
            p: make(Lane::P),
            e: make(Lane::E),
        }
    }

    /// Turns each value into another, P first.
    pub fn map<U>(self, mut turn: impl FnMut(T) -> U) -> PerLane<U> {
        PerLane {
            p: turn(self.p),
            e: turn(self.e),
        }
    }

    /// References to the values.
    pub const fn as_ref(&self) -> PerLane<&T> {
        PerLane {
            p: &self.p,
            e: &self.e,
        }
    }

    /// The lanes with their values, P first.
    pub fn iter(&self) -> impl Iterator<Item = (Lane, &T)> {
        [(Lane::P, &self.p), (Lane::E, &self.e)].into_iter()
    }
}

impl<T> Index<Lane> for PerLane<T> {
    type Output = T;

    fn index(&self, lane: Lane) -> &T {
        match lane {
            Lane::P => &self.p,
            Lane::E => &self.e,
        }
    }
}

impl<T> IndexMut<Lane> for PerLane<T> {
    fn index_mut(&mut self, lane: Lane) -> &mut T {
        match lane {
            Lane::P => &mut self.p,
            Lane::E => &mut self.e,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_its_own_value() {
        let mut names = PerLane::from_fn(Lane::name);
        assert_eq!(names, PerLane { p: "P", e: "E" });
        names[Lane::E] = "cheap";
        assert_eq!((names[Lane::P], names[Lane::E]), ("P", "cheap"));
        assert_eq!(names.map(str::len), PerLane { p: 1, e: 5 });
        assert!(names.iter().eq([(Lane::P, &"P"), (Lane::E, &"cheap")]));
    }

    #[test]
    fn json_has_one_member_for_each_lane() {
        let counts = PerLane { p: 1, e: 2 };
        let text = serde_json::to_string(&counts).expect("JSON");
        assert_eq!(text, r#"{"p":1,"e":2}"#);
        assert_eq!(
            serde_json::from_str::<PerLane<u8>>(&text).expect("JSON"),
            counts
        );
        for text in [r#"{"p":1}"#, r#"{"p":1,"e":2,"x":3}"#] {
            assert!(serde_json::from_str::<PerLane<u8>>(text).is_err(), "{text}");
        }
    }
}
