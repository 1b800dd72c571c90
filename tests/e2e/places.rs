//! What is made where, and for whose eyes.

use crate::support::{Home, mode};
use std::fs;

#[test]
fn the_first_secret_makes_a_database_and_a_root_key_apart_from_it() {
    let home = Home::new();
    let ended = home.run(["secret", "create", "db", "--a=1"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, ""));
    assert!(ended.err.starts_with("note: ") && ended.err.contains("keys"), "{}", ended.err);
    assert_eq!(home.run(["secret", "create", "db2", "--a=1"]).err, "", "it says so once");

    let keys: Vec<_> = fs::read_dir(home.keys()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(keys.len(), 1);
    let line = fs::read_to_string(&keys[0]).unwrap();
    let id = keys[0].file_stem().unwrap().to_str().unwrap();
    assert!(line.starts_with(&format!("strongroom-root-key:v1:{id}:")), "{id}");
}

/// A wrong path is a new, empty database, whosever the root key is.
#[test]
fn a_new_database_is_told_of_with_a_root_key_that_was_there_too() {
    for variable in ["STRONGROOM_KEYS_FILE", "STRONGROOM_ROOT_KEY"] {
        let mut home = Home::new();
        let key = home.ok(["keys", "generate"]);
        let file = home.file("root.key", &key);
        home.set(variable, if variable.ends_with("FILE") { file.as_str() } else { key.trim() });
        let ended = home.run(["secret", "list"]);
        let told = format!("note: made a new database {}, ", home.database().display());
        assert!(ended.code == 0 && ended.err.starts_with(&told), "{variable}: {}", ended.err);
        assert_eq!(home.run(["secret", "list"]).err, "", "{variable}: it says so once");
    }
}

#[test]
fn nobody_else_can_read_any_of_it() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    for path in home.files() {
        assert_eq!(mode(&path), "600", "{}", path.display());
    }
    for dir in [home.keys(), home.database().parent().unwrap().to_owned()] {
        assert_eq!(mode(&dir), "700", "{}", dir.display());
    }
    home.ok(["secret", "export", "db", "-f", &home.arg("db.yaml")]);
    assert_eq!(mode(&home.path("db.yaml")), "600");
}

#[test]
fn without_its_root_key_a_database_is_not_opened_and_no_other_key_is_made() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let key = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let id = key.file_stem().unwrap().to_str().unwrap().to_owned();
    let kept = home.path("kept.key");
    fs::rename(&key, &kept).unwrap();
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&id), "{error}");
    assert_eq!(fs::read_dir(home.keys()).unwrap().count(), 0);
    fs::rename(&kept, &key).unwrap();
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn the_configuration_is_checked_and_its_values_not_shown() {
    let mut home = Home::new();
    let file = home.file("wrong.toml", "[database]\nurll = \"hunter2\"\n");
    let error = home.fails(1, ["--config", &file, "secret", "list"]);
    assert!(error.contains("urll") && !error.contains("hunter2"), "{error}");
    let error = home.fails(1, ["--config", &home.arg("missing.toml"), "secret", "list"]);
    assert!(error.contains("missing.toml"), "{error}");
    home.set("STRONGROOM_DATABSE_URL", "hunter2");
    let error = home.fails(1, ["secret", "list"]);
    assert!(error.contains("STRONGROOM_DATABSE_URL") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_configuration_or_a_key_behind_a_link_that_leads_nowhere_is_not_none() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let key = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let config = home.path("config/strongroom/config.toml");
    for file in [config, key] {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        drop(fs::remove_file(&file));
        std::os::unix::fs::symlink(home.path("gone"), &file).unwrap();
        let error = home.fails(1, ["secret", "list"]);
        assert!(error.contains(&name) && error.contains("cannot") && error.contains("read"), "{error}");
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn logs_are_written_when_asked_for_and_hold_no_values() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_LOG", "trace");
    let mut logged = 0;
    let mut run = |args: &[&str]| {
        let ended = crate::support::ended(home.command(args).output().unwrap());
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(!ended.err.contains("hunter2"), "{}", ended.err);
        for line in ended.err.lines().filter(|line| line.starts_with('{')) {
            assert!(line.contains("\"target\":\"strongroom"), "{line}");
            logged += 1;
        }
    };
    run(&["secret", "create", "db", "--a=hunter2-canary"]);
    // What has to wait for a store that does not answer is logged.
    home.file("store/down", "");
    run(&["secret", "delete", "db", "-y"]);
    assert!(logged > 0, "nothing was logged");
}
