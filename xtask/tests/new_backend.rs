//! A back-end that was just made: two lines name it, it compiles, its tests say what is to be written, and once that is
//! written they pass.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::cargo;

/// What a copy of the repository needs to be built.
const PARTS: [&str; 8] =
    [".cargo", "Cargo.toml", "Cargo.lock", "crates", "rust-toolchain.toml", "rustfmt.toml", "tests", "xtask"];

/// The calls of a service that keeps bytes under keys in this process.
const WRITTEN: &str = r#"
use crate::error::Failure;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

static HELD: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());

pub(crate) struct Client;

impl Client {
    pub(crate) fn new(_address: &str) -> Self {
        Self
    }

    fn held(&self) -> MutexGuard<'static, BTreeMap<String, Vec<u8>>> {
        HELD.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn write(&self, key: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.held().insert(key.to_owned(), bytes.to_vec());
        Ok(())
    }

    pub(crate) async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.held().get(key).cloned())
    }

    pub(crate) async fn remove(&self, key: &str) -> Result<(), Failure> {
        self.held().remove(key);
        Ok(())
    }

    pub(crate) async fn keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let held = self.held();
        let keys = held.keys().filter(|key| key.starts_with(prefix));
        Ok(keys.filter(|key| after.is_none_or(|after| key.as_str() > after)).take(limit).cloned().collect())
    }

    pub(crate) async fn check(&self) -> Result<(), Failure> {
        Ok(())
    }
}
"#;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// The repository at the same place for each run, so that what was compiled there is not compiled under another name the
/// next time.
fn copied() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-backend");
    if place.exists() {
        fs::remove_dir_all(&place).unwrap();
    }
    fs::create_dir_all(&place).unwrap();
    for part in PARTS {
        copy(&repository().join(part), &place.join(part));
    }
    place
}

/// Every file below a directory, by its path there.
fn files(root: &Path) -> BTreeMap<PathBuf, String> {
    let (mut found, mut left) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                found.insert(path.strip_prefix(root).unwrap().to_owned(), text);
            }
        }
    }
    found
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The names of the cases that passed and of those that failed.
fn cases(text: &str) -> (Vec<&str>, Vec<&str>) {
    let ended = |how: &'static str| {
        let names = text.lines().filter_map(move |line| line.strip_prefix("test ")?.strip_suffix(how));
        names.collect()
    };
    (ended(" ... ok"), ended(" ... FAILED"))
}

#[test]
fn two_lines_name_it_and_its_tests_say_what_to_write() {
    let place = copied();
    let before = files(&place);
    let made = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["new-backend", "demo"])
        .env("CARGO_MANIFEST_DIR", place.join("xtask"))
        .current_dir(&place)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));

    // Outside of its directory nothing is new, and two lines are; and what cargo writes itself.
    let mut lines = Vec::new();
    for (path, text) in files(&place) {
        if path.starts_with("crates/demo") || path == Path::new("Cargo.lock") {
            continue;
        }
        let old = before.get(&path).unwrap_or_else(|| panic!("{} is new", path.display()));
        let mut rest = old.lines().peekable();
        for line in text.lines() {
            if rest.next_if_eq(&line).is_none() {
                lines.push(format!("{}: {line}", path.display()));
            }
        }
        assert!(rest.next().is_none(), "{} lost something", path.display());
    }
    assert_eq!(
        lines,
        [
            "crates/registry/Cargo.toml: demo = { package = \"strongroom-demo\", path = \"../demo\", \
             version = \"0.1.0\", optional = true }",
            "crates/registry/src/builtin.rs:     \"demo\" => ::demo::PLUGIN,",
        ]
    );

    let registered =
        ["check", "--locked", "--package", "strongroom", "--no-default-features", "--features", "demo"];
    let registered = cargo(&place, registered);
    assert!(registered.status.success(), "{}", text(&registered));

    let tested = ["test", "--locked", "--package", "strongroom-demo", "--no-fail-fast"];
    let unwritten = text(&cargo(&place, tested));
    let (passed, failed) = cases(&unwritten);
    assert!(passed.contains(&"backend::keeping::info_is_truthful"), "{unwritten}");
    assert!(failed.len() > 80, "{unwritten}");
    assert!(!unwritten.contains("warning:"), "{unwritten}");
    // Each of them says what to write first.
    let told: Vec<_> = unwritten.lines().filter(|line| line.contains(".rs is to be written: ")).collect();
    for case in &failed {
        let section = unwritten.split_once(&format!("---- {case} stdout ----")).map(|(_, rest)| rest);
        let section = section.map(|rest| rest.split("\n---- ").next().unwrap_or_default());
        let tells = section.is_some_and(|text| text.contains(".rs is to be written: "));
        assert!(tells, "{case} does not tell what to write:\n{}", section.unwrap_or(&unwritten));
    }
    for call in ["read", "keys", "check"] {
        assert!(
            told.iter().any(|line| line.contains(&format!("to be written: {call}: "))),
            "{call}:\n{unwritten}"
        );
    }

    // Nothing else was missing but the tests that need to know the service, and they say so.
    fs::write(place.join("crates/demo/src/client.rs"), WRITTEN).unwrap();
    let written = text(&cargo(&place, tested));
    let (passed, now_failing) = cases(&written);
    let to_write = [
        "each_operation_makes_the_calls_that_the_readme_says",
        "no_log_and_no_error_of_the_service_shows_a_value_or_a_credential",
        "what_an_operator_does_behind_our_back_is_noticed",
        "whatever_breaks_nothing_is_lost_and_nothing_is_left",
    ];
    assert_eq!(BTreeSet::from_iter(now_failing), BTreeSet::from(to_write), "{written}");
    for test in ["calls", "faults", "leaks", "operator"] {
        assert!(written.contains(&format!("tests/{test}.rs is to be written: ")), "{test}: {written}");
    }
    assert!(passed.contains(&"no_error_shows_a_value") && passed.len() > 80, "{written}");

    let again = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["new-backend", "demo"])
        .env("CARGO_MANIFEST_DIR", place.join("xtask"))
        .output()
        .unwrap();
    assert!(
        !again.status.success() && text(&again).contains("crates/demo is there already"),
        "{}",
        text(&again)
    );
}
