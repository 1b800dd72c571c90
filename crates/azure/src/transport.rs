//! Requests over the wire: to one host alone, nothing followed, answers bounded.
//!
//! The SDK sends tokens over HTTPS alone, and follows the links of a list to whatever host they name. So it sees HTTPS
//! always, and what it sends passes here.

use crate::error::Ours;
use azure_core::{
    error::{Error as SdkError, ErrorKind as SdkKind},
    http::{
        AsyncRawResponse, Body, HttpClient, Method, Request, Url,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use std::{collections::HashMap, time::Duration};
use strongroom_core::{Error, ErrorKind, Retry};

/// The most that is read of an answer: a page of a list is the largest.
const ANSWER: usize = 4 << 20;

/// No metadata of a host takes longer to reach; on a machine that has none, nobody answers at all.
const CONNECT: Duration = Duration::from_secs(3);

/// A service, and what to check if it does not answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) unreachable: &'static str,
    pub(crate) late: &'static str,
    pub(crate) unreadable: &'static str,
}

/// Where requests may go.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    host: String,
    port: u16,
    /// Whether it speaks HTTP without TLS.
    plain: bool,
}

impl Origin {
    /// That of a URL of HTTP or HTTPS.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let plain = url.scheme() == "http";
        Some(Self { host: url.host_str()?.to_owned(), port: url.port_or_known_default()?, plain })
    }

    /// As the SDK wants to see it.
    pub(crate) fn url(&self) -> String {
        match (self.plain, self.port) {
            (false, 443) => format!("https://{}", self.host),
            (_, port) => format!("https://{}:{port}", self.host),
        }
    }

    /// The URL to ask, if it is of this origin.
    fn actual(&self, url: &Url) -> Option<Url> {
        let same = url.scheme() == "https"
            && url.host_str() == Some(&self.host)
            && url.port_or_known_default() == Some(self.port)
            && url.username().is_empty();
        if !same {
            return None;
        }
        let mut url = url.clone();
        if self.plain {
            url.set_scheme("http").ok()?;
            url.set_port(Some(self.port)).ok()?;
        }
        Some(url)
    }
}

/// The SDK's way to the network.
#[derive(Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    /// `None`: the host's own metadata, wherever its environment says that they are.
    to: Option<Origin>,
    service: Service,
}

impl Transport {
    /// To one service, trusting these authorities; `None`: the system's.
    pub(crate) fn new(
        to: Option<Origin>,
        service: Service,
        authorities: Option<Vec<reqwest::Certificate>>,
    ) -> reqwest::Result<Self> {
        let mut http = reqwest::Client::builder()
            .tls_backend_rustls()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        if to.is_none() {
            http = http.no_proxy().connect_timeout(CONNECT).tls_certs_only([]);
        } else if to.as_ref().is_some_and(|to| to.plain) {
            // Nothing is verified, so the system's authorities need not be loaded, nor be there.
            http = http.no_proxy().tls_certs_only([]);
        } else if let Some(authorities) = authorities {
            http = http.tls_certs_only(authorities);
        }
        Ok(Self { http: http.build()?, to, service })
    }

    fn failed(&self, error: &reqwest::Error) -> SdkError {
        let (kind, sdk, text) = if error.is_timeout() && !error.is_connect() {
            (ErrorKind::Timeout, SdkKind::Io, self.service.late)
        } else if error.is_connect() {
            (ErrorKind::Unavailable, SdkKind::Connection, self.service.unreachable)
        } else if error.is_request() {
            (ErrorKind::Unavailable, SdkKind::Io, self.service.unreachable)
        } else {
            (ErrorKind::Unavailable, SdkKind::Io, self.service.unreadable)
        };
        Ours(Error::new(kind, text).retryable(Retry::Backoff)).into_sdk(sdk)
    }

    async fn send(&self, request: &Request) -> Result<reqwest::Response, SdkError> {
        let url = match &self.to {
            None => request.url().clone(),
            Some(to) => to.actual(request.url()).ok_or_else(|| {
                let text = "Azure named another host than the one that is configured: nothing was sent there";
                Ours(Error::new(ErrorKind::Unexpected, text)).into_sdk(SdkKind::Other)
            })?,
        };
        let mut sent = self.http.request(method(request.method()), url);
        for (name, value) in request.headers().iter() {
            sent = sent.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            sent = sent.body(bytes.clone());
        }
        sent.send().await.map_err(|error| self.failed(&error))
    }
}

#[async_trait::async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse, SdkError> {
        let mut response = self.send(request).await?;
        let mut headers = HashMap::new();
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                headers
                    .insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > ANSWER {
                let error = Error::new(ErrorKind::Unavailable, self.service.unreadable);
                return Err(Ours(error).into_sdk(SdkKind::Io));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(AsyncRawResponse::from_bytes(status.into(), Headers::from(headers), body))
    }
}

fn method(method: Method) -> reqwest::Method {
    reqwest::Method::from_bytes(method.as_str().as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_to_another_origin() {
        let origin = |text: &str| Origin::of(&Url::parse(text).unwrap()).unwrap();
        let asked = |to: &str, url: &str| {
            origin(to).actual(&Url::parse(url).unwrap()).map(|url| url.as_str().to_owned())
        };
        let vault = "https://one.vault.azure.net";
        assert_eq!(origin(vault).url(), vault);
        assert_eq!(origin("http://127.0.0.1:8").url(), "https://127.0.0.1:8");
        assert_eq!(
            asked(vault, "https://one.vault.azure.net:443/a?b").as_deref(),
            Some("https://one.vault.azure.net/a?b")
        );
        assert_eq!(
            asked("http://127.0.0.1:8", "https://127.0.0.1:8/a").as_deref(),
            Some("http://127.0.0.1:8/a")
        );
        for (to, url) in [
            (vault, "https://two.vault.azure.net/"),
            (vault, "http://one.vault.azure.net/"),
            (vault, "https://one.vault.azure.net:444/"),
            (vault, "https://one.vault.azure.net.example.com/"),
            (vault, "https://user@one.vault.azure.net/"),
            ("http://127.0.0.1:8", "https://127.0.0.1:9/"),
        ] {
            assert_eq!(asked(to, url), None, "{to} {url}");
        }
    }
}
