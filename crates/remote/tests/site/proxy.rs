//! What stands between a client and the server, and does to answers what networks do.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What happens to one request whose head holds a text.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It arrives, and the answer is lost.
    LoseAnswer,
    /// It does not arrive: this is answered in the server's place.
    Answer(&'static str),
    /// It arrives, and is never answered.
    Hang,
}

/// A proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    plan: Arc<Mutex<Vec<(&'static str, Fate)>>>,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    /// In front of a server.
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            plan: Arc::default(),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let this = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                this.connections.fetch_add(1, Ordering::SeqCst);
                let this = this.clone();
                tokio::spawn(async move { this.carry(client, server).await });
            }
        });
        proxy
    }

    /// Decides over the next request whose first line holds the text.
    pub(crate) fn plan(&self, holds: &'static str, fate: Fate) {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).push((holds, fate));
    }

    /// The heads of all requests that holds the text in their first line.
    pub(crate) fn seen(&self, holds: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|head| head.lines().next().unwrap_or_default().contains(holds)).cloned().collect()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn fate(&self, head: &str) -> Option<Fate> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(head.to_owned());
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let first = head.lines().next().unwrap_or_default();
        let at = plan.iter().position(|(holds, _)| first.contains(holds))?;
        Some(plan.remove(at).1)
    }

    async fn carry(&self, mut client: TcpStream, server: SocketAddr) {
        let mut server = TcpStream::connect(server).await.unwrap();
        while let Some(request) = message(&mut client).await {
            let head =
                String::from_utf8_lossy(&request).split("\r\n\r\n").next().unwrap_or_default().to_owned();
            match self.fate(&head) {
                Some(Fate::Answer(answer)) => {
                    client.write_all(answer.as_bytes()).await.unwrap();
                    continue;
                }
                fate => {
                    server.write_all(&request).await.unwrap();
                    let Some(answer) = message(&mut server).await else { return };
                    match fate {
                        None => client.write_all(&answer).await.unwrap(),
                        Some(Fate::Hang) => std::future::pending().await,
                        Some(_) => return,
                    }
                }
            }
        }
    }
}

/// One message with its body.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some(bytes);
            }
        }
        let mut more = [0; 16 << 10];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&more[..read]),
        }
    }
}
