//! One request and its answer.

use crate::{buffer::Buffer, error};
use bytes::Bytes;
use reqwest::{
    Method,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use std::time::{Duration, Instant};
use strongroom_core::Error;
use uuid::Uuid;

/// The largest answer that is read: a page of 10,000 secrets has about 7 MiB.
const MOST: usize = 256 << 20;

/// The wire, without any knowledge of who logs in.
pub(crate) struct Transport {
    http: reqwest::Client,
    base: String,
    timeout: Duration,
}

/// What is sent.
pub(crate) struct Message {
    pub(crate) method: Method,
    /// Behind `/api/v1`, escaped, with the query.
    pub(crate) path: String,
    pub(crate) body: Option<Body>,
    /// `If-Match`.
    pub(crate) expected: Option<u64>,
    /// `Idempotency-Key`.
    pub(crate) key: Option<Uuid>,
    /// `X-Request-ID`.
    pub(crate) request: Option<String>,
    /// `User-Agent`, if it is not the usual one.
    pub(crate) agent: Option<String>,
}

/// A body, shared between attempts.
#[derive(Clone)]
pub(crate) enum Body {
    Json(Bytes),
    Form(Bytes),
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) asks_for_login: bool,
    pub(crate) body: Buffer,
}

/// No answer came back.
pub(crate) struct Lost {
    pub(crate) error: Error,
    /// Whether the server may have seen the request.
    pub(crate) sent: bool,
    /// Whether another attempt can help.
    pub(crate) transient: bool,
}

impl Message {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, expected: None, key: None, request: None, agent: None }
    }
}

impl Reply {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Transport {
    pub(crate) fn new(http: reqwest::Client, base: String, timeout: Duration) -> Self {
        Self { http, base, timeout }
    }

    /// The server's URL.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends a message once, and reads the whole answer, until `end` at the latest.
    pub(crate) async fn exchange(
        &self,
        message: &Message,
        authorization: Option<&HeaderValue>,
        end: Instant,
    ) -> Result<Reply, Lost> {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Lost { error: error::too_slow(&self.base), sent: false, transient: false });
        }
        let url = format!("{}/api/v1{}", self.base, message.path);
        let mut request = self.http.request(message.method.clone(), url).timeout(left.min(self.timeout));
        request = request.headers(headers(message, authorization));
        if let Some(Body::Json(body) | Body::Form(body)) = message.body.clone() {
            request = request.body(body);
        }
        let mut response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status().as_u16();
        let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = seconds.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let asks_for_login = response.headers().contains_key(header::WWW_AUTHENTICATE);
        let length = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Buffer::with_capacity(length.min(MOST));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.as_ref().len() + chunk.len() > MOST {
                return Err(Lost { error: error::too_large(&self.base), sent: true, transient: false });
            }
            body.push(&chunk);
        }
        Ok(Reply { status, retry_after, asks_for_login, body })
    }

    fn lost(&self, lost: &reqwest::Error) -> Lost {
        if let Some(why) = error::certificate(lost) {
            return Lost { error: error::untrusted(&self.base, &why), sent: false, transient: false };
        }
        let error = if lost.is_timeout() {
            error::too_slow(&self.base)
        } else {
            error::unreachable(&self.base, lost)
        };
        Lost { error, sent: !lost.is_connect() && !lost.is_builder(), transient: !lost.is_builder() }
    }
}

fn headers(message: &Message, authorization: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    put(header::ACCEPT, "application/json");
    match &message.body {
        Some(Body::Json(_)) => put(header::CONTENT_TYPE, "application/json"),
        Some(Body::Form(_)) => put(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        None => {}
    }
    if let Some(revision) = message.expected {
        put(header::IF_MATCH, &format!("\"{revision}\""));
    }
    if let Some(key) = message.key {
        put(HeaderName::from_static("idempotency-key"), &key.to_string());
    }
    if let Some(agent) = &message.agent {
        put(header::USER_AGENT, agent);
    }
    if let Some(request) = &message.request {
        put(HeaderName::from_static("x-request-id"), request);
    }
    if let Some(authorization) = authorization {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    headers
}
