//! mdbook makes a book of the pages, in which every link leads somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use strongroom_book::blocks::{pages, root};

/// What stands in an attribute, wherever it occurs.
fn attribute<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(format!(" {name}=\"").as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The pages of a book, by the names of their files.
fn made(directory: &Path) -> BTreeSet<String> {
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".html")).collect()
}

#[test]
#[ignore = "needs mdbook: cargo xtask test"]
fn mdbook_makes_a_book_without_a_warning_or_a_dead_link() {
    let programs = std::env::var_os("STRONGROOM_TEST_MDBOOK_BIN").expect("STRONGROOM_TEST_MDBOOK_BIN");
    let book = tempfile::tempdir().unwrap();
    let mut command = Command::new(PathBuf::from(programs).join("mdbook"));
    command.arg("build").arg(root().join("docs")).arg("--dest-dir").arg(book.path());
    let output = command.env("RUST_LOG", "warn").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");

    let made = made(book.path());
    for page in pages().into_iter().filter(|page| page.starts_with("docs") && !page.ends_with("SUMMARY.md")) {
        let name =
            if page.ends_with("README.md") { "index.html".into() } else { page.with_extension("html") };
        assert!(made.contains(name.file_name().unwrap().to_str().unwrap()), "{} is missing", page.display());
    }
    let mut followed = 0;
    // The page for what is missing is for a server: its links begin at the top.
    for name in made.iter().filter(|name| *name != "404.html") {
        let html = fs::read_to_string(book.path().join(name)).unwrap();
        let elsewhere =
            |link: &&str| ["https://", "http://", "data:"].iter().any(|far| link.starts_with(far));
        for link in attribute(&html, "href").into_iter().filter(|link| !elsewhere(link)) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = book.path().join(if path.is_empty() { name } else { path });
            assert!(file.is_file(), "{name}: {link} leads nowhere");
            if !anchor.is_empty() {
                let there = fs::read_to_string(&file).unwrap();
                assert!(attribute(&there, "id").contains(&anchor), "{name}: {link}: no such place");
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed}");
}
