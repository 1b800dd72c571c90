//! What is refused before there is a request: heads that are too long, have too many fields or are no HTTP.
//!
//! The HTTP library answers these itself, without a body and before any route. On their way out they get the body and
//! the fields that all other errors have.

use super::{error::ErrorBody, state::App};
use axum::http::{Method, StatusCode};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection on which the library's own answers are replaced.
pub(crate) struct Worded<S> {
    stream: S,
    app: App,
    instead: Option<Instead>,
}

/// What goes out instead of the library's answer.
struct Instead {
    bytes: Vec<u8>,
    written: usize,
    /// How many bytes of the library's it stands for.
    stands_for: usize,
}

impl<S> Worded<S> {
    pub(crate) fn new(stream: S, app: App) -> Self {
        Self { stream, app, instead: None }
    }
}

/// The status, if this is an answer of the library, whole. All of ours have an id, and bodies; no body of ours has these
/// lines in it.
fn status(bytes: &[u8]) -> Option<StatusCode> {
    // Whatever goes out is looked at; nearly all of it no further than this.
    let rest = bytes.strip_prefix(b"HTTP/1.1 4").or_else(|| bytes.strip_prefix(b"HTTP/1.0 4"))?;
    let head = std::str::from_utf8(rest.strip_suffix(b"\r\n\r\n")?).ok()?;
    let has = |name: &str| {
        head.split("\r\n")
            .any(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    };
    if head.contains("\r\n\r\n") || !has("content-length: 0") || has("x-request-id:") {
        return None;
    }
    match head.get(..2)? {
        "00" => Some(StatusCode::BAD_REQUEST),
        "14" => Some(StatusCode::URI_TOO_LONG),
        "31" => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        _ => None,
    }
}

fn text(status: StatusCode) -> &'static str {
    match status {
        StatusCode::URI_TOO_LONG => "The address of the request is too long",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "The head of the request is larger than 64 KiB or has more than 100 fields"
        }
        _ => "The request is no HTTP/1.1, or its head is malformed",
    }
}

/// The answer in the form of all errors. The connection ends with it.
fn answer(app: &App, status: StatusCode) -> Vec<u8> {
    let id = app.request_ids.next();
    // The method is not known: among the counts it is one of the others.
    app.metrics.answered(&Method::CONNECT, "unknown", status, Duration::ZERO);
    tracing::info!(target: "strongroom::http", request = id, status = status.as_u16(), "no request");
    let body = serde_json::to_string(&ErrorBody::plain(text(status))).unwrap_or_default();
    let reason = status.canonical_reason().unwrap_or_default();
    format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\nx-request-id: {id}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        status.as_u16(),
        body.len()
    )
    .into_bytes()
}

impl<S: AsyncWrite + Unpin> Worded<S> {
    /// Sends what goes out instead; then how many bytes that stands for.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<usize>>> {
        let Some(instead) = &mut self.instead else { return Poll::Ready(Ok(None)) };
        while let Some(left) = instead.bytes.get(instead.written..).filter(|left| !left.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                some => instead.written += some,
            }
        }
        let stands_for = instead.stands_for;
        self.instead = None;
        Poll::Ready(Ok(Some(stands_for)))
    }

    /// Looks whether these bytes are to be replaced, and does so; `None` if they are to go out as they are.
    fn poll_replaced(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<Option<usize>>> {
        if self.instead.is_none() {
            let Some(status) = status(bytes) else { return Poll::Ready(Ok(None)) };
            self.instead =
                Some(Instead { bytes: answer(&self.app, status), written: 0, stands_for: bytes.len() });
        }
        self.poll_instead(cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Worded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_replaced(cx, bytes))? {
            Some(written) => Poll::Ready(Ok(written)),
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // The library's answers are one part.
        let mut filled = parts.iter().filter(|part| !part.is_empty());
        if let (Some(only), None) = (filled.next(), filled.next())
            && let Some(written) = ready!(self.poll_replaced(cx, only))?
        {
            return Poll::Ready(Ok(written));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Worded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_of_the_library_are_replaced() {
        let theirs = |status: &str| {
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: Fri\r\n\r\n")
        };
        let of = |text: &str| status(text.as_bytes()).map(|status| status.as_u16());
        for (line, code) in [
            ("400 Bad Request", 400),
            ("414 URI Too Long", 414),
            ("431 Request Header Fields Too Large", 431),
        ] {
            assert_eq!(of(&theirs(line)), Some(code));
            // Ours have an id; what is not whole, or followed by something else, is not looked into.
            assert_eq!(of(&theirs(line).replace("date:", "x-request-id:")), None);
            assert_eq!(of(&format!("{}{{}}", theirs(line))), None);
            assert_eq!(of(&theirs(line).repeat(2)), None);
            assert_eq!(of(theirs(line).trim_end()), None);
        }
        assert_eq!(of(&theirs("404 Not Found")), None);
        assert_eq!(of(&theirs("200 OK")), None);
        assert_eq!(of("HTTP/1.1 4\r\n\r\n"), None);
    }
}
