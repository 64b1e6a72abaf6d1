//! The names of sources in a data set.
//!
//! A name has no more of a path than is needed to tell the sources apart: a row must not reveal the
//! machine it was made on.

use std::path::{Component, Path};

/// For each path the shortest end of it that no other path has, with `/` between its parts. Equal
/// paths have equal names.
#[must_use]
pub fn shortest_names(paths: &[impl AsRef<Path>]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| parts(path.as_ref())).collect();
    let name = |own: &Vec<String>| {
        let is_shared = |length: usize| {
            let end = end(own, length);
            parts
                .iter()
                .any(|other| other != own && self::end(other, length) == end)
        };
        let length = (1..own.len()).find(|length| !is_shared(*length));
        end(own, length.unwrap_or(own.len())).join("/")
    };
    parts.iter().map(name).collect()
}

fn parts(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}

fn end(parts: &[String], length: usize) -> &[String] {
    &parts[parts.len().saturating_sub(length)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_shortest_unique_ends() {
        let paths = ["/home/me/a/RUN", "/home/me/b/RUN", "/srv/x.journal.log"];
        assert_eq!(shortest_names(&paths), ["a/RUN", "b/RUN", "x.journal.log"]);
        assert_eq!(shortest_names(&["/home/me/RUN"]), ["RUN"]);
        assert_eq!(shortest_names(&["/RUN", "/home/RUN"]), ["RUN", "home/RUN"]);
        assert_eq!(shortest_names(&["/a/x", "/a/x"]), ["x", "x"]);
        assert_eq!(shortest_names(&["/"]), [""]);
    }
}
