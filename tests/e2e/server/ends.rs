//! What is refused at the start, and the end.

use super::{Server, answer};
use crate::support::Home;
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
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
            let sent = TcpStream::connect(("127.0.0.1", before)).and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                stream.read_to_end(&mut bytes)
            });
            if sent.is_err() || bytes.is_empty() {
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
