//! What happens around every request: its facts, its time, its line in the log.

use super::{auth::Facts, error::ApiError, state::App};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, time::Instant};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The peer's address, as the listener saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

pub(crate) async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let request_id = request_id(&app, request.headers());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let facts = Facts {
        request_id: request_id.clone(),
        address: client(&app, peer, request.headers()),
        deadline: app.config.request_timeout(),
    };
    request.extensions_mut().insert(facts);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let _under_way = app.metrics.under_way();
    let mut response = if host_is_fine(&app, request.headers()) {
        match tokio::time::timeout(app.config.request_timeout() * 2, next.run(request)).await {
            Ok(response) => response,
            Err(_) => ApiError::plain(StatusCode::SERVICE_UNAVAILABLE, "The request took too long")
                .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
                .into_response(),
        }
    } else {
        ApiError::plain(StatusCode::MISDIRECTED_REQUEST, "This server is not known under that name")
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    app.metrics.answered(&method, &route, response.status(), began.elapsed());
    // The route, not the path: a name of a secret may stand in that.
    tracing::info!(
        target: "strongroom::http",
        request = request_id,
        %method,
        route,
        status = response.status().as_u16(),
        ms = began.elapsed().as_millis() as u64,
    );
    response
}

/// The caller's own id for the request, if it is a harmless word, or a fresh one.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    given.filter(harmless).map_or_else(|| app.request_ids.next(), ToOwned::to_owned)
}

/// The client's address: the peer's, or what trusted proxies say, read from the end that they write.
fn client(app: &App, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let trusted = |address: &IpAddr| app.proxies.iter().any(|net| net.contains(address));
    let mut address = peer?;
    if !trusted(&address) {
        return Some(address);
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let all: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for text in all.into_iter().rev() {
        let Ok(next) = text.parse() else { break };
        address = next;
        if !trusted(&address) {
            break;
        }
    }
    Some(address)
}

fn host_is_fine(app: &App, headers: &HeaderMap) -> bool {
    if app.config.allowed_hosts.is_empty() {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    app.config.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}
