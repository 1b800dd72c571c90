//! Clients that take their time, to keep others out.

use super::{Server, answer, hostile::assert_harmless};
use crate::support::Home;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// How many connections the server has.
const PLACES: usize = 12;

/// A server that is soon out of places, and of patience.
fn start(home: &Home) -> Server {
    Server::start_with(
        home,
        &[("STRONGROOM_SERVER_MAX_CONNECTIONS", "12"), ("STRONGROOM_SERVER_REQUEST_TIMEOUT_MS", "2000")],
    )
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Sends a byte now and then until the server does not want it any more; answers what it said.
fn drip(mut stream: TcpStream, bytes: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        match stream.read_to_end(&mut said) {
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    said
}

#[test]
fn whoever_sends_slowly_gives_the_place_up() {
    let home = Home::new();
    let server = start(&home);
    let token = server.admin();
    let begun = Instant::now();
    thread::scope(|scope| {
        for n in 0..PLACES {
            let (server, token) = (&server, &token);
            scope.spawn(move || {
                let mut stream = connect(server);
                let said = match n % 4 {
                    // Nothing at all.
                    0 => drip(stream, b""),
                    // A head without an end.
                    1 => {
                        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n").unwrap();
                        drip(stream, b"x-a: b\r\n")
                    }
                    // A body without an end.
                    2 => {
                        let head = format!(
                            "POST /api/v1/secrets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                             content-length: 100000\r\n\r\n"
                        );
                        stream.write_all(head.as_bytes()).unwrap();
                        let said = answer(&drip(stream, b" "));
                        assert_eq!((said.status, said.body["detail"].is_string()), (408, true), "{said:?}");
                        assert_harmless(&said, "a slow body");
                        return;
                    }
                    // One request, and then nothing.
                    _ => {
                        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
                        let mut said = Vec::new();
                        stream.read_to_end(&mut said).unwrap();
                        assert_eq!(answer(&said).status, 200);
                        return;
                    }
                };
                assert!(said.is_empty() || answer(&said).status == 408, "{said:?}");
            });
        }
        thread::sleep(Duration::from_millis(300));
        // There was no place, and there is one again.
        assert_eq!(server.call(&token, "GET", "/secrets", &Value::Null).status, 200);
    });
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(server.stop(), 0);
}

#[test]
fn whoever_does_not_read_an_answer_gives_the_place_up() {
    let home = Home::new();
    let server = start(&home);
    let token = server.admin();
    let large = "x".repeat(60_000);
    let names: Vec<String> = (0..200).map(|n| format!("db-{n}")).collect();
    for name in &names {
        let made = server.call(&token, "POST", "/secrets", &json!({"name": name, "values": {"k": large}}));
        assert_eq!(made.status, 200);
    }
    // Some 12 MB: more than lies in the buffers of two sockets.
    let body = json!({"names": names}).to_string();
    let request = format!(
        "POST /api/v1/secrets/values HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n\
         {body}",
        body.len()
    );
    let mut readers: Vec<TcpStream> = (0..PLACES)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    thread::sleep(Duration::from_secs(1));
    let since = Instant::now();
    assert_eq!(server.call(&token, "GET", "/secrets", &Value::Null).status, 200);
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    thread::sleep(Duration::from_secs(4));
    // What they read now ends early.
    let mut cut = Vec::new();
    let _ = readers[0].read_to_end(&mut cut);
    assert!(cut.len() < 11_000_000, "{} bytes", cut.len());
    drop(readers);
    // It has not kept the answers.
    let (now, most) = server.memory();
    assert!(now < most && most < 1_000, "{now} MiB, at most {most}");
    // And a client that reads gets all of it.
    let mut stream = connect(&server);
    stream.write_all(request.replace("host: x", "host: x\r\nconnection: close").as_bytes()).unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    let items = answer(&whole).body["items"].as_array().unwrap().clone();
    assert_eq!(items.iter().filter(|item| item["secret"]["body"]["values"]["k"] == large).count(), 200);
    assert_eq!(server.stop(), 0);
}
