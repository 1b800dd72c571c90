//! For machines that look after the server.

use super::super::state::App;
use axum::{extract::State, http::StatusCode};
use strongroom_engine::Catalog as _;

/// The process runs.
pub(crate) async fn health() -> &'static str {
    "ok"
}

/// It can do its work: the database answers, the audit log can be written, and it is not about to end.
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
