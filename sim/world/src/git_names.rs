//! Names that lead into a git repository's own files.

/// True if a segment of `path` names `.git` on some file system, so that a write there could change
/// what a repository's history is.
///
/// File systems differ: some ignore case, trailing dots, invisible characters or what follows a
/// colon, and some have the short name `git~1`. All of these count everywhere, so that a run does
/// not depend on its file system.
#[must_use]
pub fn is_git_path(path: &str) -> bool {
    // Most paths have no such letter.
    if !path.bytes().any(|byte| matches!(byte, b'g' | b'G')) {
        return false;
    }
    path.split('/').any(|segment| {
        let name: String = segment.chars().filter(|it| !is_invisible(*it)).collect();
        let name = name.split(':').next().unwrap_or_default();
        let name = name.trim_end_matches(['.', ' ']);
        name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1")
    })
}

/// The characters that HFS+ leaves out when it compares names.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_git_is_seen() {
        for path in [
            ".git",
            ".git/HEAD",
            "sub/.git/objects/info/alternates",
            ".GIT/config",
            ".Git./HEAD",
            ".git. ./HEAD",
            ".g\u{200c}it/HEAD",
            "GIT~1/HEAD",
            ".git::$INDEX_ALLOCATION/HEAD",
        ] {
            assert!(is_git_path(path), "{path:?}");
        }
        for path in [
            ".gitignore",
            ".gitattributes",
            ".github/workflows/ci.yml",
            "git",
            "x.git/HEAD",
            "docs/.git-notes",
            "git~12",
            ":.git",
        ] {
            assert!(!is_git_path(path), "{path:?}");
        }
    }
}
