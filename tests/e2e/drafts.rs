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
fn nothing_has_its_name_before_it_is_whole() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let (values, key, copy) = (home.arg("db.yaml"), home.arg("root.key"), home.arg("copy.db"));
    for (file, args) in [
        ("db.yaml", &["secret", "export", "db", "-f", &values] as &[&str]),
        ("root.key", &["keys", "generate", "-O", &key]),
        ("copy.db", &["database", "backup", &copy]),
    ] {
        home.set_fault("FAULT_SIGNAL", "9");
        assert_eq!(home.command(args).output().unwrap().status.signal(), Some(9), "{args:?}");
        assert!(!home.path(file).exists(), "{args:?}");
        let left = drafts(&home);
        assert!(!left.is_empty(), "{args:?}");
        for name in left {
            assert!(name.starts_with(&format!("{file}.")), "{name}");
            // As if it was yesterday.
            let draft = fs::File::options().write(true).open(home.path(&name)).unwrap();
            draft.set_modified(SystemTime::now() - Duration::from_secs(24 * 3600)).unwrap();
        }
        home.set_fault("FAULT_SIGNAL", "0");
        assert!(home.command(args).output().unwrap().status.success(), "{args:?}");
        assert!(home.path(file).exists());
        assert_eq!(drafts(&home), [""; 0], "the next one for the same file removes what was left");
    }
}

#[test]
fn a_server_that_is_ended_while_it_starts_leaves_no_draft() {
    let mut home = Home::new();
    home.set_fault("FAULT_SIGNAL", "15");
    let serve = ["serve", "--listen=127.0.0.1:0"];
    let output = home.command(serve).output().unwrap();
    assert_eq!(output.status.signal(), Some(15), "at the root key: {output:?}");
    assert_eq!(drafts(&home), [""; 0]);
    // The password is that of an account before it has its name: whoever comes next can log in.
    home.set_fault("FAULT_SIGNAL", "0");
    home.ok(["status"]);
    home.set_fault("FAULT_SIGNAL", "15");
    let output = home.command(serve).output().unwrap();
    assert!(output.status.success(), "at the first password: {output:?}");
    assert_eq!(drafts(&home), [""; 0]);
    assert!(home.path("config/strongroom/initial-admin-password").exists());
}
