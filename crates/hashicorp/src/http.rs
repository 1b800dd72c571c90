//! Requests over the wire: bounded answers, nothing followed, nothing kept.
//!
//! `vaultrs` names the calls and their shapes; they are sent from here, because its own client takes answers of any
//! size, loses `Retry-After`, and reads addresses and tokens from the environment.

use crate::{
    error::{Failure, Told},
    index::Index,
};
use bytes::Bytes;
use reqwest::{
    Certificate, Client, Identity, Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};
use rustify::{endpoint::Endpoint, enums::RequestMethod};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::IgnoredAny};
use std::time::Duration;
use strongroom_core::Result;
use zeroize::Zeroizing;

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");

/// The most that is read of an answer, unless it is a list.
pub(crate) const ANSWER: usize = 2 << 20;

/// The most that is read of a list of keys: some hundred thousand of them.
pub(crate) const LIST: usize = 32 << 20;

/// One server.
pub(crate) struct Http {
    client: Client,
    /// With the version of the API, without a slash at the end.
    base: String,
    namespace: Option<HeaderValue>,
    index: Index,
}

/// Whom to trust, and who we are.
#[derive(Default)]
pub(crate) struct Tls {
    /// The only authorities that are trusted; none: those of the system.
    pub(crate) authorities: Option<Vec<Certificate>>,
    pub(crate) identity: Option<Identity>,
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Below `/v1/`.
    pub(crate) path: &'a str,
    pub(crate) query: Option<String>,
    pub(crate) content: &'static str,
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
    /// The most that is read of the answer.
    pub(crate) most: usize,
}

/// An answer with a status of success.
pub(crate) type Answer = Zeroizing<Vec<u8>>;

impl Http {
    pub(crate) fn new(address: &Url, namespace: Option<HeaderValue>, tls: Tls) -> reqwest::Result<Self> {
        let mut builder = Client::builder()
            .tls_backend_rustls()
            .no_proxy()
            // Where to is for us to say: a token goes with each request.
            .redirect(Policy::none())
            .referer(false);
        if address.scheme() == "http" {
            // Nothing is verified, so the system's authorities need not be loaded, nor be there.
            builder = builder.tls_certs_only([]);
        } else if let Some(authorities) = tls.authorities {
            builder = builder.tls_certs_only(authorities);
        }
        if let Some(identity) = tls.identity {
            builder = builder.identity(identity);
        }
        let base = format!("{}/v1", address.as_str().trim_end_matches('/'));
        Ok(Self { client: builder.build()?, base, namespace, index: Index::default() })
    }

    /// Sends a request of `vaultrs`. What it holds in memory is its own to wipe.
    pub(crate) async fn call<E: Endpoint>(
        &self,
        endpoint: &E,
        token: Option<&SecretString>,
        most: usize,
    ) -> Result<Answer, Failure> {
        let (query, body) = (endpoint.query(), endpoint.body());
        let (Ok(query), Ok(body)) = (query, body) else { return Err(Failure::Unreadable) };
        let path = endpoint.path();
        let ask = Ask {
            method: method(&endpoint.method()),
            // One path of `vaultrs` begins with a tab.
            path: path.trim_matches([' ', '\t', '/']),
            query: query.filter(|query| !query.is_empty()),
            content: "application/json",
            body: body.filter(|body| !body.is_empty()).map(Zeroizing::new),
            most,
        };
        self.send(&ask, token).await
    }

    /// Sends a request; an answer without success is a failure.
    pub(crate) async fn send(&self, ask: &Ask<'_>, token: Option<&SecretString>) -> Result<Answer, Failure> {
        let mut url = format!("{}/{}", self.base, ask.path);
        if let Some(query) = &ask.query {
            url.extend(["?", query]);
        }
        let mut request = self.client.request(ask.method.clone(), url).header(REQUEST, "true");
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose_secret()).map_err(|_| Failure::Unreadable)?;
            value.set_sensitive(true);
            request = request.header(TOKEN, value);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header(NAMESPACE, namespace);
        }
        for (name, value) in self.index.headers() {
            request = request.header(name, value);
        }
        if let Some(body) = &ask.body {
            // Wiped when it was sent.
            request = request.header(CONTENT_TYPE, ask.content).body(Bytes::from_owner(body.clone()));
        }
        let mut response = request.send().await.map_err(|error| Failure::of(&error))?;
        let status = response.status();
        self.index.note(response.headers(), status.is_success() && !is_read(&ask.method));
        let retry_after = retry_after(response.headers());
        let json = is_json(response.headers());
        let mut body = Zeroizing::new(Vec::with_capacity(ask.most.min(4096)));
        while let Some(chunk) = response.chunk().await.map_err(|error| Failure::of(&error))? {
            if body.len() + chunk.len() > ask.most {
                return Err(Failure::TooLarge);
            }
            // Growing would leave copies behind.
            if body.capacity() - body.len() < chunk.len() {
                let mut larger = Vec::with_capacity((body.len() + chunk.len()) * 2);
                larger.extend_from_slice(&body);
                body = Zeroizing::new(larger);
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(body);
        }
        Err(Failure::Status { status, told: told(&body, json), retry_after })
    }
}

/// What an answer without success says. That of a version that was deleted has the usual fields, and no errors; that labels
/// cannot be changed since the key is not there is said with JSON of no bytes.
fn told(body: &[u8], json: bool) -> Told {
    if body.is_empty() && json {
        return Told::Nothing;
    }
    #[derive(Deserialize)]
    struct Answered {
        errors: Option<Vec<IgnoredAny>>,
        data: Option<IgnoredAny>,
        request_id: Option<IgnoredAny>,
    }
    match serde_json::from_slice(body) {
        Ok(Answered { errors: Some(errors), .. }) if !errors.is_empty() => Told::Errors,
        Ok(Answered { errors: None, data: None, request_id: None }) | Err(_) => Told::Strange,
        Ok(_) => Told::Nothing,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content = headers.get(CONTENT_TYPE).and_then(|content| content.to_str().ok());
    content.is_some_and(|content| content.starts_with("application/json"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn method(method: &RequestMethod) -> Method {
    match method {
        RequestMethod::CONNECT => Method::CONNECT,
        RequestMethod::DELETE => Method::DELETE,
        RequestMethod::GET => Method::GET,
        RequestMethod::HEAD => Method::HEAD,
        RequestMethod::LIST => list(),
        RequestMethod::OPTIONS => Method::OPTIONS,
        RequestMethod::PATCH => Method::PATCH,
        RequestMethod::POST => Method::POST,
        RequestMethod::PUT => Method::PUT,
        RequestMethod::TRACE => Method::TRACE,
    }
}

/// Whether a node may answer it that others are ahead of.
fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == list()
}

/// Vault's own.
pub(crate) fn list() -> Method {
    Method::from_bytes(b"LIST").unwrap_or(Method::GET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_is_told_by_what_is_answered() {
        for (body, expected) in [
            (r#"{"errors": []}"#, Told::Nothing),
            (r#"{"data": {"data": null, "metadata": {}}, "request_id": "1"}"#, Told::Nothing),
            (r#"{"request_id": "1", "data": null, "warnings": ["x"]}"#, Told::Nothing),
            (r#"{"errors": ["no handler for route"]}"#, Told::Errors),
            (r#"{"code": 404, "message": "no such service"}"#, Told::Strange),
            ("default backend - 404", Told::Strange),
            ("<html></html>", Told::Strange),
            ("", Told::Strange),
            ("[]", Told::Strange),
        ] {
            assert_eq!(told(body.as_bytes(), false), expected, "{body}");
        }
        assert_eq!(told(b"", true), Told::Nothing);
        assert_eq!(told(b"default backend - 404", true), Told::Strange);
    }
}
