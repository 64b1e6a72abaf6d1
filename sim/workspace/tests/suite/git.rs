//! The log of a real repository. These tests need `git`.

use std::fs;

use turingos::Manifold;
use turingos::isa::GitLogQuery;
use turingos::manifold::{WorldFault, WorldFaultCode};

use super::{Scene, code};

const AUTHOR: &str = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=c \
                      GIT_COMMITTER_EMAIL=c@d GIT_AUTHOR_DATE=@1000000000\\ +0000; ";

/// A repository of five commits, at seconds 1 to 5 after the thousand millionth.
fn repository() -> Scene {
    let mut scene = Scene::new();
    scene.stdout("git init --quiet --initial-branch=main .");
    commit(&mut scene, 1, "echo 1 > a", "add a");
    commit(
        &mut scene,
        2,
        "mkdir src; echo 2 > src/b; echo 2 > 'src/c d'",
        "two\nlines\n\nbody",
    );
    commit(&mut scene, 3, "git mv a src/a", "move [a].*");
    scene.stdout("git tag -m tag old HEAD~1 2>/dev/null || git tag old HEAD~1");
    scene.stdout("git checkout --quiet -b side HEAD~1");
    commit(&mut scene, 4, "echo 4 > side", "on the side");
    scene.stdout("git checkout --quiet main");
    let date = "export GIT_COMMITTER_DATE=@1000000005\\ +0000; ";
    let merge = format!("{AUTHOR}{date}git merge --quiet --no-edit side");
    scene.stdout(&merge);
    scene
}

fn commit(scene: &mut Scene, second: u32, change: &str, message: &str) {
    let date = format!(
        "export GIT_COMMITTER_DATE=@{}\\ +0000; ",
        1_000_000_000 + second
    );
    scene.stdout(&format!(
        "{AUTHOR}{date}{change}; git add . && git commit --quiet --allow-empty -m '{message}'"
    ));
}

const MERGE: &str = "1000000005000000 - Merge branch 'side'";
const SIDE: &str = "1000000004000000 side on the side";
const MOVE: &str = "1000000003000000 a,src/a move [a].*";
const TWO: &str = "1000000002000000 src/b,src/c d two lines";
const ONE: &str = "1000000001000000 a add a";

fn query() -> GitLogQuery {
    GitLogQuery::default()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn ask(scene: &mut Scene, query: &GitLogQuery) -> Result<String, WorldFault> {
    scene.workspace.git_log(query)
}

/// The log without the ids.
fn log(scene: &mut Scene, query: &GitLogQuery) -> Vec<String> {
    let text = ask(scene, query).unwrap();
    let lines = text.lines().map(|line| {
        let (id, rest) = line.split_once(' ').unwrap();
        assert!(
            id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{line}"
        );
        rest.to_owned()
    });
    lines.collect()
}

#[test]
fn query_operands() {
    let mut scene = repository();
    for (query, lines) in [
        (query(), vec![MERGE, SIDE, MOVE, TWO, ONE]),
        (
            GitLogQuery {
                limit: Some(2),
                ..query()
            },
            vec![MERGE, SIDE],
        ),
        (
            GitLogQuery {
                path: some("src"),
                ..query()
            },
            vec![MOVE, TWO],
        ),
        (
            GitLogQuery {
                path: some("a"),
                ..query()
            },
            vec![MOVE, ONE],
        ),
        (
            GitLogQuery {
                path: some("s*"),
                ..query()
            },
            vec![],
        ),
        (
            GitLogQuery {
                path: some(":(top)src"),
                ..query()
            },
            vec![],
        ),
        (
            GitLogQuery {
                reference: some("HEAD~1"),
                ..query()
            },
            vec![MOVE, TWO, ONE],
        ),
        (
            GitLogQuery {
                reference: some("side"),
                ..query()
            },
            vec![SIDE, TWO, ONE],
        ),
        (
            GitLogQuery {
                reference: some("old"),
                ..query()
            },
            vec![TWO, ONE],
        ),
        (
            GitLogQuery {
                grep: some("[a].*"),
                ..query()
            },
            vec![MOVE],
        ),
        (
            GitLogQuery {
                grep: some("A"),
                ..query()
            },
            vec![],
        ),
        (
            GitLogQuery {
                grep: some("--all"),
                ..query()
            },
            vec![],
        ),
        (
            GitLogQuery {
                since: some("T+1000000004"),
                ..query()
            },
            vec![MERGE, SIDE],
        ),
        (
            GitLogQuery {
                since: some("1000000004000001"),
                ..query()
            },
            vec![MERGE],
        ),
    ] {
        assert_eq!(log(&mut scene, &query), lines, "{query:?}");
    }
}

#[test]
fn ref_by_id_prefix() {
    let mut scene = repository();
    let whole = scene.stdout("git rev-parse HEAD~2");
    let text = ask(&mut scene, &query()).unwrap();
    assert!(
        text.lines().nth(3).unwrap().starts_with(&whole[..12]),
        "{text}"
    );
    let reference = some(&whole[..8]);
    assert_eq!(
        log(
            &mut scene,
            &GitLogQuery {
                reference,
                ..query()
            }
        ),
        [TWO, ONE]
    );
}

#[test]
fn invalid_queries() {
    let mut scene = repository();
    for reference in [
        "none",
        "HEAD~99",
        "--all",
        "-1",
        "",
        "a",
        "HEAD..side",
        "side file",
        "HEAD\0",
    ] {
        let query = GitLogQuery {
            reference: some(reference),
            ..query()
        };
        let fault = ask(&mut scene, &query).unwrap_err();
        assert_eq!(fault.code, WorldFaultCode::BadQuery, "{reference}: {fault}");
    }
    for query in [
        GitLogQuery {
            limit: Some(0),
            ..query()
        },
        GitLogQuery {
            since: some("yesterday"),
            ..query()
        },
        GitLogQuery {
            path: some("../outside"),
            ..query()
        },
        GitLogQuery {
            path: some("/etc"),
            ..query()
        },
        GitLogQuery {
            query_params: some("limit=1"),
            ..query()
        },
    ] {
        assert_eq!(
            code(ask(&mut scene, &query)),
            WorldFaultCode::BadQuery,
            "{query:?}"
        );
    }
}

#[test]
fn empty_repository() {
    let mut scene = Scene::new();
    scene.stdout("git init --quiet .");
    assert_eq!(ask(&mut scene, &query()).as_deref(), Ok(""));
    let head = GitLogQuery {
        reference: some("HEAD"),
        ..query()
    };
    assert_eq!(ask(&mut scene, &head).as_deref(), Ok(""));
}

#[test]
fn missing_repository() {
    let mut scene = Scene::new();
    let fault = ask(&mut scene, &query()).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "NOT_FOUND: git log: the workspace has no git repository"
    );
    fs::create_dir(scene.inside(".git")).unwrap();
    let fault = ask(&mut scene, &query()).unwrap_err();
    assert_eq!(fault.code, WorldFaultCode::Other);
    assert!(fault.detail.contains("not a git repository"), "{fault}");
}

/// A repository around the workspace, or one that `.git` leads to, is somebody else's.
#[test]
fn outer_repository_is_not_used() {
    let mut scene = Scene::new();
    scene.stdout(&format!(
        "{AUTHOR}git init --quiet .. && git -C .. commit --quiet --allow-empty -m secret"
    ));
    assert_eq!(code(ask(&mut scene, &query())), WorldFaultCode::NotFound);
    scene.stdout("ln -s ../.git .git");
    assert_eq!(code(ask(&mut scene, &query())), WorldFaultCode::Denied);
    scene.stdout("rm .git && echo 'gitdir: ../.git' > .git");
    assert_eq!(code(ask(&mut scene, &query())), WorldFaultCode::Denied);
}

/// Files of a repository that make git read another one, and links that do.
#[test]
fn other_repository_is_not_read() {
    for (plant, reason) in [
        (
            "echo ../../outside/.git > .git/commondir",
            ".git/commondir leads to another repository",
        ),
        (
            "echo $PWD/../outside/.git/objects > .git/objects/info/alternates",
            ".git/objects/info/alternates leads to another repository",
        ),
        (
            "rm -r .git/objects; ln -s ../../outside/.git/objects .git/objects",
            "the link .git/objects leads out of the workspace",
        ),
        (
            "ln -sf $PWD/../outside/.git/HEAD .git/HEAD",
            "the link .git/HEAD leads out of the workspace",
        ),
        (
            "ln -s ../../../../outside/.git/refs/heads .git/refs/heads/x",
            "the link .git/refs/heads/x leads out of the workspace",
        ),
    ] {
        let mut scene = Scene::new();
        scene.stdout("git init --quiet . && git init --quiet ../outside");
        scene.stdout(&format!(
            "{AUTHOR}git -C ../outside commit --quiet --allow-empty -m secret"
        ));
        assert_eq!(ask(&mut scene, &query()).as_deref(), Ok(""));
        scene.stdout(plant);
        let fault = ask(&mut scene, &query()).unwrap_err();
        assert_eq!(fault.code, WorldFaultCode::Denied, "{plant}");
        assert_eq!(fault.detail, format!("git log: {reason}"), "{plant}");
    }
}

/// A write cannot make the workspace's history another one.
#[test]
fn repository_is_not_written() {
    let mut scene = repository();
    scene.stdout("ln -s .git plain && mkdir sub && ln -s ../.git/objects sub/deep");
    let before = scene.stdout("find .git | sort | xargs ls -ld --time-style=full-iso");
    for path in [
        ".git",
        ".git/HEAD",
        ".git/commondir",
        ".git/objects/info/alternates",
        ".GIT/HEAD",
        ".git./HEAD",
        "plain/HEAD",
        "plain/new/commondir",
        "sub/deep/info/alternates",
        "sub/.git/HEAD",
    ] {
        let fault = scene.write(path, "ref: refs/heads/other\n").unwrap_err();
        assert_eq!(fault.code, WorldFaultCode::Denied, "{path}");
    }
    let after = scene.stdout("find .git | sort | xargs ls -ld --time-style=full-iso");
    assert_eq!(before, after);
    assert!(!scene.inside("sub/.git").exists());
    // What only looks like it is an ordinary file.
    scene.write(".gitignore", "target\n").unwrap();
    scene.write(".github/ci.yml", "on: push\n").unwrap();
    assert_eq!(log(&mut scene, &query()), [MERGE, SIDE, MOVE, TWO, ONE]);
}

#[test]
fn repository_configuration_runs_nothing() {
    let mut scene = repository();
    scene.stdout(
        "printf '#!/bin/sh\\ntouch \"$0.ran\"\\ncat' > trap.sh && chmod +x trap.sh && \
         for key in core.fsmonitor core.pager core.editor diff.external gpg.program \
             diff.x.textconv diff.x.command core.sshCommand; do \
             git config $key \"$PWD/trap.sh\"; done && \
         git config log.showSignature true && git config log.showRoot false && \
         git config core.quotePath true && git config log.date relative && \
         git config format.pretty oneline && git config grep.patternType perl && \
         git config log.follow true && git config diff.renames copies && \
         mkdir -p .git/info && echo '* diff=x' > .git/info/attributes",
    );
    assert_eq!(log(&mut scene, &query()), [MERGE, SIDE, MOVE, TWO, ONE]);
    let path = GitLogQuery {
        path: some("a"),
        ..query()
    };
    assert_eq!(log(&mut scene, &path), [MOVE, ONE]);
    assert!(!scene.inside("trap.sh.ran").exists());
}

#[test]
fn log_lines_are_bounded() {
    let mut scene = Scene::new();
    scene.stdout("git init --quiet .");
    let many = "i=10; while test $i -lt 40; do echo x > f$i; i=$((i+1)); done";
    commit(&mut scene, 1, many, &"long ".repeat(100));
    commit(&mut scene, 2, "true", "nothing\tchanged\x1b[0m");
    commit(&mut scene, 3, "echo x > 日é", "ünï");
    let lines = log(&mut scene, &query());
    assert_eq!(lines[0], "1000000003000000 日é ünï");
    assert_eq!(lines[1], "1000000002000000 - nothing changed [0m");
    let first: Vec<_> = (10..26).map(|number| format!("f{number}")).collect();
    let message = "long ".repeat(40);
    let promised = format!("1000000001000000 {},... {message}", first.join(","));
    assert_eq!(lines[2], promised);
}
