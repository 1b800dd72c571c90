//! Asking emulators of ours, for the tests of several packages.

use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// What an emulator of ours answers with, which has to be JSON and no refusal; a body is a form.
#[track_caller]
pub(crate) fn ask(url: &str, method: &str, path: &str, token: Option<&str>, body: &str) -> Value {
    let host = url.strip_prefix("http://").unwrap();
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{token}");
    let kind = "content-type: application/x-www-form-urlencoded";
    write!(stream, "{head}{kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{method} {path}: {answer}");
    serde_json::from_str(body).unwrap()
}
