//! The command language: words, quotes, lists, pipes, and syntax errors.

use super::{check, check_files, world};
use turingos::Manifold;

#[test]
fn words_and_quotes() {
    check(&[
        ("echo hi", 0, "hi\n", ""),
        ("echo", 0, "\n", ""),
        ("echo   a    b", 0, "a b\n", ""),
        ("echo -n hi", 0, "hi", ""),
        ("echo -e 'a\\tb'", 0, "a\tb\n", ""),
        ("echo 'a\\tb'", 0, "a\\tb\n", ""),
        (
            "echo 'single  quoted $HOME'",
            0,
            "single  quoted $HOME\n",
            "",
        ),
        (
            "echo \"double  \\\"quoted\\\"\"",
            0,
            "double  \"quoted\"\n",
            "",
        ),
        ("echo a'b'\"c\"d", 0, "abcd\n", ""),
        ("echo ''", 0, "\n", ""),
        ("echo a\\ b", 0, "a b\n", ""),
        ("echo 'é' \"日\"x", 0, "é 日x\n", ""),
        ("echo costs 5$", 0, "costs 5$\n", ""),
        ("printf 'a\\n'", 0, "a\n", ""),
        ("printf '%s-%d%%\\n' x 12", 0, "x-12%\n", ""),
        ("printf '%s\\n' a b c", 0, "a\nb\nc\n", ""),
        ("printf x y z", 0, "x", ""),
        ("printf '%s|%d'", 0, "|0", ""),
        ("printf '%d\\n' x", 1, "0\n", "printf: x: not a number\n"),
        ("printf '%q' x", 1, "", "printf: unknown directive %q\n"),
        ("printf", 2, "", "printf: a format is missing\n"),
        ("pwd", 0, "/\n", ""),
    ]);
}

#[test]
fn lists_pipes_and_exit_codes() {
    check(&[
        ("", 0, "", ""),
        ("true", 0, "", ""),
        ("false", 1, "", ""),
        ("! false", 0, "", ""),
        ("! true", 1, "", ""),
        ("false; echo after", 0, "after\n", ""),
        ("true && echo yes", 0, "yes\n", ""),
        ("false && echo no", 1, "", ""),
        ("false || echo yes", 0, "yes\n", ""),
        ("true || echo no", 0, "", ""),
        ("false && echo no || echo yes", 0, "yes\n", ""),
        ("echo one\necho two", 0, "one\ntwo\n", ""),
        ("true &&\necho two", 0, "two\n", ""),
        ("echo a;", 0, "a\n", ""),
        ("false | true", 0, "", ""),
        ("true | false", 1, "", ""),
        ("cat a.txt | head -n 2 | tail -n 1", 0, "beta\n", ""),
        ("cat b.txt | sort -n | head -1", 0, "2\n", ""),
        ("cat < a.txt | wc -l", 0, "3\n", ""),
        ("cat none 2>&1 | wc -l", 0, "1\n", ""),
        ("cat none 2>/dev/null || echo no", 0, "no\n", ""),
        ("echo x > /dev/null", 0, "", ""),
    ]);
}

#[test]
fn syntax_errors_run_nothing() {
    check(&[
        (
            "echo a ;; echo b",
            2,
            "",
            "syntax error: a command is missing\n",
        ),
        ("; echo", 2, "", "syntax error: a command is missing\n"),
        ("echo a &&", 2, "", "syntax error: unexpected end of line\n"),
        ("echo a |", 2, "", "syntax error: a command is missing\n"),
        ("| cat", 2, "", "syntax error: a command is missing\n"),
        ("echo 'a", 2, "", "syntax error: unterminated quote\n"),
        ("echo \"a", 2, "", "syntax error: unterminated quote\n"),
        ("echo a\\", 2, "", "syntax error: trailing backslash\n"),
        ("echo $HOME", 2, "", "syntax error: '$' is not supported\n"),
        (
            "echo \"$(ls)\"",
            2,
            "",
            "syntax error: '$' is not supported\n",
        ),
        ("echo `ls`", 2, "", "syntax error: '`' is not supported\n"),
        ("sleep 1 &", 2, "", "syntax error: '&' is not supported\n"),
        ("(echo a)", 2, "", "syntax error: '(' is not supported\n"),
        ("echo a # b", 2, "", "syntax error: '#' is not supported\n"),
        (
            "echo a >",
            2,
            "",
            "syntax error: a redirection lacks its file\n",
        ),
        (
            "echo a > x > y",
            2,
            "",
            "syntax error: a stream is redirected twice\n",
        ),
        (
            "echo a > *.txt",
            2,
            "",
            "syntax error: a redirection to a pattern\n",
        ),
        ("cd src", 127, "", "cd: command not found\n"),
        ("npm run build", 127, "", "npm: command not found\n"),
        ("python -c 'x'", 127, "", "python: command not found\n"),
    ]);
    check_files(&[("echo x > new; echo 'open", 2, &[("new", None)])]);
    let seventeen = ["true"; 17].join(" | ");
    let sixty_five = ["true"; 65].join(";");
    let long = format!("echo {}", "x".repeat(4096));
    for line in [seventeen, sixty_five, long] {
        assert_eq!(world().exec(&line, 0).exit_code, 2);
    }
    assert_eq!(world().exec(&["true"; 16].join("|"), 0).exit_code, 0);
    assert_eq!(world().exec(&["true"; 64].join(";"), 0).exit_code, 0);
}
