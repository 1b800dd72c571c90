//! As much of HTTP/1.1 as it takes to see where a message ends.

use std::io::{self, ErrorKind};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A request or an answer: its head with the empty line, and its body as it came.
pub(super) struct Message {
    head: String,
    body: Vec<u8>,
}

impl Message {
    /// The next request on a connection; `None` if the client is done. `rest` is what was read too much.
    pub(super) async fn request(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let Some(head) = head(stream, rest).await? else { return Ok(None) };
        let mut message = Self { head, body: Vec::new() };
        // It may wait for this before it sends its body.
        if message.header("expect").is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue")) {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while !message.is_whole(rest) {
            if stream.read_buf(rest).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let length = message.length(rest);
        message.body = rest.drain(..length).collect();
        Ok(Some(message))
    }

    /// The answer to a request that said that there is no further one.
    pub(super) async fn answer(stream: &mut TcpStream) -> io::Result<Self> {
        let mut rest = Vec::new();
        let head = head(stream, &mut rest).await?.ok_or(ErrorKind::UnexpectedEof)?;
        stream.read_to_end(&mut rest).await?;
        Ok(Self { head, body: rest })
    }

    /// The words of the first line.
    pub(super) fn first_line(&self) -> impl Iterator<Item = &str> {
        self.head.lines().next().unwrap_or_default().split(' ')
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The same message with another `Connection`.
    pub(super) fn connection(mut self, value: Option<&str>) -> Self {
        let is_other =
            |line: &&str| !line.is_empty() && !line.to_ascii_lowercase().starts_with("connection:");
        let mut head: String = self.head.lines().filter(is_other).flat_map(|line| [line, "\r\n"]).collect();
        if let Some(value) = value {
            head.push_str(&format!("connection: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.head = head;
        self
    }

    /// Whether its end can be told without the end of the connection.
    pub(super) fn ends_by_itself(&self) -> bool {
        let status = self.first_line().nth(1).unwrap_or_default();
        self.is_chunked() || self.header("content-length").is_some() || matches!(status, "204" | "304")
    }

    /// As it goes over the wire.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }

    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The head and the first half of the body; without a body, the first half of the head.
    pub(super) fn half(&self) -> Vec<u8> {
        match self.body.len() {
            0 => self.head.as_bytes()[..self.head.len() / 2].to_vec(),
            bytes => [self.head.as_bytes(), &self.body[..bytes / 2]].concat(),
        }
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }

    fn is_whole(&self, bytes: &[u8]) -> bool {
        if self.is_chunked() { bytes.ends_with(b"0\r\n\r\n") } else { bytes.len() >= self.length(bytes) }
    }

    /// How many of these bytes are the body.
    fn length(&self, bytes: &[u8]) -> usize {
        if self.is_chunked() {
            // Clients here wait for the answer before they send the next request.
            bytes.len()
        } else {
            self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
        }
    }
}

/// Everything up to the empty line.
async fn head(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(at) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = rest.drain(..at + 4).collect();
            return String::from_utf8(head).map(Some).map_err(|_| ErrorKind::InvalidData.into());
        }
        if stream.read_buf(rest).await? == 0 {
            return if rest.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
    }
}
