//! The proxy breaks the wire as it says, and no further.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use strongroom_testkit::wire::{Fault, Order, Wire};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A server that answers every request with `0123456789`, and counts.
async fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let worked = Arc::new(AtomicUsize::new(0));
    let count = worked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).await.unwrap();
            assert!(String::from_utf8_lossy(&buffer[..read]).contains("connection: close"));
            count.fetch_add(1, Ordering::Relaxed);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123456789";
            stream.write_all(answer).await.unwrap();
        }
    });
    (url, worked)
}

/// A connection that stays open.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn to(wire: &Wire) -> io::Result<Self> {
        let address = wire.url().strip_prefix("http://").unwrap().to_owned();
        Ok(Self(BufReader::new(TcpStream::connect(address).await?)))
    }

    /// Status, head and body.
    async fn ask(&mut self, request: &str) -> io::Result<(u16, String, String)> {
        self.0.write_all(request.as_bytes()).await?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let lower = head.to_lowercase();
        let length = lower.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok((head[9..12].parse().unwrap(), lower, String::from_utf8(body).unwrap()))
    }

    async fn get(&mut self, path: &str) -> io::Result<u16> {
        Ok(self.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await?.0)
    }
}

#[tokio::test]
async fn requests_are_passed_on_and_counted() {
    let (url, worked) = server().await;
    let wire = Wire::to(&url).await;
    let mut client = Client::to(&wire).await.unwrap();
    let post = "POST /a/b?c HTTP/1.1\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc";
    let (status, head, body) = client.ask(post).await.unwrap();
    assert_eq!((status, body.as_str()), (200, "0123456789"));
    assert!(!head.contains("close"));
    let aws = "POST / HTTP/1.1\r\nX-Amz-Target: secretsmanager.GetSecretValue\r\nContent-Length: 0\r\n\r\n";
    client.ask(aws).await.unwrap();
    assert_eq!(
        (wire.count("POST", "/a/*"), wire.count("*", "/GetSecretValue"), wire.count("GET", "*")),
        (1, 1, 0)
    );
    wire.forget();
    assert_eq!((wire.requests(), worked.load(Ordering::Relaxed)), (vec![], 2));
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let (url, worked) = server().await;
    let wire = Wire::to(&url).await;
    let second = Duration::from_millis(300);
    // What the client sees, and whether the server has worked.
    let lost = None;
    for (fault, seen, works) in [
        (Fault::Reset, lost, 0),
        (Fault::LoseAnswer, lost, 1),
        (Fault::HalfBody, lost, 1),
        (Fault::Slow(second), Some(200), 1),
        (Fault::Late(second), Some(200), 1),
        (Fault::status(503).body("busy").into(), Some(503), 0),
        (Fault::Refuse(second), lost, 0),
    ] {
        worked.store(0, Ordering::Relaxed);
        wire.order(Order::new("GET", "/x", fault.clone()));
        let mut client = Client::to(&wire).await.unwrap();
        assert_eq!(client.get("/y").await.unwrap(), 200);
        let begun = Instant::now();
        assert_eq!(client.get("/x").await.ok(), seen, "{fault:?}");
        if matches!(fault, Fault::Slow(_) | Fault::Late(_)) {
            assert!(begun.elapsed() >= second, "{fault:?}");
        }
        assert_eq!(worked.load(Ordering::Relaxed), 1 + works, "{fault:?}");
        if matches!(fault, Fault::Refuse(_)) {
            let refused = Client::to(&wire).await.err().map(|error| error.kind());
            assert_eq!(refused, Some(io::ErrorKind::ConnectionRefused));
            tokio::time::sleep(second * 2).await;
        }
    }
    assert_eq!(wire.broken(), 7);
}

#[tokio::test]
async fn a_late_request_arrives_though_nobody_waits() {
    let (url, worked) = server().await;
    let wire = Wire::to(&url).await;
    wire.order(Order::new("GET", "/x", Fault::Late(Duration::from_millis(200))));
    let mut client = Client::to(&wire).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(50), client.get("/x")).await;
    assert!(waited.is_err());
    drop(client);
    assert_eq!(worked.load(Ordering::Relaxed), 0);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(worked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_closed_port_refuses_until_it_is_healed() {
    let (url, _) = server().await;
    let wire = Wire::to(&url).await;
    let mut open = Client::to(&wire).await.unwrap();
    wire.refuse();
    assert!(open.get("/x").await.is_err());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(Client::to(&wire).await.is_err());
    wire.heal();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(Client::to(&wire).await.unwrap().get("/x").await.unwrap(), 200);
}

#[tokio::test]
async fn an_answer_says_when_to_come_again() {
    let (url, worked) = server().await;
    let wire = Wire::to(&url).await;
    wire.order(Order::new("*", "*", Fault::status(429).retry_after(7)).always());
    let mut client = Client::to(&wire).await.unwrap();
    for _ in 0..3 {
        let (status, head, _) = client.ask("GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(status == 429 && head.contains("retry-after: 7"));
    }
    assert_eq!(worked.load(Ordering::Relaxed), 0);
}
