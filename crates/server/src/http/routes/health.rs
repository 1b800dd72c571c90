//! For machines that look after the server.

use super::super::state::App;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;
use strongroom_engine::Catalog as _;

/// How long the database may take to answer: whoever asks has little patience, and asks again.
const PATIENCE: Duration = Duration::from_secs(3);

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

/// It can do its work: the database answers, with its keys and its accounts, and is the file that was opened, if it is one;
/// the audit log can be written, and it is not about to end. A store that is down is named and changes nothing else: other servers would not reach it either, and
/// what lies elsewhere is answered.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "server",
    operation_id = "ready",
    security(()),
    responses(
        (status = 200, description = "It can: `ok`, or `degraded` with the stores that are down", body = String, content_type = "text/plain"),
        (status = 503, description = "It cannot, and why", body = String, content_type = "text/plain")
    ),
)]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let unready = |why: &str| {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], why.to_owned()).into_response()
    };
    if !app.is_ready() {
        return unready("ending");
    }
    if let Err(error) = app.identities.catalog().check_file() {
        return unready(error.message());
    }
    if !app.trail.works() {
        return unready("the audit log cannot be written");
    }
    let asked = async { futures::join!(app.identities.catalog().keys(), app.identities.epoch()) };
    let Ok((keys, epoch)) = tokio::time::timeout(PATIENCE, asked).await else {
        return unready("the database does not answer");
    };
    match (keys, epoch) {
        (Ok(_), Ok(_)) => how_well(&app).into_response(),
        (Err(_), _) => unready("the database does not answer"),
        // Nobody could be let in: whether what is remembered of accounts still holds is read with every request.
        (Ok(_), Err(_)) => unready("the accounts cannot be read"),
    }
}

/// `ok`, or which stores failed when they were last called.
fn how_well(app: &App) -> String {
    let down = app.identities.engine().stats().down;
    if down.is_empty() {
        return "ok".to_owned();
    }
    let stores: Vec<String> = down.iter().map(|(store, kind)| format!("{store} ({kind:?})")).collect();
    format!("degraded: {}", stores.join(", "))
}
