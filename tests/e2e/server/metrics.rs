//! Who may see the counts, and what they and `/ready` say about stores that are down.

use super::Server;
use crate::support::Home;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// The status of a look at the counts.
fn look(server: &Server, host: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
    super::answer(&server.raw(format!("{request}\r\n").as_bytes())).status
}

/// A server without a token for metrics, with these variables.
fn without_token(home: &Home, variables: &[(&str, &str)]) -> Server {
    let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
    command.env("STRONGROOM_ADMIN_PASSWORD", super::PASSWORD).envs(variables.iter().copied());
    Server::start_as(command)
}

#[test]
fn metrics_are_for_those_with_the_token_or_an_account_that_may_see_them() {
    let home = Home::new();
    // Whoever comes through a proxy on this machine looks like a caller on it: neither is let in unasked.
    let server = without_token(&home, &[]);
    for host in ["localhost", "127.0.0.1:8237", "strongroom.example"] {
        assert_eq!(look(&server, host, &[]), 401, "{host}");
    }
    let asked = server.send("GET", "/metrics", &[], b"");
    assert!(asked.head.contains("www-authenticate: bearer"), "{asked:?}");
    assert!(asked.body["detail"].as_str().unwrap().contains("server.metrics_token"), "{asked:?}");
    for (role, status) in [("admin", 200), ("auditor", 200), ("writer", 403), ("reader", 403)] {
        let name = format!("the {role}");
        home.ok(["service-account", "create", &name, "--role", role]);
        let key = format!("Bearer {}", home.ok(["api-key", "create", &name]).trim());
        assert_eq!(look(&server, "strongroom.example", &[("authorization", &key)]), status, "{role}");
    }
    assert_eq!(server.stop(), 0);
    let server = Server::start(&home);
    assert_eq!(look(&server, "localhost", &[]), 401);
    assert_eq!(look(&server, "localhost", &[("authorization", "Bearer another")]), 401);
    let token = format!("Bearer {}", super::METRICS);
    let proxied = [("authorization", token.as_str()), ("x-forwarded-for", "192.0.2.1")];
    assert_eq!(look(&server, "strongroom.example", &proxied), 200);
}

#[test]
fn metrics_are_for_everybody_on_this_machine_if_that_is_configured() {
    let home = Home::new();
    let open = ("STRONGROOM_SERVER_METRICS", "loopback");
    let server = without_token(&home, &[open]);
    for host in ["localhost", "LOCALHOST:8237", "127.0.0.1:1", "[::1]:8237"] {
        assert_eq!(look(&server, host, &[]), 200, "{host}");
    }
    // What a proxy on this machine passes on shows, nearly always.
    for host in ["strongroom.example", "192.0.2.1:80", "", "localhost.example"] {
        assert_eq!(look(&server, host, &[]), 401, "{host}");
    }
    for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
    {
        assert_eq!(look(&server, "localhost", &[(name, "1.1 x")]), 401, "{name}");
    }
    assert_eq!(server.stop(), 0);
    // The configuration contradicts itself: it says that there is a proxy.
    for (name, value) in [
        ("STRONGROOM_SERVER_PUBLIC_URL", "https://strongroom.example"),
        ("STRONGROOM_SERVER_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("STRONGROOM_SERVER_PLAINTEXT", "behind-proxy"),
    ] {
        let server = without_token(&home, &[open, (name, value)]);
        assert_eq!(look(&server, "localhost", &[]), 401, "{name}");
        assert!(server.said().0.iter().any(|line| line.contains("server.metrics has no effect")), "{name}");
        assert_eq!(server.stop(), 0);
    }
}

#[test]
fn a_store_that_is_down_is_named_and_takes_no_server_out() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_ENGINE_CACHE_BYTES", "0");
    home.set("STRONGROOM_ENGINE_CALL_ATTEMPTS", "1");
    let server = Server::start(&home);
    let token = server.admin();
    let ready = || {
        let answer = server.send("GET", "/ready", &[], b"");
        (answer.status, answer.body.as_str().unwrap_or_default().to_owned())
    };
    let works = || server.metric::<String>("strongroom_store_works{store=\"default\"} ");
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    assert_eq!((made.status, ready(), works().as_str()), (200, (200, "ok".into()), "1"));
    let twins = "strongroom_store_twins_removed_total{store=\"default\"} ";
    assert_eq!(server.metric::<String>(twins), "0");
    let read = || server.call(&token, "GET", "/secrets/by-name/db", &Value::Null).status;
    std::fs::write(home.store().join("down"), "").unwrap();
    assert_eq!(read(), 503);
    let degraded = "degraded: default (Unavailable)";
    assert_eq!((ready(), works().as_str()), ((200, degraded.into()), "0"));
    // What does not lie there is answered.
    assert_eq!(server.call(&token, "GET", "/secrets", &Value::Null).body["total"], 1);
    assert_eq!(server.send("GET", "/health", &[], b"").status, 200);
    std::fs::remove_file(home.store().join("down")).unwrap();
    // It is asked again, also if nobody reads.
    let since = Instant::now();
    while ready().1 != "ok" {
        assert!(since.elapsed() < Duration::from_secs(40), "{:?}", ready());
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!((read(), works().as_str()), (200, "1"));
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_server_starts_while_a_store_is_down_and_says_so() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_ENGINE_CALL_ATTEMPTS", "1");
    std::fs::create_dir_all(home.store()).unwrap();
    let switch = home.store().join("down");
    std::fs::write(&switch, "").unwrap();
    // Whoever asks whether all is well is told no.
    assert_ne!(home.run(["serve", "--check"]).code, 0);
    let server = Server::start(&home);
    let ready = server.send("GET", "/ready", &[], b"");
    assert_eq!((ready.status, ready.body.as_str()), (200, Some("degraded: default (Unavailable)")));
    assert!(server.said().0.iter().any(|line| line.starts_with("warning: ")), "{:?}", server.said().0);
    let token = server.admin();
    let create = || server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    assert_eq!(create().status, 503);
    std::fs::remove_file(&switch).unwrap();
    assert_eq!((create().status, server.send("GET", "/ready", &[], b"").body), (200, json!("ok")));
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_server_whose_accounts_cannot_be_read_is_not_ready() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let ready = || {
        let answer = server.send("GET", "/ready", &[], b"");
        (answer.status, answer.body)
    };
    assert_eq!(ready(), (200, json!("ok")));
    for (breaks, mends) in [
        ("ALTER TABLE auth_epoch RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO auth_epoch"),
        ("DELETE FROM auth_epoch", "INSERT INTO auth_epoch (id, epoch) VALUES (1, 1000)"),
    ] {
        home.behind_our_back(breaks);
        assert_eq!(ready(), (503, json!("the accounts cannot be read")), "{breaks}");
        // Nobody is let in on what was remembered.
        let refused = server.call(&token, "GET", "/secrets", &Value::Null);
        assert_eq!(refused.status, 500, "{breaks}: {refused:?}");
        // Nor is anybody told, who may be nobody, what the database looks like.
        for part in ["auth_epoch", "database says", "SQLite"] {
            assert!(!refused.body.to_string().contains(part), "{breaks}: {refused:?}");
        }
        home.behind_our_back(mends);
        assert_eq!(ready(), (200, json!("ok")), "{mends}");
        assert_eq!(server.call(&token, "GET", "/secrets", &Value::Null).status, 200);
    }
}
