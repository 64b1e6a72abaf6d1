//! The committed corpus inside the program, so that gates run outside a checkout.
//!
//! Every file is named here; a test compares the names and texts with the directory `corpus/`.

use std::fs;
use std::io;
use std::path::Path;

use super::listing::Group;
use super::transcripts;

/// A name and a text.
type Text = (&'static str, &'static str);

macro_rules! group {
    ($folder:literal: $($group:literal)+) => {
        ($folder, &[$((
            $group,
            include_str!(concat!("../../../../corpus/", $folder, "/", $group, ".toml")),
        )),+])
    };
}

/// Every folder of cases with its groups, sorted.
const FOLDERS: [(&str, &[Text]); 8] = [
    group!("contracts": "document" "expectations" "files" "maps" "patterns" "steps"),
    group!("guard": "busy" "crowded" "elsewhere" "stuck"),
    group!("providers": "kimi" "ollama" "openai"),
    group!("replies":
        "characters" "enclosed" "fences" "prose" "reasoning" "several" "size" "syntax" "truncated"),
    group!("scenario-files": "conditions" "contract" "document" "expected" "files" "members"),
    group!("settings": "addresses" "numbers" "shape" "taken" "texts" "toml" "version"),
    group!("syscalls":
        "document" "edit" "envelope" "exec" "git-log" "goto" "halt" "move" "pop" "push" "write"),
    group!("turingos-journals":
        "chain" "continuity" "form" "hashes" "json" "line-chain" "pointer" "route" "trap-frame" "tuple" "whole"),
];

macro_rules! transcripts {
    ($($run:literal)+) => {
        [$(($run, &[
            transcripts!($run, "header.json"),
            transcripts!($run, "injections.jsonl"),
            transcripts!($run, "journal.jsonl"),
            transcripts!($run, "manifest.json"),
            transcripts!($run, "tape.jsonl"),
            transcripts!($run, "traps.jsonl"),
        ])),+]
    };
    ($run:literal, $file:literal) => {
        ($file, include_str!(concat!("../../../../corpus/transcripts/", $run, "/", $file)))
    };
}

/// The files of every recorded run, sorted.
const TRANSCRIPTS: [(&str, &[Text]); 8] = transcripts!(
    "aimock-kimi-whole" "aimock-ollama-streamed" "kimi-streamed" "ollama-whole"
    "openai-streamed-chaos" "openai-whole" "stubllm-openai-streamed" "two-providers"
);

/// The groups of a folder.
pub(super) fn groups(folder: &str) -> Vec<Group> {
    let groups = FOLDERS.iter().filter(|(name, _)| *name == folder);
    let groups = groups.flat_map(|(_, groups)| groups.iter());
    groups
        .map(|(name, text)| Group {
            name: (*name).to_owned(),
            text: (*text).into(),
        })
        .collect()
}

/// Writes every recorded run below `root`.
pub(super) fn unpack_transcripts(root: &Path) -> io::Result<()> {
    for (run, files) in TRANSCRIPTS {
        let run = root.join(transcripts::FOLDER).join(run);
        fs::create_dir_all(&run)?;
        for (name, text) in files {
            fs::write(run.join(name), text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::listing::entries;
    use super::*;

    /// The files of a directory with their texts, sorted.
    fn files(directory: &Path) -> Vec<(String, String)> {
        let files = entries(directory).unwrap().into_iter().map(|entry| {
            let text = fs::read_to_string(directory.join(&entry.name)).unwrap();
            (entry.name, text)
        });
        files.collect()
    }

    fn assert_same(embedded: &[Text], suffix: &str, directory: &Path) {
        let embedded = embedded.iter();
        let embedded = embedded.map(|(name, text)| (format!("{name}{suffix}"), text.to_string()));
        let embedded: Vec<_> = embedded.collect();
        let committed = files(directory);
        let names = |files: &[(String, String)]| -> Vec<String> {
            files.iter().map(|(name, _)| name.clone()).collect()
        };
        let place = directory.display();
        assert_eq!(names(&embedded), names(&committed), "{place}");
        assert!(embedded == committed, "{place}: other texts");
    }

    #[test]
    fn embedded_files_are_the_committed_ones() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
        for (folder, groups) in FOLDERS {
            assert_same(groups, ".toml", &root.join(folder));
        }
        let root = root.join(transcripts::FOLDER);
        let runs: Vec<_> = entries(&root).unwrap();
        let runs: Vec<_> = runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(runs, TRANSCRIPTS.map(|(run, _)| run));
        for (run, files) in TRANSCRIPTS {
            assert_same(files, "", &root.join(run));
        }
    }
}
