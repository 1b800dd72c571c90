//! The program with this type: `type = "age"` works in its commands and in the server.

use age::x25519::Identity;
use secrecy::ExposeSecret as _;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// A home directory whose configuration names this type.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().display();
        fs::create_dir_all(dir.path().join("config/strongroom")).unwrap();
        fs::write(dir.path().join("age.key"), Identity::generate().to_string().expose_secret()).unwrap();
        let config =
            format!("[store]\ntype = 'age'\npath = '{home}/secrets'\nidentity_path = '{home}/age.key'\n");
        fs::write(dir.path().join("config/strongroom/config.toml"), config).unwrap();
        Self { dir }
    }

    fn command<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom-age"));
        command.args(args).env_clear().current_dir(self.dir.path()).stdin(Stdio::null());
        command.env("HOME", self.dir.path());
        command.env("XDG_CONFIG_HOME", self.dir.path().join("config"));
        command.env("XDG_DATA_HOME", self.dir.path().join("data"));
        command
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Output {
        self.command(args).output().unwrap()
    }

    fn ok<const N: usize>(&self, args: [&str; N]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// How many versions lie in the directory.
    fn versions(&self) -> usize {
        let directories = |path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let objects =
            directories(self.dir.path().join("secrets")).flat_map(directories).filter(|path| path.is_dir());
        objects.flat_map(directories).filter(|path| path.extension().is_some_and(|e| e == "age")).count()
    }
}

#[test]
fn every_command_works_on_it() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--user=app", "--password=hunter2"]);
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter2");
    home.ok(["secret", "update", "db", "--password=hunter3"]);
    assert_eq!((home.ok(["secret", "get", "db", "password"]).as_str(), home.versions()), ("hunter3", 2));
    assert!(home.ok(["secret", "list"]).lines().any(|line| line.starts_with("db\t")));
    home.ok(["secret", "rollback", "db", "1"]);
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter2");
    home.ok(["status", "--deep"]);
    assert!(home.ok(["backends"]).lines().any(|line| line.starts_with("age\ttrue\t262144\t")));
    home.ok(["secret", "delete", "db", "-y"]);
    assert_eq!(home.run(["secret", "get", "db"]).status.code(), Some(3));
    assert_eq!(home.versions(), 0);
}

#[test]
fn without_a_database_every_command_finds_what_the_last_one_left() {
    let home = Home::new();
    let file = home.dir.path().join("config/strongroom/config.toml");
    let path = home.dir.path().display();
    let text = fs::read_to_string(&file).unwrap();
    let memory = format!("[database]\nurl = 'memory:'\n[keys]\nfile = '{path}/root.key'\n");
    home.ok(["keys", "generate", "--output", "root.key"]);
    fs::write(&file, memory + &text).unwrap();

    home.ok(["secret", "create", "db", "--user=app", "--password=hunter2"]);
    home.ok(["secret", "update", "db", "--password=hunter3"]);
    home.ok(["secret", "rename", "db", "web/db"]);
    home.ok(["secret", "rollback", "web/db", "1"]);
    home.ok(["secret", "create", "gone", "--a=b"]);
    home.ok(["secret", "delete", "gone", "-y"]);
    assert_eq!(home.ok(["secret", "get", "web/db", "password"]), "hunter2");
    assert_eq!(home.ok(["secret", "versions", "web/db"]).lines().count(), 4, "a head and three versions");
    assert_eq!(home.ok(["secret", "list"]).lines().count(), 2, "a head and one secret");
    assert_eq!(home.versions(), 3);
    let status = home.ok(["status", "--deep"]);
    assert!(status.contains("memory:"), "{status}");
    assert!(!home.dir.path().join("data").exists(), "there is a database");
    for refused in [["keys", "rotate"], ["serve", "--check"], ["user", "list"]] {
        assert!(!home.run(refused).status.success(), "{refused:?}");
    }
}

#[test]
fn a_wrong_configuration_is_told() {
    let home = Home::new();
    for (variable, value, told) in [
        ("STRONGROOM_STORE_RECIPIENT", "x", "did you mean STRONGROOM_STORE_RECIPIENTS?"),
        ("STRONGROOM_STORE_PATH", "secrets", "path: give an absolute path"),
        ("STRONGROOM_STORE_TYPE", "agee", "(did you mean `age`?); this program has: age, remote, sql;"),
    ] {
        let output = home.command(["secret", "list"]).env(variable, value).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(told), "{text}");
    }
}

/// A server that is ended with the test.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(home: &Home) -> Self {
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
        command.env("STRONGROOM_ADMIN_PASSWORD", "hunter2hunter2").stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("listening on http://").map(str::to_owned));
        let address = told.next().expect("it does not listen");
        // Whatever it says later must find a reader.
        std::thread::spawn(move || told.for_each(drop));
        Self { child, address }
    }

    /// The body of the answer to a request; the status must be a success.
    fn request(&self, token: Option<&str>, line: &str, kind: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let authorization =
            token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{authorization}content-type: {kind}\r\n\
             content-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{line}: {answer}");
        body.to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn the_server_serves_it_and_calls_it_custom() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--password=hunter3"]);
    let served = Served::start(&home);
    let login = served.request(
        None,
        "POST /api/v1/login",
        "application/x-www-form-urlencoded",
        "username=admin&password=hunter2hunter2",
    );
    let login: serde_json::Value = serde_json::from_str(&login).unwrap();
    let token = login["access_token"].as_str();
    let json = "application/json";
    let info: serde_json::Value =
        serde_json::from_str(&served.request(token, "GET /api/v1/info", json, "")).unwrap();
    assert_eq!(info["secrets_store_type"], "custom");
    let read = served.request(token, "GET /api/v1/secrets/by-name/db", json, "");
    assert!(read.contains("hunter3"), "{read}");
    served.request(
        token,
        "POST /api/v1/secrets",
        json,
        r#"{"name":"mail","private":false,"values":{"k":"v"}}"#,
    );
    assert_eq!(home.ok(["secret", "get", "mail", "k"]), "v");
    assert_eq!(home.versions(), 2);
}
