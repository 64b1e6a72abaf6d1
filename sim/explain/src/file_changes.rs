//! The files that one tick changed, as unified diffs.

use std::collections::BTreeMap;

use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};
use serde::Serialize;
use turingos_world::{FileTree, Kind};

/// Of each side at most so many bytes are compared.
const MAX_COMPARED_BYTES: usize = 256 * 1024;

/// A file that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path in the workspace.
    pub path: String,
    /// What was done: `created`, `changed` or `removed`.
    pub change: &'static str,
    /// The unified diff of its lines, without a head.
    pub diff: String,
}

/// The texts of files by their path.
pub(crate) type Files = BTreeMap<String, String>;

/// The texts of all files of a tree.
pub(crate) fn texts(tree: &FileTree) -> Files {
    tree.paths()
        .filter(|(_, kind)| *kind == Kind::File)
        .filter_map(|(path, _)| Some((path.to_owned(), tree.read(path).ok()?.to_owned())))
        .collect()
}

/// What differs, by path.
pub(crate) fn changes(before: &Files, after: &Files) -> Vec<FileChange> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| {
            let (old, new) = (before.get(path), after.get(path));
            let change = match (old, new) {
                (None, Some(_)) => "created",
                (Some(_), None) => "removed",
                (Some(old), Some(new)) if old != new => "changed",
                _ => return None,
            };
            let [old, new] = [old, new].map(|text| text.map_or("", String::as_str));
            Some(FileChange {
                path: path.clone(),
                change,
                diff: unified(old, new),
            })
        })
        .collect()
}

/// The unified diff of two texts with three lines of context.
pub(crate) fn unified(before: &str, after: &str) -> String {
    let [before, after] =
        [before, after].map(|text| &text[..text.floor_char_boundary(MAX_COMPARED_BYTES)]);
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let printer = BasicLineDiffPrinter(&input.interner);
    diff.unified_diff(&printer, UnifiedDiffConfig::default(), &input)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_name_what_was_done() {
        let files = |pairs: &[(&str, &str)]| -> Files {
            let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
            pairs.iter().map(owned).collect()
        };
        let before = files(&[("a", "1\n2\n"), ("b", "same\n"), ("c", "gone\n")]);
        let after = files(&[("a", "1\n3\n"), ("b", "same\n"), ("d", "new\n")]);
        let found = changes(&before, &after);
        let shown: Vec<_> = found
            .iter()
            .map(|it| (it.path.as_str(), it.change))
            .collect();
        assert_eq!(
            shown,
            [("a", "changed"), ("c", "removed"), ("d", "created")]
        );
        assert_eq!(found[0].diff, "@@ -1,2 +1,2 @@\n 1\n-2\n+3\n");
    }
}
