//! For machines that look after the server.

use super::super::state::App;
use axum::{extract::State, http::StatusCode};
use strongroom_engine::Catalog as _;

/// The process runs.
#[utoipa::path(
    get,
    path = "/health",
    tag = "server",
    operation_id = "health",
    security(()),
    responses((status = 200, description = "It runs", body = String, content_type = "text/plain")),
)]
pub(crate) async fn health() -> &'static str {
    "ok"
}

/// It can do its work: the database answers, the audit log can be written, and it is not about to end.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "server",
    operation_id = "ready",
    security(()),
    responses(
        (status = 200, description = "It can", body = String, content_type = "text/plain"),
        (status = 503, description = "It cannot, and why", body = String, content_type = "text/plain")
    ),
)]
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    let unready = |why| (StatusCode::SERVICE_UNAVAILABLE, why);
    if !app.is_ready() {
        return unready("ending");
    }
    if !app.trail.works() {
        return unready("the audit log cannot be written");
    }
    match app.identities.catalog().keys().await {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(_) => unready("the database does not answer"),
    }
}
