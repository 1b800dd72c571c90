//! Requests over the wire: to one host alone, nothing followed, answers bounded.
//!
//! The SDK sends tokens over HTTPS alone, and follows the links of a list to whatever host they name. So it sees HTTPS
//! always, and what it sends passes here.

use crate::{error::seconds, ours::Ours, refusal::Said};
use azure_core::{
    error::{Error as SdkError, ErrorKind as SdkKind},
    http::{
        AsyncRawResponse, Body, HttpClient, Method, Request, Url,
        headers::{HeaderName, HeaderValue, Headers, RETRY_AFTER},
    },
};
use bytes::Bytes;
use std::{collections::HashMap, time::Duration};
use strongroom_core::{Error, ErrorKind, Retry};
use zeroize::Zeroizing;

/// The most that is read of an answer: a page of a list is the largest.
const ANSWER: usize = 4 << 20;

/// No metadata of a host takes longer to reach; on a machine that has none, nobody answers at all.
const CONNECT: Duration = Duration::from_secs(3);

/// Where every virtual machine of Azure finds its metadata.
const METADATA: &str = "169.254.169.254";

/// A service, and what to check if it does not answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) unreachable: &'static str,
    pub(crate) late: &'static str,
    pub(crate) unreadable: &'static str,
    /// Sorts what says no here, before the SDK sees it, which loses some of it and repeats some for more than a minute.
    pub(crate) refused: Option<fn(&Said<'_>) -> Ours>,
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
    to: To,
    service: Service,
}

/// Where a transport leads.
#[derive(Debug)]
pub(crate) enum To {
    /// There, and nowhere else.
    Origin(Origin),
    /// To the host's own metadata, wherever its environment says that they are. A virtual machine's are at an address
    /// of their own, or here.
    Host(Option<Url>),
}

impl To {
    /// The URL to ask, if it may be asked.
    fn actual(&self, url: &Url) -> Option<Url> {
        match self {
            Self::Origin(origin) => origin.actual(url),
            Self::Host(Some(other)) if url.host_str() == Some(METADATA) => {
                let mut other = other.clone();
                other.set_path(url.path());
                other.set_query(url.query());
                Some(other)
            }
            Self::Host(_) => Some(url.clone()),
        }
    }
}

impl Transport {
    /// To one service, trusting these authorities; `None`: the system's.
    pub(crate) fn new(
        to: To,
        service: Service,
        authorities: Option<Vec<reqwest::Certificate>>,
    ) -> reqwest::Result<Self> {
        let mut http = reqwest::Client::builder()
            .tls_backend_rustls()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        match (&to, authorities) {
            (To::Host(_), _) => http = http.no_proxy().connect_timeout(CONNECT).tls_certs_only([]),
            // Nothing is verified, so the system's authorities need not be loaded, nor be there.
            (To::Origin(to), _) if to.plain => http = http.no_proxy().tls_certs_only([]),
            (To::Origin(_), Some(authorities)) => http = http.tls_certs_only(authorities),
            (To::Origin(_), None) => {}
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
        let ours = Ours::new(Error::new(kind, text).retryable(Retry::Backoff)).absent(error.is_connect());
        self.given_up(ours, sdk)
    }

    /// As the SDK is to see it. Who gives tokens is asked again by the engine: by itself, the SDK asks a host's metadata
    /// for more than a minute.
    fn given_up(&self, ours: Ours, kind: SdkKind) -> SdkError {
        ours.into_sdk(if self.service.refused.is_some() { SdkKind::Credential } else { kind })
    }

    async fn send(&self, request: &Request) -> Result<reqwest::Response, SdkError> {
        let url = self.to.actual(request.url()).ok_or_else(|| {
            let text = "Azure named another host than the one that is configured: nothing was sent there";
            Ours::new(Error::new(ErrorKind::Unexpected, text)).into_sdk(SdkKind::Other)
        })?;
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
        let mut body = Zeroizing::new(Vec::<u8>::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > ANSWER {
                let error = Error::new(ErrorKind::Unavailable, self.service.unreadable);
                return Err(self.given_up(Ours::new(error), SdkKind::Io));
            }
            append(&mut body, &chunk);
        }
        if let Some(refused) = self.service.refused.filter(|_| !(200..300).contains(&status)) {
            let after = headers.get(&RETRY_AFTER).and_then(|value| seconds(value.as_str()));
            return Err(self.given_up(refused(&Said { status, after, body: &body }), SdkKind::Credential));
        }
        Ok(AsyncRawResponse::from_bytes(status.into(), Headers::from(headers), Bytes::from_owner(body)))
    }
}

/// Adds to what was read. Growing by itself would leave copies behind.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    if body.capacity() - body.len() < chunk.len() {
        let mut larger = Zeroizing::new(Vec::<u8>::with_capacity((body.len() + chunk.len()) * 2));
        larger.extend_from_slice(body.as_slice());
        *body = larger;
    }
    body.extend_from_slice(chunk);
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
