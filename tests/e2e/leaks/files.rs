//! What lies in files.

use crate::{
    canary::{Canary, contains, forms},
    processes::{kill_at_log, until},
    support::Home,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fs;

/// The bytes of the only root key of a home.
pub(super) struct RootKey(Vec<(String, Vec<u8>)>);

impl RootKey {
    pub(super) fn of(home: &Home) -> Self {
        let mut files = fs::read_dir(home.keys()).unwrap();
        let line = fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap();
        let bytes = STANDARD.decode(line.split(':').nth(3).unwrap()).unwrap();
        assert_eq!(bytes.len(), 32);
        Self(forms(&bytes))
    }

    pub(super) fn is_not_in(&self, what: &str, bytes: &[u8]) {
        for (form, key) in &self.0 {
            assert!(!contains(bytes, key), "the root key is there, {form}: {what}");
        }
    }
}

/// Looks through every file but the root key's own; answers their names.
fn look_through(home: &Home, canaries: &[&Canary], key: &RootKey) -> Vec<String> {
    let mut names = Vec::new();
    for path in home.files().into_iter().filter(|path| !path.starts_with(home.keys())) {
        // A file of a process that ends meanwhile.
        let Ok(bytes) = fs::read(&path) else { continue };
        let what = path.display().to_string();
        canaries.iter().for_each(|canary| canary.is_not_in(&what, &bytes));
        key.is_not_in(&what, &bytes);
        if !bytes.is_empty() {
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    names
}

fn hold_no_values(home: &Home) {
    let canaries: Vec<_> = (0..20).map(|n| Canary::new(&"abcdefghijklmnopqrst"[n..=n])).collect();
    let all: Vec<_> = canaries.iter().collect();
    assert_eq!(home.run_with(canaries[0].value(), ["secret", "create", "db", "--v=@-"]).code, 0);
    let key = RootKey::of(home);
    let mut names = look_through(home, &all, &key);
    let mut logs = 0;
    for canary in canaries.iter().cycle().take(200) {
        let child = home.spawn(["secret", "update", "db", &format!("--v={}", canary.value())]);
        if kill_at_log(home, child, 1) {
            logs += 1;
            names.extend(look_through(home, &all, &key));
            // Whoever comes next takes the log over, and removes it.
            home.ok(["secret", "get", "db", "v"]);
        }
        if logs == 8 {
            break;
        }
    }
    for file in ["strongroom.db", "strongroom.db-wal", "strongroom.db-shm"] {
        assert!(names.iter().any(|name| name == file), "{file} was looked at: {names:?}");
    }
    home.ok(["secret", "update", "db", "--other=1"]);
    home.ok(["keys", "rotate"]);
    home.ok(["database", "backup", &home.arg("copy.db")]);
    home.ok(["secret", "delete", "db", "-y"]);
    look_through(home, &all, &key);
}

#[test]
fn no_file_of_the_database_holds_a_value() {
    hold_no_values(&Home::new());
}

#[test]
fn no_file_of_a_store_that_is_sealed_holds_a_value() {
    let mut home = Home::with_directory();
    // So long does the secret wait for a process that was killed while it wrote.
    home.set("STRONGROOM_ENGINE_LEASE_MS", "2000");
    hold_no_values(&home);
}

#[test]
fn a_store_that_is_not_sealed_shows_that_the_test_can_see() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_STORE_SEAL", "false");
    let canary = Canary::new("seen");
    assert_eq!(home.run_with(canary.value(), ["secret", "create", "db", "--v=@-"]).code, 0);
    let found = |path: &std::path::PathBuf| canary.found_in(&fs::read(path).unwrap()).is_some();
    let seen: Vec<_> = home.files().into_iter().filter(found).collect();
    assert!(seen.len() == 1 && seen[0].starts_with(home.store()), "{seen:?}");
}

#[test]
fn nothing_is_left_beside_the_database() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let names = || {
        let entries = fs::read_dir(home.database().parent().unwrap()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    until("the log is gone", || names() == ["strongroom.db"]);
}
