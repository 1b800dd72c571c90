//! What goes over the wire.

use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use serde_json::Value;
use std::collections::BTreeMap;

/// A request with its whole body.
#[derive(Debug)]
pub struct Request {
    parts: Parts,
    /// The body.
    pub body: Bytes,
}

impl Request {
    pub(crate) fn new(parts: Parts, body: Bytes) -> Self {
        Self { parts, body }
    }

    /// `GET`, `POST` and so on.
    #[must_use]
    pub fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    /// The path as it was sent, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The parts between the slashes of the path, each decoded for itself; empty ones are left out.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        self.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// The parameters after the question mark. Of two with one name the last counts.
    #[must_use]
    pub fn query(&self) -> BTreeMap<String, String> {
        pairs(self.parts.uri.query().unwrap_or_default().as_bytes())
    }

    /// The fields of a form in the body.
    #[must_use]
    pub fn form(&self) -> BTreeMap<String, String> {
        pairs(&self.body)
    }

    /// A header, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// What follows `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        let (kind, token) = self.header("authorization")?.split_once(' ')?;
        kind.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// The host that was asked for, with a port if one was named.
    #[must_use]
    pub fn host(&self) -> &str {
        self.header("host").unwrap_or_default()
    }

    fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }
}

fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// One without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// One with JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        let answer = Self { body: value.to_string().into_bytes(), ..Self::empty(status) };
        answer.header("content-type", "application/json; charset=utf-8")
    }

    /// One with plain text.
    #[must_use]
    pub fn text(status: u16, text: &str) -> Self {
        Self { body: text.as_bytes().to_vec(), ..Self::empty(status) }.header("content-type", "text/plain")
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
