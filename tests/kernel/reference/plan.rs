//! The plan of runs that have one, and what it allows, stated plainly.

use std::collections::BTreeMap;

/// The plan as the kernel reads it; the functions below say the same.
pub(crate) const CONTRACT: &str = r#"{
    "enabled": true, "progress_file": "log", "ordered_steps": ["ONE", "TWO"],
    "required_files": ["b"], "step_file_map": {"ONE": "a"},
    "step_expectations": {"ONE": {"kind": "includes", "values": ["o"]}}
}"#;

pub(crate) const PROGRESS: &str = "log";

const LINES: [&str; 2] = ["DONE:ONE", "DONE:TWO"];

/// What can be read of the world, by path; `None` for what is there and cannot be read.
pub(crate) type Readable<'w> = BTreeMap<&'w str, Option<&'w str>>;

/// How many lines of the progress file are the plan's from the first on, and whether all are.
pub(crate) fn progress(text: &str) -> (usize, bool) {
    let lines: Vec<&str> = text
        .strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .collect();
    let lines = if text.is_empty() { Vec::new() } else { lines };
    let fitting = (lines.iter().zip(LINES))
        .take_while(|(line, wanted)| *line == wanted)
        .count();
    (fitting, fitting == lines.len())
}

/// The progress file's text; nothing if it cannot be read.
pub(crate) fn progress_text<'w>(files: &Readable<'w>) -> Option<&'w str> {
    files.get(PROGRESS).copied().unwrap_or(Some(""))
}

/// True if the progress file goes with the plan.
pub(crate) fn is_kept(files: &Readable<'_>) -> bool {
    progress_text(files).is_some_and(|text| progress(text).1)
}

/// True if step ONE's file holds what it should; TWO has none.
fn is_ready(step: usize, files: &Readable<'_>) -> bool {
    let holds = |text: &Option<&str>| text.is_some_and(|text| text.contains('o'));
    step != 0 || files.get("a").is_some_and(holds)
}

/// True if the plan's next step waits for its file.
pub(crate) fn is_blocked(files: &Readable<'_>) -> bool {
    let done = progress_text(files).map_or(0, |text| progress(text).0);
    done < LINES.len() && !is_ready(done, files)
}

/// True if every step is done and every required file is there.
pub(crate) fn is_complete(files: &Readable<'_>) -> bool {
    is_kept(files)
        && progress_text(files).is_some_and(|text| progress(text).0 == LINES.len())
        && files.get("b").is_some_and(Option::is_some)
}

/// True if the progress file may become `new`.
pub(crate) fn may_become(new: &str, files: &Readable<'_>) -> bool {
    let Some(old) = progress_text(files) else {
        return false;
    };
    let ((before, was_kept), (after, is_kept)) = (progress(old), progress(new));
    is_kept && ((after == before + 1 && is_ready(before, files)) || (!was_kept && after == before))
}

/// True if the machine may halt as far as the plan is concerned.
pub(crate) fn may_halt(files: &Readable<'_>) -> bool {
    is_complete(files) && (0..LINES.len()).all(|step| is_ready(step, files))
}
