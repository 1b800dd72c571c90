//! One request at a time, for setting up what is measured.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Result};

/// Sends a request to this machine; answers status and body.
///
/// # Errors
/// There is no answer.
pub(super) fn call(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(u16, Vec<u8>)> {
    let failed = |error| Failure::of("reach", "the server", error);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
    // HTTP/1.0: the answer ends with the connection, and is in one piece.
    let mut request =
        format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(failed)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no answer of HTTP")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no status")?;
    Ok((status, bytes[end + 4..].to_vec()))
}

/// The same for JSON that is to be answered with 2xx.
///
/// # Errors
/// There is no such answer.
pub(super) fn json(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Value> {
    let (status, bytes) = call(port, method, path, headers, body)?;
    if !(200..300).contains(&status) {
        return Err(format!("{method} {path}: status {status}").into());
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|_| format!("{method} {path}: no JSON").into())
}
