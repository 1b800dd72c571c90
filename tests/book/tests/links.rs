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
