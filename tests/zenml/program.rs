//! What both command lines can do, in the same words.

use crate::{
    client::Zenml,
    support::{Ended, Home, ended},
};
use serde_json::{Value, json};
use std::{io::Write as _, process::Stdio};

/// A command line for secrets.
pub(crate) trait Program {
    /// Runs it.
    fn run(&mut self, args: &[&str], input: &str) -> Ended;

    /// Makes a file in the directory in which it runs.
    fn file(&self, name: &str, content: &str);

    /// What a file there holds.
    fn read(&self, name: &str) -> String;

    /// A secret's id, name, privacy and values, by name and privacy.
    fn secret(&mut self, name: &str, private: bool) -> Value;

    /// The names that a list shows, in its order.
    fn names(&mut self, args: &[&str]) -> Vec<String>;

    /// Runs what is to succeed; answers what it printed.
    fn ok(&mut self, args: &[&str]) -> String {
        let ended = self.run(args, "");
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        ended.out + &ended.err
    }

    /// Runs what is to fail; answers what it complained about.
    fn fails(&mut self, args: &[&str]) -> String {
        let ended = self.run(args, "");
        // Strongroom has a status for each kind of error.
        assert!((1..=9).contains(&ended.code), "{args:?}: {ended:?}");
        ended.err
    }

    /// The values alone.
    fn values(&mut self, name: &str) -> Value {
        self.secret(name, false)["values"].clone()
    }
}

impl Program for Zenml {
    fn run(&mut self, args: &[&str], input: &str) -> Ended {
        Self::run(self, args, input)
    }

    fn file(&self, name: &str, content: &str) {
        Self::file(self, name, content);
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn secret(&mut self, name: &str, private: bool) -> Value {
        let args = json!({"name_id_or_prefix": name, "private": private, "allow_partial_name_match": false});
        let found = self.call("get_secret", args);
        assert_eq!(found["private"], private, "{found}");
        json!({"id": found["id"], "name": found["name"], "values": found["values"]})
    }

    fn names(&mut self, args: &[&str]) -> Vec<String> {
        let all = [&["secret", "list"], args, &["-o", "csv", "-c", "name"]].concat();
        let ended = Self::run(self, &all, "");
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        let lines = ended.out.lines().skip_while(|line| *line != "name").skip(1);
        lines.map(ToOwned::to_owned).collect()
    }
}

impl Program for Home {
    fn run(&mut self, args: &[&str], input: &str) -> Ended {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        ended(child.wait_with_output().unwrap())
    }

    fn file(&self, name: &str, content: &str) {
        Self::file(self, name, content);
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn secret(&mut self, name: &str, private: bool) -> Value {
        let private = private.to_string();
        let found = self.json(["secret", "get", name, "--private", &private]);
        assert_eq!(found["private"].to_string(), private, "{found}");
        json!({"id": found["id"], "name": found["name"], "values": found["values"]})
    }

    fn names(&mut self, args: &[&str]) -> Vec<String> {
        let all = [&["-o", "json", "secret", "list"], args].concat();
        let ended = Program::run(self, &all, "");
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        let listed: Value = serde_json::from_str(&ended.out).unwrap();
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    }
}
