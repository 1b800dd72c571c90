//! A home directory, and the program started in it.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// An empty home directory, with what the program keeps in it.
pub(crate) struct Home {
    dir: TempDir,
    program: PathBuf,
    vars: Vec<(String, String)>,
}

/// How a process ended and what it wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::of(env!("CARGO_BIN_EXE_strongroom"))
    }

    /// An empty one, for another program than the usual.
    pub(crate) fn of(program: impl Into<PathBuf>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), program: program.into(), vars: Vec::new() }
    }

    /// Starts another program from now on.
    pub(crate) fn becomes(&mut self, program: impl Into<PathBuf>) {
        self.program = program.into();
    }

    /// Sets a variable for every process that is started from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.vars.push((name.to_owned(), value.into()));
    }

    /// Sets it no longer.
    pub(crate) fn unset(&mut self, name: &str) {
        self.vars.retain(|(set, _)| set != name);
    }

    /// A path in it.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// A path in it, as an argument.
    pub(crate) fn arg(&self, below: &str) -> String {
        self.path(below).into_os_string().into_string().unwrap()
    }

    /// Makes a file in it.
    pub(crate) fn file(&self, below: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self.arg(below)
    }

    /// Where the database is unless told otherwise.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("data/strongroom/strongroom.db")
    }

    /// What somebody does who has the database file.
    pub(crate) fn behind_our_back(&self, sql: &'static str) {
        use sqlx::{ConnectOptions as _, Connection as _, Executor as _, sqlite::SqliteConnectOptions};
        let options = SqliteConnectOptions::new().filename(self.database());
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let mut connection = options.connect().await.unwrap();
            connection.execute(sqlx::raw_sql(sql)).await.unwrap();
            connection.close().await.unwrap();
        });
    }

    /// Where the root keys are.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path("config/strongroom/keys")
    }

    /// The program with these arguments: not started yet, without input, its output to be captured.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(self.dir.path());
        self.around(&mut command);
        command
    }

    /// Gives a process this home and nothing else.
    pub(crate) fn around(&self, command: &mut Command) {
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Runs the program to its end.
    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Ended {
        ended(self.command(args).output().unwrap())
    }

    /// Runs the program to its end with this on standard input.
    pub(crate) fn run_with<const N: usize>(&self, input: impl AsRef<[u8]>, args: [&str; N]) -> Ended {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A process that does not read its input ends early, and is looked at nevertheless.
        drop(stdin.write_all(input.as_ref()));
        drop(stdin);
        ended(child.wait_with_output().unwrap())
    }

    /// Runs what is to succeed, and answers what it printed.
    pub(crate) fn ok<const N: usize>(&self, args: [&str; N]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        ended.out
    }

    /// Runs what is to fail with this code, and answers what it complained about, in one line.
    pub(crate) fn fails<const N: usize>(&self, code: i32, args: [&str; N]) -> String {
        let ended = self.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{args:?}: {}", ended.err);
        let errors: Vec<_> = ended.err.lines().filter(|line| !line.starts_with("note: ")).collect();
        assert_eq!(errors.len(), 1, "{args:?}: {}", ended.err);
        assert!(errors[0].starts_with("error: "), "{args:?}: {}", ended.err);
        errors[0].to_owned()
    }

    /// The document that a command prints with `-o json`.
    pub(crate) fn json<const N: usize>(&self, args: [&str; N]) -> serde_json::Value {
        self.json_and_code(0, args)
    }

    /// The same of a command that prints what it found and ends with this code.
    pub(crate) fn json_and_code<const N: usize>(&self, code: i32, args: [&str; N]) -> serde_json::Value {
        let ended = ended(self.command(["-o", "json"].into_iter().chain(args)).output().unwrap());
        assert_eq!(ended.code, code, "{args:?}: {}", ended.err);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ended.out))
    }

    /// The values of a secret.
    pub(crate) fn values(&self, name: &str) -> serde_json::Value {
        self.json(["secret", "get", "--", name])["values"].clone()
    }

    /// Every file below the home directory.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let (mut found, mut left) = (Vec::new(), vec![self.dir.path().to_owned()]);
        while let Some(dir) = left.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { left.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }
}

/// What a process left.
pub(crate) fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The bits of a file's mode.
pub(crate) fn mode(path: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;
    let mut text = String::new();
    write!(text, "{:o}", std::fs::metadata(path).unwrap().permissions().mode() & 0o777).unwrap();
    text
}
