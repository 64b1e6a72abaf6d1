//! The commit chain and its queries.

use turingos::isa::GitLogQuery;
use turingos::manifold::WorldFaultCode;
use turingos::{Digest, Manifold};
use turingos_world::history::KEPT_COMMITS;
use turingos_world::{Quota, World};

use super::path;

fn write_at(
    world: &mut World,
    name: &str,
    content: &str,
    now_us: u64,
) -> Result<(), turingos::WorldFault> {
    let effect = Digest::of(content.as_bytes());
    world.write(&path(name), content, effect, now_us)
}

/// Five commits, at seconds 1 to 5.
fn world() -> World {
    let mut world = World::new(Quota::default());
    write_at(&mut world, "a", "1", 1_000_000).unwrap();
    write_at(&mut world, "src/b", "2", 2_000_000).unwrap();
    world.exec("echo 3 > src/c; rm a", 3_000_000);
    write_at(&mut world, "srcfile", "4", 4_000_000).unwrap();
    world.exec("mkdir d", 5_000_000);
    world
}

/// The log without the ids.
fn log(world: &mut World, query: &GitLogQuery) -> Vec<String> {
    let text = world.git_log(query).unwrap();
    text.lines()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

fn query() -> GitLogQuery {
    GitLogQuery::default()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

const FIVE: &str = "5000000 d $ mkdir d";
const FOUR: &str = "4000000 srcfile write srcfile";
const THREE: &str = "3000000 a,src/c $ echo 3 > src/c; rm a";
const TWO: &str = "2000000 src/b write src/b";
const ONE: &str = "1000000 a write a";

#[test]
fn log_is_newest_first() {
    assert_eq!(log(&mut world(), &query()), [FIVE, FOUR, THREE, TWO, ONE]);
    assert_eq!(World::new(Quota::default()).git_log(&query()).unwrap(), "");
}

#[test]
fn query_operands() {
    let cases = [
        (
            GitLogQuery {
                limit: Some(2),
                ..query()
            },
            vec![FIVE, FOUR],
        ),
        (
            GitLogQuery {
                path: some("src"),
                ..query()
            },
            vec![THREE, TWO],
        ),
        (
            GitLogQuery {
                path: some("a"),
                ..query()
            },
            vec![THREE, ONE],
        ),
        (
            GitLogQuery {
                path: some("none"),
                ..query()
            },
            vec![],
        ),
        (
            GitLogQuery {
                reference: some("HEAD"),
                ..query()
            },
            vec![FIVE, FOUR, THREE, TWO, ONE],
        ),
        (
            GitLogQuery {
                reference: some("HEAD~3"),
                ..query()
            },
            vec![TWO, ONE],
        ),
        (
            GitLogQuery {
                grep: some("rm a"),
                ..query()
            },
            vec![THREE],
        ),
        (
            GitLogQuery {
                since: some("T+4"),
                ..query()
            },
            vec![FIVE, FOUR],
        ),
        (
            GitLogQuery {
                since: some("4000001"),
                ..query()
            },
            vec![FIVE],
        ),
        (
            GitLogQuery {
                path: some("src"),
                limit: Some(1),
                grep: some("write"),
                ..query()
            },
            vec![TWO],
        ),
    ];
    for (query, lines) in cases {
        assert_eq!(log(&mut world(), &query), lines, "{query:?}");
    }
}

#[test]
fn ref_by_id_prefix() {
    let mut world = world();
    let text = world.git_log(&query()).unwrap();
    let third = text.lines().nth(2).unwrap();
    let id = third.split(' ').next().unwrap();
    assert_eq!(id.len(), 12);
    for digits in [4, 8, 12] {
        let query = GitLogQuery {
            reference: some(&id[..digits]),
            ..query()
        };
        assert_eq!(log(&mut world, &query), [THREE, TWO, ONE]);
    }
}

#[test]
fn invalid_queries() {
    let bad = [
        GitLogQuery {
            reference: some("main"),
            ..query()
        },
        GitLogQuery {
            reference: some("HEAD~5"),
            ..query()
        },
        GitLogQuery {
            reference: some("HEAD~"),
            ..query()
        },
        GitLogQuery {
            reference: some("HEAD~-1"),
            ..query()
        },
        GitLogQuery {
            reference: some("abc"),
            ..query()
        },
        GitLogQuery {
            reference: some("0000000000000"),
            ..query()
        },
        GitLogQuery {
            since: some("yesterday"),
            ..query()
        },
        GitLogQuery {
            since: some("T+"),
            ..query()
        },
        GitLogQuery {
            since: some("T+99999999999999999"),
            ..query()
        },
        GitLogQuery {
            since: some("-1"),
            ..query()
        },
        GitLogQuery {
            path: some("../x"),
            ..query()
        },
        GitLogQuery {
            limit: Some(0),
            ..query()
        },
        GitLogQuery {
            query_params: some("limit=1"),
            ..query()
        },
    ];
    for query in bad {
        let fault = world().git_log(&query).unwrap_err();
        assert_eq!(fault.code, WorldFaultCode::BadQuery, "{query:?}");
    }
}

#[test]
fn a_write_chains_its_effect_and_hashes_no_content() {
    let heads = ["one", "another"].map(|content| {
        let mut world = World::new(Quota::default());
        let effect = Digest::of(b"an effect");
        world.write(&path("f"), content, effect, 1).unwrap();
        world.history().head()
    });
    assert_eq!(heads[0], heads[1]);
}

#[test]
fn commit_id_chain() {
    let mut world = World::new(Quota::default());
    let mut head = Digest::EMPTY;
    for (time_us, content) in [(1_u64, "one"), (2, "two")] {
        write_at(&mut world, "f", content, time_us).unwrap();
        head = Digest::of_parts(&[
            head.as_bytes(),
            &time_us.to_le_bytes(),
            b"w",
            &1_u64.to_le_bytes(),
            b"f",
            Digest::of(content.as_bytes()).as_bytes(),
        ]);
        assert_eq!(world.history().head(), head);
    }
    let text = world.git_log(&query()).unwrap();
    assert!(text.starts_with(&head.short(12)));
}

#[test]
fn history_is_bounded() {
    let mut world = World::new(Quota::default());
    for time_us in 0..3000 {
        write_at(&mut world, "f", "x", time_us).unwrap();
    }
    assert_eq!(world.history().kept(), KEPT_COMMITS);
    assert_eq!(world.history().recorded(), 3000);
    assert_eq!(log(&mut world, &query()).len(), 20);
    let most = GitLogQuery {
        limit: Some(900),
        ..query()
    };
    assert_eq!(log(&mut world, &most).len(), 200);
    let oldest = GitLogQuery {
        reference: some("HEAD~1023"),
        ..query()
    };
    assert_eq!(log(&mut world, &oldest), ["1976 f write f"]);
}

#[test]
fn long_messages_and_path_lists_are_cut() {
    let mut world = World::new(Quota::default());
    let names: Vec<String> = (10..40).map(|number| format!("d{number}")).collect();
    world.exec(&format!("mkdir\t{}\ntrue", names.join(" ")), 0);
    let lines = log(&mut world, &query());
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("d10,d11,"));
    assert!(lines[0].contains(",d25,... $ mkdir d10 d11"));
    world.exec(&format!("echo {} > f", "x".repeat(1000)), 0);
    assert!(log(&mut world, &query())[0].len() < 250);
}

#[test]
fn unchanged_world_makes_no_commit() {
    let mut world = world();
    let head = world.history().head();
    world.exec("ls; cat none; echo x > none/y; mkdir -p d", 9);
    assert_eq!(world.history().head(), head);
}
