//! The HTTP API.

mod auth;
mod body;
mod error;
mod json;
mod layer;
mod listing;
mod once;
mod query;
mod routes;
mod state;
mod wire;

pub(crate) use layer::Peer;
pub(crate) use state::App;
pub use state::Kinds;

use axum::{
    Router,
    http::StatusCode,
    routing::{delete, get, post, put},
};
use error::ApiError;
use routes::{accounts, health, ours, secrets, service_accounts, session, users};

/// All routes, and the layer around them.
pub(crate) fn router(app: App) -> Router {
    let api = Router::new()
        .route("/info", get(session::info))
        .route("/login", post(session::login))
        .route("/device_authorization", post(session::device_authorization))
        .route("/current-user", get(session::current_user).put(users::update_current))
        .route("/projects", get(session::projects))
        .route("/projects/{id}", get(session::project_by))
        .route("/stacks", get(session::stacks))
        .route("/stacks/{id}", get(session::stack_by))
        .route("/secrets", get(secrets::list).post(secrets::create))
        .route("/workspaces/{workspace}/secrets", post(secrets::create))
        .route("/secrets/values", post(ours::values))
        .route("/secrets/by-name/{name}", get(ours::by_name))
        .route("/secrets/{id}", get(secrets::get).put(secrets::update).delete(secrets::delete))
        .route("/secrets/{id}/versions", get(ours::versions))
        .route("/secrets/{id}/rollback", post(ours::rollback))
        .route("/secrets_operations/backup", put(session::backup))
        .route("/secrets_operations/restore", put(session::restore))
        .route("/users", get(users::list).post(users::create))
        .route("/users/{which}", get(users::get).put(users::update).delete(users::delete))
        .route("/users/{which}/activate", put(users::activate))
        .route("/users/{which}/deactivate", put(users::deactivate))
        .route("/service_accounts", get(service_accounts::list).post(service_accounts::create))
        .route(
            "/service_accounts/{which}",
            get(service_accounts::get).put(service_accounts::update).delete(service_accounts::delete),
        )
        .route(
            "/service_accounts/{id}/api_keys",
            get(service_accounts::keys).post(service_accounts::create_key),
        )
        .route(
            "/service_accounts/{id}/api_keys/{key}",
            get(service_accounts::key).put(service_accounts::update_key).delete(service_accounts::delete_key),
        )
        .route("/service_accounts/{id}/api_keys/{key}/rotate", put(service_accounts::rotate_key))
        .route("/accounts/{which}/grants", get(accounts::grants).post(accounts::grant))
        .route("/accounts/{which}/grants", delete(accounts::revoke));
    Router::new()
        .nest("/api/v1", api)
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .fallback(async || ApiError::plain(StatusCode::NOT_FOUND, "Not Found"))
        .method_not_allowed_fallback(async || {
            ApiError::plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(axum::middleware::from_fn_with_state(app.clone(), layer::around))
        .with_state(app)
}
