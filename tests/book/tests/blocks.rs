//! Blocks that are not Rust are what they say.

use std::collections::BTreeSet;
use strongroom::{Config, settings::Vars};
use strongroom_book::blocks::{blocks, pages, read};

/// Each block, with where it is.
fn of(language: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for page in pages() {
        let all = blocks(&read(&page)).into_iter().filter(|block| block.language == language);
        found.extend(all.map(|block| (format!("{}:{}", page.display(), block.line), block.text)));
    }
    assert!(!found.is_empty(), "there is no block in {language}");
    found
}

#[test]
fn every_block_is_of_a_kind_that_is_looked_at_or_only_shown() {
    let looked_at = ["rust", "toml", "json", "sh", "console"];
    let shown = ["text", "hcl"];
    let known: BTreeSet<&str> = looked_at.into_iter().chain(shown).collect();
    for page in pages() {
        for block in blocks(&read(&page)) {
            assert!(
                known.contains(&*block.language),
                "{}:{}: {:?}",
                page.display(),
                block.line,
                block.language
            );
        }
    }
}

#[test]
fn toml_is_toml_and_our_sections_are_ours() {
    let ours = ["server", "database", "keys", "audit", "engine", "store", "stores"];
    let mut configurations = 0;
    for (at, text) in of("toml") {
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{at}: {error}"));
        if table.keys().any(|key| ours.contains(&key.as_str())) {
            let config = Config::parse(&text, Vars::empty()).unwrap_or_else(|error| panic!("{at}: {error}"));
            config.check().unwrap_or_else(|error| panic!("{at}: {error}"));
            configurations += 1;
        }
    }
    assert!(configurations > 5, "{configurations}");
}

#[test]
fn json_is_json() {
    for (at, text) in of("json") {
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{at}: {error}"));
    }
}

#[test]
fn shell_is_what_a_shell_reads() {
    for (at, text) in of("sh") {
        let read = std::process::Command::new("sh").args(["-n", "-c", &text]).output().unwrap();
        assert!(read.status.success(), "{at}: {}", String::from_utf8_lossy(&read.stderr));
    }
}
