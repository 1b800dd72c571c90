//! Heads that are no requests, or more than one needs.

use super::{Answer, Server, answer, hostile::assert_harmless};
use crate::support::Home;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
};

/// A request with these lines in its head, and the status that it gets.
fn heads() -> Vec<(Vec<u8>, u16)> {
    let with = |lines: &str| {
        format!("GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n").into_bytes()
    };
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: canary\r\n")).collect::<String>();
    vec![
        // Large fields, long names, many of them.
        (with(&format!("x-a: {}\r\n", "canary".repeat(20_000))), 431),
        (with(&format!("authorization: Bearer {}\r\n", "canary".repeat(200_000))), 431),
        (with(&format!("{}: a\r\n", "canary".repeat(20_000))), 431),
        (with(&many(98)), 200),
        (with(&many(99)), 431),
        (with(&many(5_000)), 431),
        (with(&many(200_000)), 431),
        // Long addresses, and one that leads nowhere.
        (format!("GET /{} HTTP/1.1\r\n\r\n", "canary".repeat(20_000)).into_bytes(), 431),
        (format!("GET /?q={} HTTP/1.1\r\nconnection: close\r\n\r\n", "c".repeat(60_000)).into_bytes(), 404),
        // No HTTP.
        (b"GET / HTTP/9\r\n\r\n".to_vec(), 400),
        (b"GET /canary\r\n\r\n".to_vec(), 400),
        (b"canary\r\n\r\n".to_vec(), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary\r\n\r\n".to_vec(), 400),
        (b"G\0T /canary HTTP/1.1\r\n\r\n".to_vec(), 400),
        (b"GET /\x01canary HTTP/1.1\r\n\r\n".to_vec(), 400),
        (with("canary\r\n"), 400),
        (with("x canary: a\r\n"), 400),
        (with(": canary\r\n"), 400),
        (with("x-a: \0canary\r\n"), 400),
        (with("content-length: canary\r\n"), 400),
        (with("content-length: 1\r\ncontent-length: 2\r\n"), 400),
        (with("content-length: -1\r\n"), 400),
        (with("transfer-encoding: canary\r\n"), 400),
    ]
}

#[test]
fn what_is_no_request_gets_an_error_of_the_usual_form() {
    let home = Home::new();
    let server = Server::start(&home);
    let (_, before) = server.memory();
    for (head, status) in heads() {
        let what = String::from_utf8_lossy(&head[..head.len().min(60)]).into_owned();
        let answer = answer(&server.raw(&head));
        assert_eq!(answer.status, status, "{what:?}: {answer:?}");
        if status != 200 {
            assert_harmless(&answer, &what);
            assert!(status == 404 || answer.head.contains("connection: close"), "{answer:?}");
        }
    }
    // Behind requests that are answered, on one connection.
    let good = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let mut first = [0; 4096];
    for _ in 0..2 {
        stream.write_all(good.as_bytes()).unwrap();
        let read = stream.read(&mut first).unwrap();
        assert!(first[..read].starts_with(b"HTTP/1.1 200"), "{:?}", &first[..read]);
    }
    stream.write_all(b"canary\r\n\r\n").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_harmless(&answer(&rest), "behind others");
    // Many at once take no memory.
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..8 {
                    let head = format!("GET / HTTP/1.1\r\nx-a: {}\r\n\r\n", "canary".repeat(200_000));
                    let refused: Answer = answer(&server.raw(head.as_bytes()));
                    assert!([431, 0].contains(&refused.status), "{refused:?}");
                }
            });
        }
    });
    let (_, most) = server.memory();
    assert!(most - before < 40, "{most} MiB, {before} before");
    // They are counted, and the server is well.
    let refused = "strongroom_http_requests_total{method=\"other\",route=\"unknown\",status=\"431\"} ";
    assert!(server.metric::<u64>(refused) > 8);
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 200);
    let (code, said) = server.end();
    assert!(code == 0 && !said.0.concat().contains("canary"), "{code}");
}
