//! The program with this type: `type = "notebook"` works in its commands, without a database.

use std::{
    fs,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn run<const N: usize>(&self, args: [&str; N]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom-notebook"));
        command.args(args).env_clear().current_dir(self.0.path()).stdin(Stdio::null());
        command.env("HOME", self.0.path());
        command.env("STRONGROOM_STORE_TYPE", "notebook");
        command.env("STRONGROOM_STORE_PATH", self.0.path().join("notebook.json"));
        command.output().unwrap()
    }

    fn ok<const N: usize>(&self, args: [&str; N]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn fails<const N: usize>(&self, code: i32, args: [&str; N]) -> String {
        let output = self.run(args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        text
    }
}

#[test]
fn commands_work_on_it_and_make_no_database() {
    let home = Home(tempfile::tempdir().unwrap());
    home.ok(["secret", "create", "db", "--user=app", "--password=hunter2"]);
    home.fails(4, ["secret", "create", "db", "--user=app"]);
    home.ok(["secret", "update", "db", "--password=hunter3"]);
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter3");
    assert!(home.ok(["secret", "list"]).lines().any(|line| line.starts_with("db\t")));
    home.ok(["secret", "rollback", "db", "1"]);
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter2");
    home.ok(["secret", "delete", "db", "-y"]);
    home.fails(3, ["secret", "get", "db"]);
    let mut files: Vec<_> =
        fs::read_dir(home.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["notebook.json", "notebook.lock"]);
}

#[test]
fn what_needs_a_database_says_so() {
    let home = Home(tempfile::tempdir().unwrap());
    for args in [["serve", "--check"], ["keys", "rotate"]] {
        let text = home.fails(1, args);
        assert!(text.contains("database of ours"), "{text}");
    }
}
