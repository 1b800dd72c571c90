//! What happens around every request: its facts, its time, its line in the log.

use super::{
    auth::{Facts, origin},
    error::{ApiError, Failed},
    forwarded, host,
    state::App,
};
use crate::identity::Reason;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt as _;
use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};
use strongroom_core::{Access, Context, OwnerId};
use tracing::{Instrument as _, Span};
use uuid::Uuid;

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
        address: forwarded::client(&app.proxies, peer, request.headers()),
        timeout: app.config.request_timeout(),
        seen: Arc::default(),
    };
    request.extensions_mut().insert(facts.clone());
    let tls_alone = app.config.wants_tls_alone() && !host::is_local(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let _under_way = app.metrics.under_way();
    let mut response = if host_is_fine(&app, request.headers()) {
        // Reads say nothing meanwhile, and are not to pay for it.
        let span = match method {
            Method::GET => Span::none(),
            _ => tracing::error_span!(target: "strongroom::http", "request", id = request_id),
        };
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span);
        match tokio::time::timeout(app.config.request_timeout() * 2, answer).await {
            Ok(Ok(response)) => response,
            // Where it happened was printed already.
            Ok(Err(_)) => {
                ApiError::plain(StatusCode::INTERNAL_SERVER_ERROR, "A defect of the server").into_response()
            }
            Err(_) => ApiError::plain(StatusCode::SERVICE_UNAVAILABLE, "The request took too long")
                .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
                .into_response(),
        }
    } else {
        ApiError::plain(StatusCode::MISDIRECTED_REQUEST, "This server is not known under that name")
            .into_response()
    };
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && !facts.seen.is_noted()
    {
        // Without its entry nothing is answered, be it a no.
        let reason = response.extensions().get::<Reason>().copied();
        let noted = note_denial(&app, &facts, &format!("{method} {route}"), reason).await;
        response = noted.map_or_else(|error| ApiError::from(error).into_response(), |()| response);
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if tls_alone {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    app.metrics.answered(&method, &route, response.status(), began.elapsed());
    if let Some(Failed { text, kind }) = response.extensions().get::<Failed>() {
        tracing::error!(
            target: "strongroom::http",
            request = request_id,
            %method,
            route,
            status = response.status().as_u16(),
            kind = kind.map(tracing::field::debug),
            error = text,
        );
    }
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

/// Notes who was denied what, with the reason that the caller is not told.
async fn note_denial(
    app: &App,
    facts: &Facts,
    what: &str,
    reason: Option<Reason>,
) -> strongroom_core::Result<()> {
    let who = facts.seen.who().or_else(|| reason?.account).unwrap_or(OwnerId(Uuid::nil()));
    let detail = reason.map_or_else(|| what.to_owned(), |reason| format!("{what}: {reason}"));
    let cx = Context::new(who, Access::none(), origin(facts));
    app.trail.note_denial(&cx, "request.denied", &detail).await
}

/// The caller's own id for the request, if it is a harmless word, or a fresh one.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    given.filter(harmless).map_or_else(|| app.request_ids.next(), ToOwned::to_owned)
}

fn host_is_fine(app: &App, headers: &HeaderMap) -> bool {
    if app.config.allowed_hosts.is_empty() {
        return true;
    }
    let name = host::name(headers);
    app.config.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}
