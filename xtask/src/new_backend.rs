//! `cargo xtask new-backend NAME`: a crate with all the files that back-ends have, and the two lines that name it.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::run::Runner;

/// Each file of the crate, with `NAME` for its type and `TYPE` for that as a part of a Rust type.
const FILES: [(&str, &str); 13] = [
    ("Cargo.toml", include_str!("../template/Cargo.toml.txt")),
    ("README.md", include_str!("../template/README.md.txt")),
    ("src/lib.rs", include_str!("../template/src/lib.rs.txt")),
    ("src/config.rs", include_str!("../template/src/config.rs.txt")),
    ("src/client.rs", include_str!("../template/src/client.rs.txt")),
    ("src/backend.rs", include_str!("../template/src/backend.rs.txt")),
    ("src/error.rs", include_str!("../template/src/error.rs.txt")),
    ("tests/common/mod.rs", include_str!("../template/tests/common/mod.rs.txt")),
    ("tests/conformance_NAME.rs", include_str!("../template/tests/conformance.rs.txt")),
    ("tests/calls.rs", include_str!("../template/tests/calls.rs.txt")),
    ("tests/faults.rs", include_str!("../template/tests/faults.rs.txt")),
    ("tests/leaks.rs", include_str!("../template/tests/leaks.rs.txt")),
    ("tests/operator.rs", include_str!("../template/tests/operator.rs.txt")),
];

/// Where a back-end is named, behind which line the names begin, and how one is written.
const LINES: [(&str, &str, &str); 2] = [
    (
        "crates/registry/Cargo.toml",
        "# The back-ends, by their type.",
        "NAME = { package = \"strongroom-NAME\", path = \"../NAME\", version = \"0.1.0\", optional = true }",
    ),
    ("crates/registry/src/builtin.rs", "builtin! {", "    \"NAME\" => ::NAME::PLUGIN,"),
];

/// Names that mean something else: as a type of the configuration, as a feature, or in Rust.
const TAKEN: &str = "sql sqlite postgres mysql custom default full runtime engine book serde tokio toml uuid futures secrecy etcetera config settings filter core std alloc test \
    as break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref \
    return self static struct super trait true type unsafe use where while async await abstract become box do final \
    gen macro override priv try typeof unsized virtual yield";

/// Makes the crate; returns whether cargo accepts it.
///
/// # Errors
/// The name cannot be used, the crate is there already, files cannot be written, or we are interrupted.
pub(crate) fn run(runner: &Runner, name: &str) -> Result<bool> {
    check(name)?;
    let root = runner.root();
    let directory = root.join("crates").join(name);
    if directory.exists() {
        return Err(format!("crates/{name} is there already").into());
    }
    let registry = root.join(LINES[0].0);
    let manifest = fs::read_to_string(&registry).map_err(|error| Failure::on("read", &registry, error))?;
    // Also in another table: what is a feature cannot be a dependency.
    if manifest.lines().any(|line| key(line) == name) {
        return Err(taken(name));
    }
    // Looked at before anything is written.
    let mut changed = Vec::new();
    for (file, behind, line) in LINES {
        let path = root.join(file);
        let text = fs::read_to_string(&path).map_err(|error| Failure::on("read", &path, error))?;
        let text = insert(&text, behind, &filled(line, name));
        let text = text.ok_or_else(|| format!("{file}: there is no line that begins with `{behind}`"))?;
        changed.push((path, text));
    }
    for (file, text) in FILES {
        write(&directory.join(filled(file, name)), &filled(text, name))?;
    }
    for (path, text) in changed {
        write(&path, &text)?;
    }
    let package = format!("strongroom-{name}");
    // Writes the lock file, and sorts what depends on the name.
    let accepted = runner.succeeds(runner.cargo().args(["fmt", "--package", &package]))?
        && runner.succeeds(runner.cargo().args([
            "tree",
            "--quiet",
            "--package",
            &package,
            "--depth",
            "0",
        ]))?;
    println!(
        "made crates/{name}: write src/client.rs, then the tests, until `cargo test -p {package}` is green\n\
         then write README.md, and see docs/accepting-a-backend.md"
    );
    Ok(accepted)
}

fn check(name: &str) -> Result<()> {
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !fits {
        return Err(format!("new-backend: `{name}`: use small letters and digits, a letter first").into());
    }
    if TAKEN.split_whitespace().any(|taken| taken == name) {
        return Err(taken(name));
    }
    Ok(())
}

/// What a line of a manifest gives a value to.
fn key(line: &str) -> &str {
    line.split(['=', '.', ' ']).next().unwrap_or_default()
}

fn taken(name: &str) -> Failure {
    format!("new-backend: `{name}` means something else already: choose another name").into()
}

fn filled(text: &str, name: &str) -> String {
    let (first, rest) = name.split_at(1);
    text.replace("TYPE", &format!("{}{rest}", first.to_ascii_uppercase())).replace("NAME", name)
}

/// Puts a line among those behind the one that begins with `behind`, up to an empty one or a bracket, where it belongs
/// by its order.
fn insert(text: &str, behind: &str, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| line.starts_with(behind))? + 1;
    let ends = |old: &str| old.trim().is_empty() || old == "}" || old > line;
    let at = lines[start..].iter().position(|old| ends(old)).map_or(lines.len(), |n| start + n);
    lines.insert(at, line);
    Some(lines.join("\n") + "\n")
}

fn write(path: &Path, text: &str) -> Result<()> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).map_err(|error| Failure::on("create", directory, error))?;
    fs::write(path, text).map_err(|error| Failure::on("write", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_where_it_belongs() {
        let text = "x\n# here: a comment\nb = 1\nd = 2\n\na = 3\n";
        let with = |line| insert(text, "# here", line).unwrap();
        assert_eq!(with("c = 9"), "x\n# here: a comment\nb = 1\nc = 9\nd = 2\n\na = 3\n");
        assert_eq!(with("a = 9"), "x\n# here: a comment\na = 9\nb = 1\nd = 2\n\na = 3\n");
        assert_eq!(with("e = 9"), "x\n# here: a comment\nb = 1\nd = 2\ne = 9\n\na = 3\n");
        assert_eq!(
            insert("m! {\n    \"a\",\n}\n", "m! {", "    \"b\",").unwrap(),
            "m! {\n    \"a\",\n    \"b\",\n}\n"
        );
        assert_eq!(insert(text, "# there", "c = 9"), None);
    }

    #[test]
    fn names_that_cannot_be_used_are_refused() {
        for name in ["", "Redis", "1up", "my-store", "my_store", "../x", "é", "sql", "custom", "type", "core"]
        {
            assert!(check(name).is_err(), "{name}");
        }
        for name in ["redis", "s3", "etcd"] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn nothing_of_the_template_is_left() {
        for (file, text) in FILES {
            let text = filled(file, "redis") + &filled(text, "redis");
            assert!(!text.contains("NAME") && !text.contains("TYPE"), "{file}");
        }
    }
}
