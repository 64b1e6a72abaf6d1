//! The shard that a cluster engine chose for this process: what `--shard auto` reads.
//!
//! Every engine numbers the tasks of an array in a variable of its own. Some also say how many there
//! are; for the others the number is given as `auto/N`.

use crate::exit::{Exit, Failure};
use crate::soak::whole_number;
use turingos_sweep::Shard;

/// How the shard was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShardChoice {
    /// By its numbers.
    Given(Shard),
    /// By the engine's variables, of so many shards if the engine does not say.
    Auto(Option<u64>),
}

/// Reads `I/N`, `auto` or `auto/N`.
pub(crate) fn parse(text: &str) -> Result<ShardChoice, String> {
    if text == "auto" {
        return Ok(ShardChoice::Auto(None));
    }
    if let Some(count) = text.strip_prefix("auto/") {
        return { whole_number(count).filter(|count| (1..=Shard::MAX_COUNT).contains(count)) }
            .map(|count| ShardChoice::Auto(Some(count)))
            .ok_or_else(|| format!("auto/N with N from 1 to {}", Shard::MAX_COUNT));
    }
    { text.parse::<Shard>() }
        .map(ShardChoice::Given)
        .map_err(|allowed| format!("{allowed}; or auto, or auto/N, inside an engine"))
}

/// One engine: where it says which task this is.
struct Engine {
    name: &'static str,
    /// The number of the task.
    index: &'static str,
    /// The number of the first task; 0 if the engine always begins there.
    first: First,
    /// How many tasks there are, if the engine says.
    count: Option<&'static str>,
}

/// Where an engine begins to count.
enum First {
    At(u64),
    Variable(&'static str),
}

const ENGINES: [Engine; 5] = [
    Engine {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: First::Variable("SLURM_ARRAY_TASK_MIN"),
        count: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    Engine {
        name: "HyperQueue",
        index: "HQ_TASK_ID",
        first: First::At(0),
        count: None,
    },
    Engine {
        name: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        first: First::At(0),
        count: None,
    },
    Engine {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: First::At(0),
        count: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    Engine {
        name: "GNU parallel",
        index: "PARALLEL_SEQ",
        first: First::At(1),
        count: None,
    },
];

/// The shard that was chosen.
///
/// # Errors
/// `auto` outside an engine, inside two, or with numbers that are no shard.
pub(crate) fn resolve(choice: ShardChoice) -> Result<Shard, Failure> {
    match choice {
        ShardChoice::Given(shard) => Ok(shard),
        ShardChoice::Auto(count) => {
            of_engine(count, variable).map_err(|message| Failure::new(Exit::Usage, message))
        }
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "an engine says which shard this is in the environment, and nowhere else"
    )]
    let value = std::env::var_os(name);
    value.map(|value| value.to_string_lossy().into_owned())
}

fn of_engine(
    given: Option<u64>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Shard, String> {
    let found: Vec<_> = { ENGINES.iter() }
        .filter_map(|engine| Some((engine, variable(engine.index)?)))
        .collect();
    let (engine, index) = match &*found {
        [] => {
            let all: Vec<_> = { ENGINES.iter() }
                .map(|engine| format!("{} ({})", engine.name, engine.index))
                .collect();
            return Err(format!(
                "--shard auto: no engine started this process; it knows {}; give --shard I/N",
                all.join(", ")
            ));
        }
        [one] => one,
        [(first, _), (second, _), ..] => {
            return Err(format!(
                "--shard auto: {} and {} both number this process; give --shard I/N",
                first.index, second.index
            ));
        }
    };
    let number = |name: &str, text: &str| {
        whole_number(text)
            .filter(|_| !text.is_empty())
            .ok_or_else(|| {
                format!(
                    "--shard auto: {name} of {} is `{text}`, not a number",
                    engine.name
                )
            })
    };
    let index = number(engine.index, index)?;
    let first = match engine.first {
        First::At(first) => first,
        First::Variable(name) => match variable(name) {
            Some(text) => number(name, &text)?,
            None => 0,
        },
    };
    let said = match engine.count.and_then(|name| Some((name, variable(name)?))) {
        Some((name, text)) => Some(number(name, &text)?),
        None => None,
    };
    let count = match (said, given) {
        (Some(said), Some(given)) if said != given => {
            return Err(format!(
                "--shard auto/{given}: {} has {said} tasks; give auto",
                engine.name
            ));
        }
        (Some(count), _) | (None, Some(count)) => count,
        (None, None) => {
            return Err(format!(
                "--shard auto: {} does not say how many tasks there are; give --shard auto/N",
                engine.name
            ));
        }
    };
    { index.checked_sub(first) }
        .and_then(|index| Shard::new(index, count))
        .ok_or_else(|| {
            format!(
                "--shard auto: task {index} of {} is not one of {count} tasks from {first} on; \
                 number them without gaps",
                engine.name
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(given: Option<u64>, variables: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        of_engine(given, variable).map(|shard| shard.to_string())
    }

    #[test]
    fn each_engine_says_which_shard_this_is() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "8"),
            ("SLURM_ARRAY_TASK_MIN", "5"),
            ("SLURM_ARRAY_TASK_COUNT", "64"),
        ];
        assert_eq!(shard(None, &slurm), Ok("3/64".into()));
        assert_eq!(shard(Some(64), &slurm), Ok("3/64".into()));
        assert_eq!(
            shard(None, &slurm[..1]),
            shard(None, &[("SLURM_ARRAY_TASK_ID", "8")])
        );
        for (index, value) in [
            ("HQ_TASK_ID", "3"),
            ("JOB_COMPLETION_INDEX", "3"),
            ("PARALLEL_SEQ", "4"),
        ] {
            assert_eq!(
                shard(Some(64), &[(index, value)]),
                Ok("3/64".into()),
                "{index}"
            );
            let error = shard(None, &[(index, value)]).unwrap_err();
            assert!(error.contains("give --shard auto/N"), "{error}");
        }
        let batch = [
            ("AWS_BATCH_JOB_ARRAY_INDEX", "0"),
            ("AWS_BATCH_JOB_ARRAY_SIZE", "10"),
        ];
        assert_eq!(shard(None, &batch), Ok("0/10".into()));
    }

    #[test]
    fn auto_guesses_nothing() {
        for (given, variables, part) in [
            (None, &[][..], "no engine started this process"),
            (
                Some(9),
                &[("HQ_TASK_ID", "1"), ("PARALLEL_SEQ", "2")],
                "HQ_TASK_ID and PARALLEL_SEQ both number",
            ),
            (
                Some(9),
                &[("HQ_TASK_ID", "9")],
                "task 9 of HyperQueue is not one of 9",
            ),
            (Some(9), &[("PARALLEL_SEQ", "0")], "from 1 on"),
            (Some(9), &[("HQ_TASK_ID", "x")], "is `x`, not a number"),
            (Some(9), &[("HQ_TASK_ID", "")], "is ``, not a number"),
            (
                Some(9),
                &[
                    ("SLURM_ARRAY_TASK_ID", "1"),
                    ("SLURM_ARRAY_TASK_COUNT", "8"),
                ],
                "Slurm has 8 tasks",
            ),
        ] {
            let error = shard(given, variables).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn shards_are_given_by_number_or_left_to_the_engine() {
        assert_eq!(parse("auto"), Ok(ShardChoice::Auto(None)));
        assert_eq!(parse("auto/64"), Ok(ShardChoice::Auto(Some(64))));
        assert!(matches!(parse("3/64"), Ok(ShardChoice::Given(_))));
        for bad in ["9/8", "auto/0", "auto/x", "AUTO", "", "1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
