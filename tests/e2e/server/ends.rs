//! What is refused at the start, and the end.

use super::{PASSWORD, Server, answer};
use crate::support::Home;
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

#[test]
fn what_would_be_unsafe_is_refused_at_the_start() {
    let home = Home::new();
    let error = home.fails(1, ["serve", "--listen", "0.0.0.0:0"]);
    assert!(error.contains("server.listen") && error.contains("behind-proxy"), "{error}");
    let config = home.file("config.toml", "[server]\ntls_cert = \"/nowhere.pem\"\n");
    let error = home.fails(1, ["serve", "--config", &config]);
    assert!(error.contains("server.tls_key"), "{error}");
    let config = home.file("config.toml", "[server]\nlisten_to = \"127.0.0.1:1\"\n");
    let error = home.fails(1, ["serve", "--config", &config]);
    assert!(error.contains("listen_to"), "{error}");
    assert!(home.run(["serve", "--check"]).err.contains("everything is as it should be"));
}

#[test]
fn a_signal_ends_it_in_good_order_and_no_acknowledged_write_is_lost() {
    write_through_a_restart(Duration::from_millis(1500));
}

#[test]
#[ignore = "takes half a minute: cargo xtask test"]
fn half_a_minute_of_writes_loses_none_when_the_server_is_replaced() {
    write_through_a_restart(Duration::from_secs(30));
}

/// Writes for so long, while the server is told to end after half of the time and another one takes its place.
fn write_through_a_restart(long: Duration) {
    const WRITERS: usize = 4;
    let home = Home::new();
    let first = Server::start(&home);
    let token = first.admin();
    let (port, begun) = (AtomicU16::new(first.port), Instant::now());
    let writer = |writer: usize| {
        let (mut made, mut after, mut key) = (Vec::new(), 0, uuid::Uuid::new_v4());
        while begun.elapsed() < long {
            let name = format!("s-{writer}-{}", made.len());
            let body = json!({"name": name, "values": {"k": name}}).to_string();
            let request = format!(
                "POST /api/v1/secrets HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
                 idempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let before = port.load(Ordering::SeqCst);
            let mut bytes = Vec::new();
            // An error after the answer's first byte is one of the answer, and no reason to ask again.
            let _ = TcpStream::connect(("127.0.0.1", before)).and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                stream.read_to_end(&mut bytes)
            });
            if bytes.is_empty() {
                // It no longer listens: the same request is for whoever does next.
                thread::sleep(Duration::from_millis(20));
                continue;
            }
            let answer = answer(&bytes);
            assert!(answer.status == 200 && answer.body["id"].is_string(), "an answer was cut: {answer:?}");
            made.push(name);
            key = uuid::Uuid::new_v4();
            after += usize::from(before != first.port);
        }
        (made, after)
    };
    let acknowledged = thread::scope(|scope| {
        let writer = &writer;
        let writers: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || writer(n))).collect();
        thread::sleep((long / 2).saturating_sub(begun.elapsed()));
        first.signal("TERM");
        let second = Server::start(&home);
        port.store(second.port, Ordering::SeqCst);
        let mut acknowledged = Vec::new();
        for writer in writers {
            let (made, after) = writer.join().unwrap();
            assert!(after > 0 && after < made.len(), "{after} of {} on the second server", made.len());
            acknowledged.extend(made);
        }
        assert_eq!(second.stop(), 0);
        acknowledged
    });
    assert_eq!(first.stop_again(), 0);
    let mut listed = BTreeSet::new();
    for page in 1.. {
        let page = home.json(["secret", "list", "--size", "10000", "--page", &page.to_string()]);
        let page = page.as_array().unwrap();
        listed.extend(page.iter().filter_map(|one| one["name"].as_str().map(ToOwned::to_owned)));
        if page.len() < 10_000 {
            break;
        }
    }
    assert!(acknowledged.iter().all(|name| listed.contains(name)));
    // What was sent and never answered may be there: one request of each writer at most.
    assert!(listed.len() - acknowledged.len() <= WRITERS, "{} {}", listed.len(), acknowledged.len());
    for name in &acknowledged[acknowledged.len().saturating_sub(20)..] {
        assert_eq!(home.values(name)["k"], *name);
    }
    home.ok(["audit", "verify"]);
}

#[test]
fn it_says_that_it_is_not_ready_before_it_takes_no_more_connections() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_UNREADY_MS", "2000")]);
    let token = server.admin();
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 200);
    server.signal("TERM");
    let (told, mut unready) = (Instant::now(), 0);
    // New connections, and all is answered but whether it is ready.
    while told.elapsed() < Duration::from_millis(1500) {
        let ready = server.send("GET", "/ready", &[], b"");
        if told.elapsed() > Duration::from_millis(300) {
            assert_eq!((ready.status, &ready.body), (503, &json!("ending")));
            assert_eq!(ready.retry_after(), Duration::from_secs(1));
            unready += 1;
        }
        assert_eq!(server.call(&token, "GET", "/secrets", &json!(null)).status, 200);
        thread::sleep(Duration::from_millis(50));
    }
    assert!(unready > 5, "{unready}");
    let port = server.port;
    assert_eq!(server.stop_again(), 0);
    assert!(told.elapsed() > Duration::from_millis(1900) && TcpStream::connect(("127.0.0.1", port)).is_err());
    // On this machine alone nobody has to notice.
    let server = Server::start(&home);
    let told = Instant::now();
    assert_eq!(server.stop(), 0);
    assert!(told.elapsed() < Duration::from_secs(4), "{:?}", told.elapsed());
}

#[test]
fn the_end_of_its_terminal_ends_it_in_good_order_unless_it_is_to_outlive_that() {
    let home = Home::new();
    let start = |around: &[&str]| {
        let mut command = Command::new(around[0]);
        command.args(&around[1..]).arg(env!("CARGO_BIN_EXE_strongroom"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        home.around(&mut command);
        command.env("STRONGROOM_ADMIN_PASSWORD", PASSWORD);
        Server::start_as(command)
    };
    // Whoever runs the tests may ignore it.
    let server = start(&["env", "--default-signal=HUP"]);
    server.admin();
    server.signal("HUP");
    assert_eq!(server.stop_again(), 0);
    assert_eq!(home.json(["audit", "list", "--limit", "1"])[0]["action"], "audit.close");

    let server = start(&["nohup"]);
    server.signal("HUP");
    thread::sleep(Duration::from_millis(500));
    assert_eq!(server.send("GET", "/health", &[], b"").status, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_second_server_on_a_sqlite_file_names_the_first_one() {
    let home = Home::new();
    let (first, second) = (Server::start(&home), Server::start(&home));
    let named = |server: &Server| {
        let warnings = server.said().logged("strongroom::server");
        let others = warnings.iter().filter(|line| line["level"] == "WARN");
        others.filter_map(|line| line["fields"]["other"].as_str().map(ToOwned::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(named(&first), [""; 0]);
    let named = named(&second);
    let address = format!("127.0.0.1:{},", first.port);
    assert!(named.len() == 1 && named[0].starts_with(&address), "{named:?}");
    assert_eq!((first.stop(), second.stop()), (0, 0));
}

#[test]
fn a_proxy_that_is_not_named_is_warned_of() {
    let home = Home::new();
    let check = |more: &[(&str, &str)]| {
        let mut command = home.command(["serve", "--check", "--listen", "0.0.0.0:0"]);
        command.env("STRONGROOM_SERVER_PLAINTEXT", "behind-proxy").envs(more.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let warned = |text: &str| text.contains("warning: ") && text.contains("server.trusted_proxies");
    assert!(warned(&check(&[])));
    assert!(!warned(&check(&[("STRONGROOM_SERVER_TRUSTED_PROXIES", "10.0.0.0/8")])));
    assert!(!warned(&home.run(["serve", "--check"]).err));
}

/// A server that makes the first password up.
fn without_password(home: &Home) -> Server {
    Server::start_as(home.command(["serve", "--listen", "127.0.0.1:0"]))
}

#[test]
fn the_file_with_the_first_password_goes_when_there_is_another_one() {
    let home = Home::new();
    let file = home.path("config/strongroom/initial-admin-password");
    let server = without_password(&home);
    let first = std::fs::read_to_string(&file).unwrap();
    assert_eq!(crate::support::mode(&file), "600");
    server.login(&format!("username=admin&password={first}")).unwrap();
    thread::sleep(Duration::from_secs(6));
    assert!(file.exists(), "it still is the password");
    // The command line beside the server, on the same database.
    home.run_with("Second-password", ["user", "password", "admin", "--password-stdin"]);
    assert!(!file.exists());
    assert!(server.login(&format!("username=admin&password={first}")).is_err());
    assert_eq!(server.stop(), 0);

    // Somebody whose configuration lies elsewhere, while the server runs and while it does not.
    let home = Home::new();
    let file = home.path("config/strongroom/initial-admin-password");
    home.run_with("Bobs-password", ["user", "create", "bob", "--role", "reader", "--password-stdin"]);
    let change = "UPDATE logins SET generation = generation + 1, password = (SELECT password FROM logins JOIN accounts \
                  ON id = account WHERE name = 'bob') WHERE account = (SELECT id FROM accounts WHERE name = 'admin')";
    let forget =
        "UPDATE logins SET password = NULL WHERE account = (SELECT id FROM accounts WHERE name = 'admin')";
    for running in [true, false] {
        home.behind_our_back(forget);
        let server = without_password(&home);
        assert!(file.exists());
        if running {
            home.behind_our_back(change);
        } else {
            assert_eq!(server.stop(), 0);
            home.behind_our_back(change);
            let _server = without_password(&home);
            gone(&file);
            continue;
        }
        gone(&file);
    }
}

/// The configuration directory is that of all databases of a user.
#[test]
fn each_database_that_is_named_has_a_first_password_of_its_own() {
    let home = Home::new();
    let start = |name: &str| {
        let url = format!("sqlite:{}", home.arg(name));
        let serve = ["--database", &url, "serve", "--listen", "127.0.0.1:0"];
        let server = Server::start_as(home.command(serve));
        let status = home.json(["--database", &url, "status"]);
        let namespace = status["namespace"].as_str().unwrap();
        let file = home.path(&format!("config/strongroom/initial-admin-password-{namespace}"));
        let password = std::fs::read_to_string(&file).unwrap();
        (server, url, file, password)
    };
    let (one, url, file, password) = start("one.db");
    let (two, _, other, second) = start("two.db");
    for (server, password) in [(&one, &password), (&two, &second)] {
        server.login(&format!("username=admin&password={password}")).unwrap();
    }
    let change = ["--database", &url, "user", "password", "admin", "--password-stdin"];
    assert_eq!(home.run_with("Second-password", change).code, 0);
    assert!(!file.exists() && other.exists());
    assert!(!home.path("config/strongroom/initial-admin-password").exists());
    assert_eq!((one.stop(), two.stop()), (0, 0));
}

#[test]
fn a_first_password_that_cannot_be_written_is_none() {
    let home = Home::new();
    let file = home.path("config/strongroom/initial-admin-password");
    home.ok(["secret", "create", "db", "--a=1"]);
    std::fs::create_dir(&file).unwrap();
    let error = home.fails(2, ["serve", "--listen", "127.0.0.1:0"]);
    assert!(error.contains("initial-admin-password"), "{error}");
    std::fs::remove_dir(&file).unwrap();
    let server = without_password(&home);
    let first = std::fs::read_to_string(&file).unwrap();
    server.login(&format!("username=admin&password={first}")).unwrap();
    let beside = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let left = beside.filter(|one| one.as_ref().unwrap().path().extension().is_some_and(|end| end == "tmp"));
    assert_eq!(left.count(), 0, "nothing is left of the attempts");
    assert_eq!(server.stop(), 0);
}

fn gone(file: &std::path::Path) {
    let since = Instant::now();
    while file.exists() {
        assert!(since.elapsed() < Duration::from_secs(20), "the file stays");
        thread::sleep(Duration::from_millis(100));
    }
}
