//! Links lead somewhere, and the book has every page.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use strongroom_book::blocks::{pages, read, root};

/// A page without its blocks and code, in which brackets are no links.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            let parts = line.split('`').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "" });
            prose.extend(parts);
            prose.push('\n');
        }
    }
    prose
}

/// Where the links of a page lead.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors of a page, as they are made of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        inside ^= line.starts_with("```");
        let Some(heading) = line.strip_prefix('#').filter(|_| !inside) else { continue };
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        found.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let mut known: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        for link in links(&text) {
            // Elsewhere, or an item that rustdoc looks for.
            if link.starts_with("https://") || link.starts_with("http://") || link.contains("::") {
                continue;
            }
            count += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(root().join(&target).exists(), "{}: {link} leads nowhere", page.display());
            if !anchor.is_empty() {
                let anchors = known.entry(target.clone()).or_insert_with(|| anchors(&read(&target)));
                assert!(anchors.contains(anchor), "{}: {link}: there is no such heading", page.display());
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_book_has_every_page_once() {
    let mut listed = links(&read(Path::new("docs/SUMMARY.md")));
    listed.sort();
    let docs = pages().into_iter().filter(|page| page.starts_with("docs"));
    let names = docs.map(|page| page.file_name().unwrap().to_str().unwrap().to_owned());
    let there: Vec<String> = names.filter(|name| name != "SUMMARY.md").collect();
    assert_eq!(listed, there);
}

#[test]
fn a_link_is_found() {
    let text = "a [b](c.md#d) `[x](y)` [e](f)\n```\n[g](h)\n```\n## A b-C, `d`!\n";
    assert_eq!(links(text), ["c.md#d", "f"]);
    assert!(anchors(text).contains("a-b-c-d"));
}

/// The lines of a page that are in no block, with their numbers.
fn lines_of_prose(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.map(|(at, line)| (at + 1, line)).collect()
}

#[test]
fn every_table_has_a_head() {
    let delimits = |line: &str| line.starts_with('|') && line.chars().all(|c| "|-: ".contains(c));
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        let mut row = 0;
        for (at, line) in lines_of_prose(&text) {
            row = if line.starts_with('|') { row + 1 } else { 0 };
            if row == 2 {
                count += 1;
                assert!(
                    delimits(line),
                    "{}, line {at}: rows without a head are shown as text",
                    page.display()
                );
            }
        }
    }
    assert!(count > 40, "{count}");
}

/// The names of tests that a page has in the last column of its tables: words of at least three parts.
fn tests_named(text: &str) -> BTreeSet<String> {
    let rows = lines_of_prose(text).into_iter().filter(|(_, line)| line.starts_with('|'));
    let quoted = rows.flat_map(|(_, line)| {
        let column = line.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap_or_default();
        column.split('`').skip(1).step_by(2)
    });
    let names = quoted.map(|code| code.rsplit([' ', ':', '/']).next().unwrap_or_default());
    let like = |name: &&str| {
        name.matches('_').count() >= 2
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    names.filter(like).map(ToOwned::to_owned).collect()
}

fn sources(directory: &Path, into: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn tests_that_pages_name_are_there() {
    let mut code = String::new();
    for directory in ["crates", "tests", "examples", "xtask"] {
        sources(&root().join(directory), &mut code);
    }
    let there: BTreeSet<&str> = code
        .split("fn ")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect();
    let named = tests_named(&read(Path::new("docs/threat-model.md")));
    let missing: Vec<_> = named.iter().filter(|name| !there.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/threat-model.md names tests that are not there: {missing:?}");
    assert!(named.len() > 100, "{}", named.len());
}
