//! What is under way when the server is told to end.

use super::{Server, answer};
use crate::support::Home;
use serde_json::json;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Where even a slow machine is done.
const LONG: Duration = Duration::from_secs(60);

/// A request of which the server has the head and waits for the body, of this length.
fn begin(server: &Server, length: usize) -> TcpStream {
    server.begin(&server.admin(), "POST", "/secrets", "", length)
}

/// Tells it to end, and waits until it takes no connections any more.
fn tell_to_end(server: &Server) {
    server.signal("TERM");
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", server.port)).is_ok() {
        assert!(since.elapsed() < LONG, "it goes on listening");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_request_that_is_under_way_is_answered_before_the_end() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_DRAIN_MS", "120000")]);
    let body = json!({"name": "late", "values": {"k": "v"}}).to_string();
    let (early, late) = body.as_bytes().split_at(10);
    let mut stream = begin(&server, body.len());
    stream.write_all(early).unwrap();
    tell_to_end(&server);
    stream.write_all(late).unwrap();
    // The connection ends behind the answer, though the client did not ask for that.
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let made = answer(&bytes);
    assert_eq!((made.status, &made.body["name"]), (200, &json!("late")), "{made:?}");
    assert_eq!(made.body["body"]["values"], json!({"k": "v"}), "{made:?}");
    assert_eq!(server.stop_again(), 0);
    assert_eq!(home.values("late"), json!({"k": "v"}));
    home.ok(["audit", "verify"]);
}

#[test]
fn a_request_that_does_not_end_is_cut_off_when_the_time_to_drain_is_over() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_DRAIN_MS", "500")]);
    let mut stream = begin(&server, 100);
    tell_to_end(&server);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    assert!(bytes.is_empty(), "{}", String::from_utf8_lossy(&bytes));
    let (code, said) = server.ended();
    assert_eq!(code, 0);
    let said = said.0.join("\n");
    assert!(said.contains("still under way when the time to drain was over"), "{said}");
    home.ok(["audit", "verify"]);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let home = Home::new();
    // Neither the time to drain nor that for the body ends it within this test.
    let slow = [("STRONGROOM_SERVER_DRAIN_MS", "120000"), ("STRONGROOM_SERVER_REQUEST_TIMEOUT_MS", "120000")];
    for second in ["TERM", "INT"] {
        let server = Server::start_with(&home, &slow);
        let _held = begin(&server, 100);
        tell_to_end(&server);
        // One that comes with the first is none.
        thread::sleep(Duration::from_millis(1100));
        server.signal(second);
        let since = Instant::now();
        assert_eq!(server.stop_again(), 1, "{second}");
        assert!(since.elapsed() < LONG, "{:?}", since.elapsed());
    }
}

#[test]
fn what_a_terminal_and_a_wrapper_both_send_is_one_signal() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_DRAIN_MS", "120000")]);
    let body = json!({"name": "late", "values": {"k": "v"}}).to_string();
    let mut stream = begin(&server, body.len());
    let pid = server.child.id();
    let together = format!("kill -INT {pid} && kill -INT {pid} && kill -TERM {pid}");
    assert!(Command::new("sh").args(["-c", &together]).status().unwrap().success());
    thread::sleep(Duration::from_millis(1500));
    // The end of the terminal insists on nothing, however late.
    server.signal("HUP");
    thread::sleep(Duration::from_millis(500));
    stream.write_all(body.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert_eq!(answer(&bytes).status, 200);
    assert_eq!(server.stop_again(), 0);
    assert_eq!(home.values("late"), json!({"k": "v"}));
    home.ok(["audit", "verify"]);
}
