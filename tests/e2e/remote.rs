//! The command line over a server: the same commands, the same output, the same exit codes.

use crate::{
    canary::Canary,
    support::{Ended, Home, ended, mode},
};
use std::{
    fs::File,
    io::Write as _,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const PASSWORD: &str = "first-Admin-password";

/// A server over its own home's database, and what it logs.
struct Server {
    home: Home,
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        Self::over(Home::new())
    }

    fn over(home: Home) -> Self {
        let log = File::create(home.path("server.log")).unwrap();
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("STRONGROOM_ADMIN_PASSWORD", PASSWORD)
            .env("STRONGROOM_LOG", "trace")
            .env("RUST_LOG", "trace");
        let child = command.stderr(Stdio::from(log)).spawn().unwrap();
        let mut server = Self { url: String::new(), home, child };
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let log = std::fs::read_to_string(server.home.path("server.log")).unwrap();
            if let Some(line) = log.lines().find_map(|line| line.strip_prefix("listening on ")) {
                server.url = line.to_owned();
                return server;
            }
            assert!(Instant::now() < end, "it does not listen: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A key of a new account, made on the database beside the server.
    fn key(&self, name: &str, role: &str) -> String {
        self.home.ok(["service-account", "create", name, "--role", role]);
        self.home.ok(["api-key", "create", name]).trim().to_owned()
    }

    /// A home that is logged in as the admin.
    fn admin(&self) -> Home {
        let home = Home::new();
        let ended = home.run_with(PASSWORD, ["login", &self.url, "--username", "admin", "--password-stdin"]);
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (0, "", ""));
        home
    }

    /// A home that is logged in with this key.
    fn with_key(&self, key: &str) -> Home {
        let home = Home::new();
        let ended = home.run_with(format!("{key}\n"), ["login", &self.url, "--api-key-stdin"]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        home
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ids and moments are different each time.
fn without_chance(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (String::new(), 0);
    let fits = |at: usize, shape: &[u8]| {
        bytes.get(at..at + shape.len()).is_some_and(|part| {
            part.iter().zip(shape).all(|(byte, like)| match like {
                b'x' => byte.is_ascii_hexdigit(),
                b'0' => byte.is_ascii_digit(),
                like => byte == like,
            })
        })
    };
    while at < bytes.len() {
        if fits(at, b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
            out.push_str("ID");
            at += 36;
        } else if fits(at, b"0000-00-00T00:00:00.000000Z") {
            out.push_str("TIME");
            at += 27;
        } else {
            let c = text[at..].chars().next().unwrap();
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

fn run(home: &Home, args: &[&str]) -> Ended {
    let args = ["-o", "json"].iter().chain(args);
    let ended = ended(home.command(args).output().unwrap());
    let err = ended.err.lines().filter(|line| !line.starts_with("note: made a new database"));
    Ended {
        code: ended.code,
        out: without_chance(&ended.out),
        err: without_chance(&err.collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn every_secret_command_says_and_does_the_same_as_on_a_local_database() {
    let server = Server::start();
    let (local, remote) = (Home::new(), server.admin());
    for home in [&local, &remote] {
        home.file("map.yaml", "k: v\n");
        home.file("large", "x".repeat(70_000));
    }
    let commands: &[&[&str]] = &[
        &["list"],
        &["create", "db", "--a=1", "--b=2"],
        &["create", "db", "--a=1"],
        &["create", "db", "--private", "--mine=1"],
        &["create", "none", "-v", "{}"],
        &["create", "large", "--v=@large"],
        &["create", "", "--v=empty"],
        &["create", "..", "--v=dots"],
        &["create", "a/b c?d#e%2F\\é💻", "--v=odd"],
        &["get", "db"],
        &["get", "db", "--private"],
        &["get", "db", "a"],
        &["get", "db", "nothing"],
        &["get", "nothing"],
        &["get", "", "v"],
        &["get", "..", "v"],
        &["get", "a/b c?d#e%2F\\é💻", "v"],
        &["get", "dv"],
        &["list", "--name", "contains:D", "--sort-by", "created"],
        &["list", "--private", "--user", "admin"],
        &["list", "--logical-operator", "or", "--name", "equals:", "--name", "oneof:[\"db\",\"..\"]"],
        &[
            "list",
            "--created",
            "gt:2020-01-01 00:00:00",
            "--size",
            "2",
            "--page",
            "2",
            "--sort-by",
            "created",
        ],
        &["list", "--size", "2", "--page", "99"],
        &["list", "--created", "contains:x"],
        &["update", "db", "--a=3", "-r", "b", "--c=4"],
        &["update", "db", "-r", "b"],
        &["update", "db", "--v=@large"],
        &["update", "none", "--private", "true"],
        &["update", "nothing", "--a=1"],
        &["rename", "db", "db2"],
        &["rename", "nothing", "x"],
        &["versions", "db2"],
        &["versions", "nothing"],
        &["get", "db2", "--revision", "1"],
        &["get", "db2", "--revision", "99"],
        &["rollback", "db2", "1"],
        &["rollback", "nothing", "1"],
        &["export", "db2"],
        &["import", "map.yaml"],
        &["import", "map.yaml"],
        &["import", "map.yaml", "-y"],
        &["get", "map"],
        &["delete", "map"],
        &["delete", "map", "-y"],
        &["delete", "map", "-y"],
        &["delete", "..", "-y"],
        &["list", "--sort-by", "name"],
    ];
    for command in commands {
        let args = [&["secret"], *command].concat();
        assert_eq!(run(&remote, &args), run(&local, &args), "left: over the server; {args:?}");
    }
    // What the texts cannot have in common.
    for (code, command) in
        [(4, ["rename", "db2", ""]), (3, ["get", "db2", "--revision=0"]), (3, ["rollback", "db2", "0"])]
    {
        let args = [&["secret"][..], &command].concat();
        let (here, there) = (run(&local, &args), run(&remote, &args));
        assert_eq!((here.code, there.code), (code, code), "{args:?}: {} {}", here.err, there.err);
    }
    // Whoever works beside the server sees the same.
    assert_eq!(server.home.values("db2"), remote.values("db2"));
}

#[test]
fn a_login_is_checked_kept_and_forgotten() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let home = Home::new();
    home.ok(["secret", "create", "here", "--a=1"]);
    let kept = home.path("config/strongroom/credentials.toml");

    for (wrong, code) in [("srk1_wrong", 5), ("", 2), ("two words", 1)] {
        let ended = home.run_with(wrong, ["login", &server.url, "--api-key-stdin"]);
        assert_eq!(ended.code, code, "{}", ended.err);
        assert!(!kept.exists() && (wrong.is_empty() || !ended.err.contains(wrong)), "{}", ended.err);
    }
    let ended = home.run_with("x", ["login", &server.url, "--username", "admin", "--password-stdin"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert!(ended.err.contains("refused the credentials: "), "{}", ended.err);
    assert!(home.fails(2, ["login", &server.url]).contains("--api-key-stdin"));
    assert!(home.fails(1, ["login", "http://strongroom.example"]).contains("allow_http"));
    let ended = home.run_with("srk1_x", ["login", "http://127.0.0.1:1", "--api-key-stdin"]);
    assert_eq!(ended.code, 6, "{}", ended.err);
    assert!(!kept.exists());

    let ended = home.run_with(format!("{key}\n"), ["login", &server.url, "--api-key-stdin"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{}", ended.err);
    assert_eq!(mode(&kept), "600");
    home.ok(["secret", "create", "there", "--a=2"]);
    assert_eq!(server.home.values("there")["a"], "2");
    assert!(home.fails(3, ["secret", "get", "here"]).contains("no secret is called"));
    let status = home.json(["status"]);
    assert_eq!((&status["server"], &status["account"]), (&server.url.clone().into(), &"bot".into()));

    // What is named more plainly counts.
    let database = format!("sqlite:{}", home.database().display());
    assert_eq!(home.json(["--database", &database, "secret", "get", "here"])["values"]["a"], "1");
    home.fails(2, ["--database", &database, "--server", &server.url, "secret", "list"]);
    assert!(home.fails(5, ["--server", "http://127.0.0.1:1", "secret", "list"]).contains("strongroom login"));

    for args in [
        ["keys", "rotate"],
        ["repair", "--restored"],
        ["database", "migrate"],
        ["database", "backup"],
        ["audit", "list"],
        ["audit", "verify"],
    ] {
        let args: &[&str] = if args[1] == "backup" { &["database", "backup", "copy"] } else { &args };
        let ended = crate::support::ended(home.command(args).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{args:?}: {}", ended.err);
        assert!(
            ended.err.contains(&server.url) && ended.err.contains("--database URL"),
            "{args:?}: {}",
            ended.err
        );
    }
    assert!(home.fails(2, ["--server", &server.url, "serve"]).contains("--server"));
    home.ok(["keys", "generate"]);

    // A file that others can read is no place for a key.
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&kept, readable).unwrap();
    assert!(home.fails(1, ["secret", "list"]).contains("others can read"));
    home.ok(["logout"]);
    assert!(!kept.exists());
    home.ok(["logout"]);
    assert_eq!(home.values("here")["a"], "1");
}

#[test]
fn the_environment_names_a_server_too() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let mut home = Home::new();
    home.set("STRONGROOM_SERVER", server.url.as_str());
    assert!(home.fails(5, ["secret", "list"]).contains("STRONGROOM_API_KEY"));
    home.set("STRONGROOM_API_KEY", key.as_str());
    home.ok(["secret", "create", "db", "--a=1"]);
    assert_eq!(home.json(["secret", "list"])[0]["owner"], "bot");
    home.unset("STRONGROOM_API_KEY");
    home.set("STRONGROOM_API_KEY_FILE", home.file("key", format!("{key}\n")));
    assert_eq!(home.values("db")["a"], "1");
    // A key that was revoked is refused, which is neither a usage error nor a missing secret.
    server.home.ok(["service-account", "update", "bot", "--active", "false"]);
    home.fails(5, ["secret", "get", "db"]);
    home.set("STRONGROOM_API_KEY_FILE", home.arg("nowhere"));
    assert!(home.fails(1, ["secret", "list"]).contains("STRONGROOM_API_KEY_FILE"));
    assert!(!home.database().exists(), "no database was made on the way");
}

#[test]
fn accounts_are_managed_over_the_server() {
    let server = Server::start();
    let admin = server.admin();
    admin.ok(["secret", "create", "prod/db", "--a=1"]);
    admin.ok(["secret", "create", "dev/db", "--a=2"]);

    admin.ok(["service-account", "create", "bot", "--role", "reader", "--scope", "granted"]);
    admin.fails(4, ["service-account", "create", "bot", "--role", "reader"]);
    admin.fails(2, ["service-account", "create", "other", "--role", "king"]);
    let key = admin.ok(["api-key", "create", "bot"]).trim().to_owned();
    admin.ok(["grant", "add", "bot", "prod/*"]);
    assert_eq!(admin.json(["grant", "list", "bot"])[0]["glob"], "prod/*");
    let bot = server.with_key(&key);
    assert_eq!(bot.values("prod/db")["a"], "1");
    bot.fails(3, ["secret", "get", "dev/db"]);
    bot.fails(5, ["secret", "update", "prod/db", "--a=3"]);
    bot.fails(5, ["service-account", "create", "more", "--role", "admin"]);
    bot.fails(5, ["grant", "list", "bot"]);
    admin.ok(["grant", "remove", "bot", "prod/*"]);
    bot.fails(3, ["secret", "get", "prod/db"]);

    // An auditor sees keys of the map, never values.
    admin.ok(["service-account", "update", "bot", "--role", "auditor", "--scope", "all"]);
    assert_eq!(bot.json(["secret", "list"]).as_array().unwrap().len(), 2);
    bot.fails(5, ["secret", "get", "prod/db"]);
    bot.fails(5, ["secret", "export", "prod/db"]);

    let next = admin.ok(["api-key", "rotate", "bot", "default"]).trim().to_owned();
    bot.fails(5, ["secret", "list"]);
    server.with_key(&next).ok(["secret", "list"]);
    let keys = admin.json(["api-key", "list", "bot"]);
    assert_eq!((&keys[0]["name"], &keys[0]["active"]), (&"default".into(), &true.into()));
    admin.ok(["api-key", "update", "bot", "default", "--active", "false"]);
    admin.ok(["api-key", "delete", "bot", "default"]);
    admin.fails(3, ["api-key", "delete", "bot", "default"]);
    admin.ok(["service-account", "delete", "bot", "-y"]);
    admin.fails(3, ["service-account", "delete", "bot", "-y"]);

    let create =
        ["user", "create", "alice", "--role", "writer", "--full-name", "Alice A", "--password-stdin"];
    assert_eq!(admin.run_with("Alice-password", create).code, 0);
    let alice = Home::new();
    let login = ["login", &server.url, "--username", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Alice-password", login).code, 0);
    assert_eq!(alice.json(["status"])["role"], "writer");
    admin.ok(["user", "update", "alice", "--role", "reader"]);
    alice.fails(5, ["secret", "create", "x", "--a=1"]);
    let change = ["user", "password", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Wrong-password\nAnother-password", change).code, 5);
    let ended = alice.run_with("Alice-password\nAnother-password\n", change);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("login"), "{}", ended.err);
    alice.fails(5, ["secret", "list"]);
    assert_eq!(alice.run_with("Another-password", login).code, 0);
    let listed = admin.json(["user", "list"]);
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(listed, ["admin", "alice"]);
    admin.ok(["user", "delete", "alice", "-y"]);
    assert!(admin.fails(3, ["user", "update", "alice", "--role", "admin"]).contains("alice"));
}

#[test]
fn neither_credentials_nor_values_are_in_logs_or_process_lists() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let value = Canary::new("value");
    let mut home = server.with_key(&key);
    home.set("STRONGROOM_LOG", "trace");
    home.set("RUST_LOG", "trace");
    home.file("map", format!("k: {}\n", value.value()));
    let mut said = Vec::new();
    let mut run = |args: &[&str], input: &str| {
        let mut child = home.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // The command waits for its input, so that it is there to be looked at.
        let list = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        said.extend([list, output.stdout, output.stderr]);
        output.status.code()
    };
    assert_eq!(run(&["secret", "create", "db", "--k=@-"], value.value()), Some(0));
    assert_eq!(run(&["secret", "create", "db", "--k=@-"], value.value()), Some(4));
    assert_eq!(run(&["secret", "update", "db", "-v", "@map"], ""), Some(0));
    assert_eq!(run(&["login", &server.url, "--api-key-stdin"], &key), Some(0));
    let wrong = ["login", &server.url, "--username", "admin", "--password-stdin"];
    assert_eq!(run(&wrong, value.value()), Some(5));
    assert_eq!(run(&["status"], ""), Some(0));
    said.push(std::fs::read(server.home.path("server.log")).unwrap());
    let said = said.concat();
    value.is_not_in("what was said", &said);
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("logged in") && said.contains("/api/v1/login"), "nothing was logged");
    for secret in [key.as_str(), PASSWORD, "srt1_", "srk1_"] {
        assert!(!said.contains(secret), "{secret:.5} was said");
    }
    assert_eq!(home.values("db")["k"], value.value());
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let server = Server::start();
    let home = server.admin();
    drop(server);
    for args in
        [&["secret", "list"][..], &["secret", "create", "db", "--a=1"], &["status"], &["user", "list"]]
    {
        let ended = ended(home.command(args).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (6, ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains("cannot be reached"), "{}", ended.err);
    }
}
