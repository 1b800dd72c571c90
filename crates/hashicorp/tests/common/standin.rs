//! A server of HTTP in this process, for what no emulator has.

use serde_json::Value;
use std::{collections::BTreeMap, io, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Answers on a port of its own until it is dropped.
pub(crate) struct StandIn {
    pub(crate) url: String,
    accepting: JoinHandle<()>,
}

/// A request.
pub(crate) struct Asked {
    /// `POST /path`, with the query.
    pub(crate) what: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    /// Null if there is none, or it is no JSON.
    pub(crate) body: Value,
}

/// A status and a body.
pub(crate) type Said = (u16, Value);

impl StandIn {
    pub(crate) async fn new(answer: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    // A client that went away is its own affair.
                    let _ = serve(client, &*answer).await;
                });
            }
        });
        Self { url, accepting }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request for each connection.
async fn serve(client: TcpStream, answer: &(impl Fn(&Asked) -> Said + Send + Sync)) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first().map(String::as_str).unwrap_or_default().split(' ');
    let what = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: BTreeMap<_, _> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body).await?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, said) = answer(&Asked { what, headers, body });
    let said = said.to_string();
    let head = format!(
        "HTTP/1.1 {status} Test\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        said.len()
    );
    client.write_all(format!("{head}{said}").as_bytes()).await?;
    client.shutdown().await
}
