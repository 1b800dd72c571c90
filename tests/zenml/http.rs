//! Plain requests, for what the client does not do.

use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Sends a request to a path of the API with a token.
pub(crate) fn call(url: &str, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(url, method, &format!("/api/v1{path}"), Some(token), &body)
}

/// Sends a request; a body that is no JSON is a form.
pub(crate) fn send(url: &str, method: &str, path: &str, token: Option<&str>, body: &str) -> Answer {
    let more = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    exchange(url, method, path, &more.unwrap_or_default(), body)
}

/// Sends a form as a browser does that shows a page of this server.
pub(crate) fn submit(url: &str, path: &str, form: &str) -> Answer {
    exchange(url, "POST", path, &format!("origin: {url}\r\n"), form)
}

fn exchange(url: &str, method: &str, path: &str, more: &str, body: &str) -> Answer {
    let host = url.strip_prefix("http://").expect("a server on this machine");
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    request.push_str(more);
    let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    request.push_str(&format!("content-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, body: serde_json::from_str(body).unwrap_or_else(|_| body.into()) }
}
