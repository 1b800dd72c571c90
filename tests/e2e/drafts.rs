//! What is written beside the place where it is going to be, when the process ends half way.

use crate::support::Home;
use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    process::Command,
    time::{Duration, SystemTime},
};

/// The names of the drafts in a home.
fn drafts(home: &Home) -> Vec<String> {
    let names = home.files().into_iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name.contains(".tmp")).collect()
}

#[test]
fn a_signal_leaves_no_draft() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let (values, key, copy) = (home.arg("db.yaml"), home.arg("root.key"), home.arg("copy.db"));
    for signal in [1, 2, 15] {
        home.set_fault("FAULT_SIGNAL", &signal.to_string());
        for args in [
            &["secret", "export", "db", "-f", &values, "--force"][..],
            &["keys", "generate", "-O", &key, "--force"],
            &["database", "backup", &copy],
        ] {
            let output = home.command(args).output().unwrap();
            assert_eq!(output.status.signal(), Some(signal), "{args:?}: {output:?}");
            assert_eq!(drafts(&home), [""; 0], "{args:?}, signal {signal}");
        }
    }
    assert_eq!(fs::read_to_string(&values).unwrap(), "a: \"1\"\n", "it was finished before");
    assert!(!home.path("copy.db").exists());
}

#[test]
fn whoever_started_us_without_a_signal_gets_the_whole() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.set_fault("FAULT_SIGNAL", "1");
    let program = home.command([""; 0]).get_program().to_str().unwrap().to_owned();
    let mut shell = Command::new("sh");
    // As `nohup` does.
    shell.args(["-c", &format!("trap '' HUP; exec '{program}' database backup copy.db")]);
    home.around(&mut shell);
    shell.env("PATH", "/usr/bin:/bin");
    let output = shell.current_dir(home.path("")).output().unwrap();
    assert!(output.status.success() && home.path("copy.db").exists(), "{output:?}");
}

#[test]
fn a_backup_removes_what_one_that_was_killed_left() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let id = "0123456789abcdef0123456789abcdef";
    let left = [format!("copy.db.{id}.tmp"), format!("copy.db.{id}.tmp-journal")];
    let others = [
        format!("other.db.{id}.tmp"),
        format!("copy.db.{}.tmp", &id[1..]),
        format!("copy.db.{}.tmp", id.to_uppercase()),
        format!("copy.db.{id}.tmp.gz"),
    ];
    for name in left.iter().chain(&others) {
        home.file(name, "");
        let file = fs::File::options().write(true).open(home.path(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(2 * 3600)).unwrap();
    }
    // Somebody may be writing it just now.
    let fresh = format!("copy.db.{}.tmp", id.replace('0', "1"));
    home.file(&fresh, "");
    home.ok(["database", "backup", &home.arg("copy.db")]);
    let mut expected = [&others[..], &[fresh]].concat();
    expected.sort();
    assert_eq!(drafts(&home), expected);
}
