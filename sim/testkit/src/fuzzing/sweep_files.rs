//! Files of sweeps: what their reader accepts fits the schema, is sealed, and adds up.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use turingos::Digest;
use turingos_schema::{Checker, Schema};
use turingos_sweep::{FileHeader, RunLine, SweepError, Totals, read_sweep};

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    let schema = Schema::named("sweep-file.v1");
    Checker::of(schema.expect("the schema named here is embedded in the program"))
});

/// Input: a file of a sweep; the same lines are read with an end that seals them, because no mutation
/// would get past the hash chain.
///
/// Properties: each line of an accepted file is valid by the schema, its runs are those that were
/// seen, and with one bit flipped it is refused; an error names the file.
///
/// # Panics
/// If a property does not hold.
pub fn sweep_file(bytes: &[u8]) {
    check(bytes);
    check(&sealed(bytes));
}

fn read(bytes: &[u8]) -> Result<(FileHeader, Totals, Vec<RunLine>), SweepError> {
    let mut lines = Vec::new();
    let (header, totals) = read_sweep(Path::new("sweep.jsonl"), bytes, |line| {
        lines.push(line.clone());
    })?;
    Ok((header, totals, lines))
}

fn check(bytes: &[u8]) {
    let (header, totals, lines) = match read(bytes) {
        Ok(read) => read,
        Err(error) => {
            let line = error.to_string();
            assert!(line.starts_with("sweep.jsonl: "), "{line}");
            return;
        }
    };
    for line in bytes
        .split(|byte| *byte == b'\n')
        .filter(|it| !it.is_empty())
    {
        let value: Value = serde_json::from_slice(line).expect("an accepted line is JSON");
        let violation = CHECKER.violation(&value);
        assert_eq!(violation, None, "the schema refuses an accepted line");
    }
    let summary = &totals.summary;
    assert_eq!(summary.runs, lines.len() as u64);
    let failed = lines.iter().filter(|line| line.failure.is_some()).count();
    assert_eq!(summary.failed, failed as u64);
    let grouped: u64 = summary.groups().iter().map(|(_, group)| group.runs).sum();
    assert_eq!(grouped, summary.failed);
    for line in &lines {
        let command = header.sweep().command(line.seed, line.subject);
        assert!(command.contains(&line.seed.to_string()), "{command}");
    }
    let choice = super::mixed(bytes);
    let mut flipped = bytes.to_vec();
    let at = choice % flipped.len();
    flipped[at] ^= 1 << (choice / 8 % 8);
    assert!(read(&flipped).is_err(), "a flipped bit at byte {at}");
}

/// The lines of a file of a sweep with the end that they need, written without the code under test.
#[must_use]
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let is_end = |line: &&[u8]| line.starts_with(b"{\"end\"");
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines: Vec<_> = lines
        .filter(|line| !line.is_empty() && !is_end(line))
        .collect();
    let values = { lines.iter() }.map(|line| serde_json::from_slice(line).unwrap_or_default());
    let values: Vec<Value> = values.collect();
    let has = |name: &str| values.iter().filter(|it| it.get(name).is_some()).count();
    let own = { values.first() }.map_or(0, |header| own_runs(header).min(has("root") as u64));
    let own = usize::try_from(own).unwrap_or(0);
    let of_own = |name: &str| {
        let runs = values.iter().skip(1).take(own);
        runs.filter(|it| it.get(name).is_some()).count()
    };
    let mut chain = Digest::EMPTY;
    let mut whole = Vec::new();
    for line in lines {
        chain = Digest::of_parts(&[chain.as_bytes(), line]);
        whole.extend(line);
        whole.push(b'\n');
    }
    let (failed, differing) = (of_own("failure"), of_own("differs"));
    let end = format!(
        "{{\"end\":{{\"runs\":{own},\"failed\":{failed},\"differing\":{differing},\
         \"chain\":\"{chain}\"}}}}\n"
    );
    whole.extend(end.bytes());
    whole
}

/// How many runs of its own a file with this header has.
fn own_runs(header: &Value) -> u64 {
    let sweep = &header["sweep"];
    let number = |text: &str| text.parse::<u128>().unwrap_or(0);
    let seeds = { sweep["seeds"].as_str() }
        .and_then(|text| text.split_once(".."))
        .map_or(0, |(first, end)| number(end).saturating_sub(number(first)));
    let own = match { header["shard"].as_str() }.and_then(|text| text.split_once('/')) {
        None => seeds,
        Some((index, count)) => {
            let (index, count) = (number(index), number(count).max(1));
            let cut = |index: u128| seeds.saturating_mul(index) / count;
            cut(index.saturating_add(1)) - cut(index)
        }
    };
    let subjects = sweep["subjects"].as_array().map_or(0, Vec::len);
    u64::try_from(own.saturating_mul(subjects as u128)).unwrap_or(u64::MAX)
}
