//! Files that are not as they should be: wrong keys, links, places that others can write.

use crate::{
    processes::kill_at_log,
    support::{Home, mode},
};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

fn only_key(home: &Home) -> (PathBuf, String) {
    let mut files: Vec<_> = fs::read_dir(home.keys()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    let file = files.remove(0);
    let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
    (file, id)
}

#[test]
fn whatever_the_umask_nobody_else_can_read_anything() {
    for umask in ["000", "022", "077"] {
        let home = Home::with_directory();
        let run = |args: &str| {
            let mut shell = Command::new("sh");
            let program = home.command([""; 0]).get_program().to_str().unwrap().to_owned();
            shell.args(["-c", &format!("umask {umask}; exec '{program}' {args}")]);
            home.around(&mut shell);
            shell.env("PATH", "/usr/bin:/bin");
            let output = shell.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        run("secret create db --a=1");
        run(&format!("database backup {}", home.arg("copy.db")));
        run(&format!("secret export db -f {}", home.arg("db.yaml")));
        run(&format!("keys generate -O {}", home.arg("another.key")));
        for path in home.files() {
            assert_eq!(mode(&path), "600", "umask {umask}: {}", path.display());
        }
        for directory in ["config", "config/strongroom", "config/strongroom/keys", "data", "data/strongroom"]
        {
            assert_eq!(mode(&home.path(directory)), "700", "umask {umask}: {directory}");
        }
    }
}

#[test]
fn the_log_of_a_process_that_was_killed_is_for_nobody_else() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let mut seen = 0;
    for _ in 0..200 {
        if kill_at_log(&home, home.spawn(["secret", "update", "db", "--a=2"]), 1) {
            seen += 1;
            for path in home.files() {
                assert_eq!(mode(&path), "600", "{}", path.display());
            }
            home.ok(["secret", "get", "db", "a"]);
        }
        if seen == 5 {
            break;
        }
    }
    assert!(seen > 0, "no log was there");
}

#[test]
fn a_link_in_place_of_the_database_is_refused() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let elsewhere = home.path("elsewhere.db");
    fs::rename(home.database(), &elsewhere).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    symlink(&elsewhere, home.database()).unwrap();
    for args in [["secret", "get", "db"], ["secret", "create", "x"]] {
        let output =
            home.command(args.iter().chain(&["--a=1"][..usize::from(args[1] == "create")])).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && err.contains("symbolic link"), "{err}");
    }
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    // A link that leads nowhere makes no file there.
    fs::remove_file(&elsewhere).unwrap();
    let error = home.fails(1, ["secret", "create", "x", "--a=1"]);
    assert!(error.contains("symbolic link") && !elsewhere.exists(), "{error}");
}

#[test]
fn a_place_that_others_can_write_is_refused_with_the_remedy() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let directory = home.database().parent().unwrap().to_owned();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o770, 0o702, 0o777] {
        set(&directory, mode);
        let error = home.fails(1, ["secret", "get", "db"]);
        assert!(error.contains("chmod go-w") && error.contains(directory.to_str().unwrap()), "{error}");
    }
    set(&directory, 0o700);
    for mode in [0o640, 0o604, 0o666] {
        set(&home.database(), mode);
        let error = home.fails(1, ["secret", "get", "db"]);
        assert!(error.contains("chmod 600"), "{error}");
    }
    set(&home.database(), 0o600);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn a_wrong_root_key_is_named_and_none_is_made() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let (key, id) = only_key(&home);
    let before = fs::read(home.database()).unwrap();
    let other = home.arg("other.key");
    home.ok(["keys", "generate", "-O", &other]);
    let wrong = fs::read_to_string(&other).unwrap();
    let wrong_id = wrong.split(':').nth(2).unwrap().to_owned();

    // In a file, in a variable, under the name of the right one.
    home.set("STRONGROOM_KEYS_FILE", &other);
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&id) && error.contains(&wrong_id), "{error}");
    home.set("STRONGROOM_KEYS_FILE", home.arg("missing.key"));
    let error = home.fails(1, ["secret", "create", "x", "--a=1"]);
    assert!(error.contains("missing.key"), "{error}");
    home.unset("STRONGROOM_KEYS_FILE");
    home.set("STRONGROOM_ROOT_KEY", wrong.trim());
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&id) && error.contains(&wrong_id), "{error}");
    home.unset("STRONGROOM_ROOT_KEY");

    let right = fs::read_to_string(&key).unwrap();
    fs::write(&key, &wrong).unwrap();
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&id) && error.contains(&wrong_id), "{error}");
    for damaged in ["", "x", &right[..right.len() - 2], &right.replace(":v1:", ":v2:")] {
        fs::write(&key, damaged).unwrap();
        let error = home.fails(1, ["secret", "get", "db"]);
        assert!(error.contains(key.to_str().unwrap()), "{error}");
    }
    fs::remove_file(&key).unwrap();
    let error = home.fails(1, ["secret", "create", "x", "--a=1"]);
    assert!(error.contains(&id), "{error}");
    assert_eq!(fs::read_dir(home.keys()).unwrap().count(), 0);
    fs::write(&key, &right).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    assert_eq!(
        sealed_part(&fs::read(home.database()).unwrap()),
        sealed_part(&before),
        "nothing was sealed anew"
    );
}

/// The first sealed bytes of a database.
fn sealed_part(bytes: &[u8]) -> &[u8] {
    let at = bytes.windows(4).position(|window| window == b"SRS1").unwrap();
    &bytes[at..at + 88]
}

#[test]
fn another_databases_root_key_is_named_as_the_wrong_one() {
    let (home, other) = (Home::new(), Home::new());
    home.ok(["secret", "create", "db", "--a=1"]);
    other.ok(["secret", "create", "db", "--a=2"]);
    let (key, id) = only_key(&home);
    let (foreign, _) = only_key(&other);
    fs::rename(&foreign, home.keys().join(foreign.file_name().unwrap())).unwrap();
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1", "one key more does no harm");
    fs::remove_file(key).unwrap();
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&id), "{error}");
    assert_eq!(fs::read_dir(home.keys()).unwrap().count(), 1);
}
