//! `cargo xtask book-links`: what mdbook asks before it makes the book (see docs/book.toml). Links to files outside of
//! `docs`, which the book does not have, become their text and the path of the file.

use std::io::{self, Read as _, Write as _};

use serde_json::Value;

use crate::failure::Result;

/// What leads out of `docs`, which has no directories.
const OUTSIDE: &str = "](../";

/// Reads mdbook's question and writes the book as it is to be made. With `asked`, it asks whether we work for a kind of
/// output: for any.
///
/// # Errors
/// The input is no book, or the output is closed.
pub(crate) fn links(asked: Option<&str>) -> Result<bool> {
    if asked.is_some() {
        return Ok(true);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| format!("book-links: no input: {error}"))?;
    let question: Value = serde_json::from_str(&text).map_err(|error| format!("book-links: {error}"))?;
    let mut book = question.get(1).cloned().ok_or_else(|| "book-links: mdbook gives no book".to_owned())?;
    if !rewrite(&mut book) {
        return Err("book-links: there are no chapters in this book".to_owned().into());
    }
    let answer = io::stdout().write_all(book.to_string().as_bytes());
    answer.map_err(|error| format!("book-links: no output: {error}"))?;
    Ok(true)
}

/// Changes every chapter, wherever it is; whether there is any.
fn rewrite(value: &mut Value) -> bool {
    match value {
        Value::Array(all) => all.iter_mut().fold(false, |found, one| rewrite(one) | found),
        Value::Object(fields) => {
            let mut found = false;
            if fields.contains_key("path")
                && let Some(Value::String(content)) = fields.get_mut("content")
            {
                *content = without_links(content);
                found = true;
            }
            fields.values_mut().fold(found, |found, one| rewrite(one) | found)
        }
        _ => false,
    }
}

/// A page whose links out of `docs` are none any more: `[text](../path)` is ``text (`path`)``. Blocks stay as they are.
fn without_links(page: &str) -> String {
    let mut inside = false;
    let lines = page.split_inclusive('\n').map(|line| {
        inside ^= line.starts_with("```");
        if inside { line.to_owned() } else { without_links_in(line) }
    });
    lines.collect()
}

fn without_links_in(line: &str) -> String {
    let Some(middle) = line.find(OUTSIDE) else { return line.to_owned() };
    let (before, after) = (&line[..middle], &line[middle + OUTSIDE.len()..]);
    let (Some(start), Some(end)) = (before.rfind('['), after.find(')')) else { return line.to_owned() };
    let (text, path) = (&before[start + 1..], &after[..end]);
    // Where the text says the path already, once is enough.
    let told = path.trim_end_matches("/README.md");
    let link =
        if text.trim_matches('`') == told { format!("`{told}`") } else { format!("{text} (`{path}`)") };
    format!("{}{link}{}", &before[..start], without_links_in(&after[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_out_of_the_book_become_paths_and_others_stay() {
        let page = "- [Changelog](../CHANGELOG.md), [x](y.md#z) and [`a/b`](../a/b/README.md).\n```\n[q](../r)\n```\n";
        let book = "- Changelog (`CHANGELOG.md`), [x](y.md#z) and `a/b`.\n```\n[q](../r)\n```\n";
        assert_eq!(without_links(page), book);
        let mut value =
            serde_json::json!({"items": [{"Chapter": {"path": "p.md", "content": page}}, "Separator"]});
        assert!(rewrite(&mut value));
        assert_eq!(value["items"][0]["Chapter"]["content"], book);
        assert!(!rewrite(&mut serde_json::json!({"items": []})));
    }
}
