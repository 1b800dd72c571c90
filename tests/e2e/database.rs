//! `database backup | migrate`, and other databases than the usual one.

use crate::{
    processes::kill_at_log,
    support::{Home, ended, mode},
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    fs,
    os::unix::fs::{OpenOptionsExt as _, symlink},
    path::PathBuf,
};

#[test]
fn a_backup_is_a_database_of_its_own() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let copy = home.arg("copy.db");
    home.ok(["database", "backup", &copy]);
    assert_eq!(mode(&home.path("copy.db")), "600");
    home.ok(["secret", "update", "db", "--a=2"]);
    let url = format!("sqlite:{copy}");
    assert_eq!(home.ok(["--database", &url, "secret", "get", "db", "a"]), "1");
    home.fails(4, ["database", "backup", &copy]);
    home.ok(["database", "backup", &copy, "--force"]);
    assert_eq!(home.ok(["--database", &url, "secret", "get", "db", "a"]), "2");
}

#[test]
fn a_backup_replaces_neither_a_directory_nor_a_device() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    mknodat(CWD, home.path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    fs::create_dir(home.path("directory")).unwrap();
    symlink("/dev/null", home.path("null")).unwrap();
    for name in ["fifo", "directory", "null"] {
        let kind = || fs::symlink_metadata(home.path(name)).unwrap().file_type();
        let before = kind();
        for error in [
            home.fails(2, ["database", "backup", &home.arg(name)]),
            home.fails(2, ["database", "backup", &home.arg(name), "--force"]),
        ] {
            assert!(error.contains("is no regular file; choose another one"), "{name}: {error}");
        }
        assert_eq!(kind(), before, "{name}");
    }
    let error = home.fails(3, ["database", "backup", &home.arg("missing/copy.db")]);
    assert!(error.contains(&home.arg("missing")) && !error.contains("copy.db"), "{error}");
}

/// A disk that is not mounted, a path that is mistyped: the last good backup stays.
#[test]
fn only_what_one_begins_with_makes_a_database() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let copy = home.arg("copy.db");
    home.ok(["database", "backup", &copy]);
    let kept = fs::read(&copy).unwrap();
    let (database, away) = (home.database(), home.path("away.db"));
    fs::rename(&database, &away).unwrap();
    for empty in [false, true] {
        if empty {
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database).unwrap();
        }
        for args in [
            &["database", "backup", &copy, "--force"][..],
            &["database", "migrate"],
            &["secret", "get", "db"],
            &["secret", "update", "db", "--a=2"],
            &["secret", "delete", "db", "-y"],
            &["keys", "rotate"],
            &["audit", "verify"],
            &["status", "--deep"],
            &["repair"],
            &["move"],
        ] {
            let ended = ended(home.command(args).output().unwrap());
            assert_eq!((ended.code, ended.out.as_str()), (3, ""), "{args:?}: {}", ended.err);
            let told = [database.to_str().unwrap(), "--database", "HOME", "secret create"];
            assert!(told.iter().all(|told| ended.err.contains(told)), "{args:?}: {}", ended.err);
            assert_eq!(fs::metadata(&database).map_or(0, |file| file.len()), 0, "{args:?}");
        }
    }
    assert_eq!(fs::read(&copy).unwrap(), kept);
    fs::rename(&away, &database).unwrap();
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    for args in [["secret", "list"], ["user", "list"], ["serve", "--check"]] {
        let new = Home::new();
        new.ok(args);
        assert!(new.database().exists(), "{args:?}");
    }
}

/// SQLite would remove it, and what was acknowledged would be gone when the file is put back.
#[test]
fn a_log_whose_database_is_away_is_kept() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let (database, away) = (home.database(), home.path("away.db"));
    let log = PathBuf::from(format!("{}-wal", database.display()));
    let killed = (0..200).any(|_| kill_at_log(&home, home.spawn(["secret", "update", "db", "--b=2"]), 1));
    assert!(killed, "no log was there");
    let logged = fs::read(&log).unwrap();
    fs::rename(&database, &away).unwrap();
    for empty in [false, true] {
        if empty {
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database).unwrap();
        }
        for args in [["secret", "list"], ["audit", "verify"], ["serve", "--check"]] {
            let error = home.fails(1, args);
            let told = [format!("put {} back", database.display()), format!("remove {} if", log.display())];
            assert!(told.iter().all(|told| error.contains(told)), "{args:?}: {error}");
            assert_eq!(fs::read(&log).unwrap(), logged, "{args:?}");
        }
    }
    fs::rename(&away, &database).unwrap();
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn a_backup_without_room_names_the_disk_that_is_full() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.set_fault("FAULT_DISK_FULL", "1");
    let error = home.fails(6, ["database", "backup", &home.arg("copy.db")]);
    assert!(error.contains("the disk that the backup goes to is full"), "{error}");
    assert!(error.contains(&home.arg("copy.db")) && !error.contains("copy.db."), "{error}");
}

#[test]
fn migrating_what_is_up_to_date_changes_nothing() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["database", "migrate"]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

/// Another database, which only lies where one would be, is left alone.
#[test]
fn what_has_no_tables_is_not_migrated() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let before = fs::read(home.database()).unwrap();
    for finish in [false, true] {
        let args = ["--database", "memory:", "database", "migrate"];
        let ended = ended(home.command(args.iter().chain(finish.then_some(&"--finish"))).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{}", ended.err);
        assert!(ended.err.contains("there is no database"), "{}", ended.err);
    }
    assert!(!home.path("memory:").exists());
    home.set("STRONGROOM_STORE_TYPE", "remote");
    let error = home.fails(1, ["database", "migrate"]);
    assert!(error.contains("no database of ours behind this store"), "{error}");
    assert_eq!(fs::read(home.database()).unwrap(), before);
}

#[test]
fn the_database_is_named_by_flag_environment_or_file() {
    let mut home = Home::new();
    let url = |home: &Home, name: &str| format!("sqlite:{}", home.arg(name));
    let config = home
        .file("config/strongroom/config.toml", format!("[database]\nurl = \"{}\"\n", url(&home, "file.db")));
    home.ok(["secret", "create", "s", "--in=file"]);
    assert!(home.path("file.db").exists());
    home.set("STRONGROOM_DATABASE_URL", url(&home, "environment.db"));
    home.ok(["secret", "create", "s", "--in=environment"]);
    home.ok(["--database", &url(&home, "flag.db"), "secret", "create", "s", "--in=flag"]);
    assert_eq!(home.ok(["secret", "get", "s", "in"]), "environment");
    assert_eq!(home.ok(["--database", &url(&home, "flag.db"), "secret", "get", "s", "in"]), "flag");
    fs::remove_file(config).unwrap();
    assert!(!home.database().exists());
}

#[test]
fn a_database_that_cannot_be_is_an_error_without_its_password() {
    let home = Home::new();
    for url in ["nonsense://joe:hunter2@host/db", "postgres://joe:hunter2@127.0.0.1:1/db"] {
        let ended = home.run(["--database", url, "secret", "list"]);
        assert!(ended.code == 1 || ended.code == 6, "{}", ended.err);
        assert!(!ended.err.contains("hunter2") && ended.err.lines().count() == 1, "{}", ended.err);
    }
}

#[test]
fn a_database_that_is_not_reached_is_6() {
    let home = Home::new();
    let key = home.arg("root.key");
    home.ok(["keys", "generate", "-O", &key]);
    // Nobody listens on this port.
    let error = home.fails(6, ["--database", "postgres://joe@127.0.0.1:1/db", "secret", "list"]);
    assert!(error.contains("database"), "{error}");
}
