//! What the page about embedding says: the examples that it names run, and it knows which Rust they need.

use std::{path::Path, process::Command};
use strongroom_book::blocks::{blocks, read, root};

#[test]
fn what_the_page_about_embedding_runs_ends_well() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let scripts =
        blocks(&read(Path::new("docs/embedding.md"))).into_iter().filter(|block| block.language == "sh");
    let mut count = 0;
    for block in scripts {
        let mut words = block.text.split_whitespace();
        assert_eq!(words.next(), Some("cargo"), "line {}", block.line);
        let mut command = Command::new(env!("CARGO"));
        command.args(words).current_dir(root()).env("CARGO_TARGET_DIR", target);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "STRONGROOM_"].iter().any(|ours| text.starts_with(ours)) {
                command.env_remove(&name);
            }
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}{}", block.text, String::from_utf8_lossy(&output.stderr));
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn the_page_about_embedding_names_the_rust_that_is_needed() {
    let page = read(Path::new("docs/embedding.md"));
    assert!(page.contains(concat!("Rust ", env!("CARGO_PKG_RUST_VERSION"), " or newer is needed")));
}
