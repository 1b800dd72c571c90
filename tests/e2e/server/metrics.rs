//! Who may see the counts, and what they and `/ready` say about stores that are down.

use super::Server;
use crate::support::Home;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn metrics_are_for_this_machine_alone_or_for_those_with_the_token() {
    let home = Home::new();
    let look = |server: &Server, host: &str, headers: &[(&str, &str)]| {
        let mut request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
        super::answer(&server.raw(format!("{request}\r\n").as_bytes())).status
    };
    let server = Server::start(&home);
    for host in ["localhost", "LOCALHOST:8237", "127.0.0.1:1", "[::1]:8237"] {
        assert_eq!(look(&server, host, &[]), 200, "{host}");
    }
    // What a proxy on this machine passes on.
    for host in ["strongroom.example", "192.0.2.1:80", "", "localhost.example"] {
        assert_eq!(look(&server, host, &[]), 401, "{host}");
    }
    for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
    {
        assert_eq!(look(&server, "localhost", &[(name, "1.1 x")]), 401, "{name}");
    }
    assert_eq!(server.stop(), 0);
    // A proxy that leaves no trace: the configuration says that there is one.
    for (name, value) in [
        ("STRONGROOM_SERVER_PUBLIC_URL", "https://strongroom.example"),
        ("STRONGROOM_SERVER_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("STRONGROOM_SERVER_PLAINTEXT", "behind-proxy"),
    ] {
        let server = Server::start_with(&home, &[(name, value)]);
        assert_eq!(look(&server, "localhost", &[]), 401, "{name}");
        assert_eq!(server.stop(), 0);
    }
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_METRICS_TOKEN", "the-token-of-prometheus")]);
    assert_eq!(look(&server, "localhost", &[]), 401);
    assert_eq!(look(&server, "localhost", &[("authorization", "Bearer another")]), 401);
    let token = ("authorization", "Bearer the-token-of-prometheus");
    assert_eq!(look(&server, "strongroom.example", &[token, ("x-forwarded-for", "192.0.2.1")]), 200);
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
    let works = || {
        let metrics = server.send("GET", "/metrics", &[], b"").body;
        let text = metrics.as_str().unwrap().to_owned();
        let line = "strongroom_store_works{store=\"default\"} ";
        text.lines().find_map(|one| one.strip_prefix(line)).unwrap().to_owned()
    };
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    assert_eq!((made.status, ready(), works().as_str()), (200, (200, "ok".into()), "1"));
    let metrics = server.send("GET", "/metrics", &[], b"").body;
    let twins = "strongroom_store_twins_removed_total{store=\"default\"} 0";
    assert!(metrics.as_str().unwrap().lines().any(|line| line == twins), "{metrics}");
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
