//! The links between the project's pages lead to files, and README leads to what its readers need.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The places inside the project that a page links to.
fn links(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let parts = text.split("](").skip(1);
    let places = parts.filter_map(|part| part.split_once(')'));
    let places = places.map(|(place, _)| place.split('#').next().unwrap_or_default());
    let inside = places.filter(|place| !place.is_empty() && !place.contains("://"));
    inside.map(str::to_owned).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/a-seeded-provider.md",
        "docs/differences-from-turingos.md",
        "docs/explaining-a-run.md",
        "docs/forking-and-shrinking.md",
        "docs/recording-any-agent.md",
        "docs/replaying-an-agent.md",
        "docs/sweeping-seeds.md",
        "docs/what-a-recording-proves.md",
    ] {
        let folder = root().join(page).parent().unwrap().to_owned();
        for place in links(page) {
            assert!(folder.join(&place).exists(), "{page}: {place}");
        }
    }
}

#[test]
fn readme_leads_to_differences_security_and_scenarios() {
    let places = links("README.md");
    for place in [
        "corpus/scenarios",
        "docs/differences-from-turingos.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
    ] {
        assert!(places.iter().any(|it| it == place), "{place}");
    }
}
