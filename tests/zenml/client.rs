//! The `zenml` client: in one process for many commands, or in a process for each.

use crate::{
    site::variable,
    support::{Ended, ended},
};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// A client with a home directory of its own.
pub(crate) struct Zenml {
    dir: TempDir,
    /// How it gets in, as variables.
    login: Vec<(&'static str, String)>,
    driver: Option<Driver>,
}

/// The process that runs commands.
struct Driver {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Zenml {
    /// One that logs in with a name and a password.
    pub(crate) fn with_password(url: &str, name: &str, password: &str) -> Self {
        Self::with(vec![
            ("ZENML_STORE_URL", url.to_owned()),
            ("ZENML_STORE_USERNAME", name.to_owned()),
            ("ZENML_STORE_PASSWORD", password.to_owned()),
        ])
    }

    /// One that logs in with an API key.
    pub(crate) fn with_key(url: &str, key: &str) -> Self {
        Self::with(vec![("ZENML_STORE_URL", url.to_owned()), ("ZENML_STORE_API_KEY", key.to_owned())])
    }

    /// One that knows of no server yet.
    pub(crate) fn without_server() -> Self {
        Self::with(Vec::new())
    }

    fn with(login: Vec<(&'static str, String)>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), login, driver: None }
    }

    /// A path in its directory, in which commands run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file there.
    pub(crate) fn file(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn command(&self, program: &str) -> Command {
        let programs = variable("STRONGROOM_TEST_ZENML_BIN");
        let mut command = Command::new(Path::new(&programs).join(program));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.dir.path())
            .env("ZENML_CONFIG_PATH", self.path("zenml"))
            .env("ZENML_ANALYTICS_OPT_IN", "false")
            // Tables are to be as wide as they like.
            .env("COLUMNS", "300")
            .env("NO_COLOR", "1")
            .envs(self.login.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn ask(&mut self, task: &Value) -> Value {
        if self.driver.is_none() {
            let mut command = self.command("python");
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/zenml/driver.py"));
            command.stderr(File::create(self.path("stderr")).unwrap());
            let mut child = command.spawn().unwrap();
            let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            self.driver = Some(Driver { child, input, output: BufReader::new(output) });
        }
        let driver = self.driver.as_mut().unwrap();
        writeln!(driver.input, "{task}").unwrap();
        let mut line = String::new();
        driver.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| {
            let errors = std::fs::read_to_string(self.path("stderr")).unwrap_or_default();
            panic!("the client ended: {errors}")
        })
    }

    /// Runs a command.
    pub(crate) fn run(&mut self, args: &[&str], input: &str) -> Ended {
        let answer = self.ask(&json!({"cli": args, "input": input}));
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        Ended { code: answer["code"].as_i64().unwrap() as i32, out: text("out"), err: text("err") }
    }

    /// Runs what is to succeed; answers what it printed.
    pub(crate) fn ok<const N: usize>(&mut self, args: [&str; N]) -> String {
        let ended = self.run(&args, "");
        assert_eq!(ended.code, 0, "zenml {args:?}: {ended:?}");
        ended.out + &ended.err
    }

    /// Runs what is to fail with status 1; answers what it complained about.
    pub(crate) fn fails<const N: usize>(&mut self, args: [&str; N]) -> String {
        let ended = self.run(&args, "");
        assert_eq!(ended.code, 1, "zenml {args:?}: {ended:?}");
        ended.err
    }

    /// Runs what prints a document.
    pub(crate) fn json<const N: usize>(&mut self, args: [&str; N]) -> Value {
        let ended = self.run(&[&args[..], &["-o", "json"]].concat(), "");
        assert_eq!(ended.code, 0, "zenml {args:?}: {ended:?}");
        // What is printed before it are remarks.
        let document = ended.out.find('{').map_or("", |start| &ended.out[start..]);
        serde_json::from_str(document).unwrap_or_else(|error| panic!("zenml {args:?}: {error}: {ended:?}"))
    }

    /// Calls a method of the Python client that is to succeed.
    pub(crate) fn call(&mut self, method: &str, args: Value) -> Value {
        let answer = self.ask(&json!({"call": method, "args": args}));
        assert!(answer["error"].is_null(), "{method}({args}): {answer}");
        answer["value"].clone()
    }

    /// Calls one that is to fail; answers the exception's class and text.
    pub(crate) fn refused(&mut self, method: &str, args: Value) -> (String, String) {
        let answer = self.ask(&json!({"call": method, "args": args}));
        let part =
            |n: usize| answer["error"][n].as_str().unwrap_or_else(|| panic!("{method}({args}): {answer}"));
        (part(0).to_owned(), part(1).to_owned())
    }

    /// Starts a command in a process of its own that finds no browser; what it prints goes to a file of this name.
    pub(crate) fn start(&self, args: &[&str], printed: &str) -> Child {
        let file = File::create(self.path(printed)).unwrap();
        let mut command = self.command("zenml");
        command.args(args).env("BROWSER", "/bin/true").env("PYTHONUNBUFFERED", "1");
        command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap()
    }

    /// Runs a command in a process of its own, as people do.
    pub(crate) fn process(&self, args: &[&str], input: &str) -> Ended {
        let mut child = self.command("zenml").args(args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A process that does not read its input ends early, and is looked at nevertheless.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        ended(child.wait_with_output().unwrap())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
