//! `/metrics`, and who may see it.

use super::super::{
    auth::{Caller, Facts, bearer},
    error::ApiError,
    host,
    layer::Peer,
    metrics::CONTENT,
    state::App,
};
use crate::{config::Unguarded, identity::Reason};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use strongroom_engine::crypto::equal;
use strongroom_sql::identities::Role;

/// What a proxy on this machine leaves behind.
const FORWARDED: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/// Whether a request is from this machine, as far as can be told. A proxy that leaves no trace cannot be told from a
/// caller of its own: that there is none is the operator's word, without which this is not asked.
fn is_local(app: &App, peer: Option<Peer>, headers: &HeaderMap) -> bool {
    peer.is_some_and(|Peer(address)| address.is_loopback())
        && !app.config.has_proxy()
        && FORWARDED.iter().all(|name| !headers.contains_key(*name))
        && host::is_local(headers)
}

/// Refuses whoever is not to see the counts.
async fn check(app: &App, facts: Facts, headers: &HeaderMap) -> Result<(), ApiError> {
    let shown = bearer(headers).map_err(|_| {
        let text = "metrics are for admins, auditors and callers with the token server.metrics_token; \
                    server.metrics = \"loopback\" opens them to this machine, if no proxy stands in front";
        ApiError::plain(StatusCode::UNAUTHORIZED, text)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            .because(Reason::new("no credentials"))
    })?;
    let wanted = app.config.metrics_token.as_ref().map(|token| token.expose_secret().as_bytes());
    if wanted.is_some_and(|wanted| equal(wanted, shown.expose_secret().as_bytes())) {
        return Ok(());
    }
    match Caller::with(app, &shown, facts).await?.account().role {
        Role::Admin | Role::Auditor => Ok(()),
        _ => Err(ApiError::forbidden("Metrics are for admins and auditors.")),
    }
}

/// Counts for Prometheus: to admins, auditors, callers with the token of the configuration, and, if it says so, to
/// everybody on this machine.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    operation_id = "metrics",
    responses((status = 200, description = "OpenMetrics", body = String, content_type = "application/openmetrics-text")),
)]
pub(crate) async fn metrics(
    State(app): State<App>,
    facts: Facts,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let open = app.config.metrics == Some(Unguarded::Loopback);
    if !(open && is_local(&app, peer.map(|Extension(peer)| peer), &headers)) {
        check(&app, facts, &headers).await?;
    }
    let text = app
        .metrics
        .text()
        .ok_or_else(|| ApiError::plain(StatusCode::INTERNAL_SERVER_ERROR, "The metrics cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, CONTENT)], text).into_response())
}
