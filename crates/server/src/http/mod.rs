//! The HTTP API.

mod auth;
mod body;
mod describe;
mod detached;
mod error;
mod forwarded;
mod guesses;
mod host;
mod if_match;
mod json;
mod key_listing;
mod layer;
mod listing;
mod metrics;
mod once;
mod page;
mod path;
mod query;
mod refused;
mod requests;
mod routes;
mod state;
mod verify;
mod wire;

pub(crate) use layer::Peer;
pub(crate) use metrics::Metrics;
pub(crate) use refused::Worded;
pub use state::Kinds;
pub(crate) use state::{App, Parts, RequestIds};

use axum::{Router, http::StatusCode};
use describe::Description;
use error::ApiError;
use routes::{
    accounts, activation, api_keys, audit, devices, health, login, many, metrics as counts, ours, secrets,
    service_accounts, session, users,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// All routes, before they have their state, and how they are described.
pub(crate) fn described() -> (Router<App>, Description) {
    #[expect(deprecated, reason = "an address of older clients")]
    let api = OpenApiRouter::new()
        .routes(routes!(session::info))
        .routes(routes!(login::login))
        .routes(routes!(devices::device_authorization))
        .routes(routes!(session::current_user, users::update_current))
        .routes(routes!(session::projects))
        .routes(routes!(session::project_by))
        .routes(routes!(session::stacks))
        .routes(routes!(session::stack_by))
        .routes(routes!(secrets::list, secrets::create))
        .routes(routes!(secrets::create_in_workspace))
        .routes(routes!(many::values))
        .routes(routes!(ours::by_name))
        .routes(routes!(secrets::get, secrets::update, secrets::delete))
        .routes(routes!(ours::versions))
        .routes(routes!(ours::rollback))
        .routes(routes!(session::backup))
        .routes(routes!(session::restore))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::get, users::update, users::delete))
        .routes(routes!(activation::activate))
        .routes(routes!(activation::deactivate))
        .routes(routes!(service_accounts::list, service_accounts::create))
        .routes(routes!(service_accounts::get, service_accounts::update, service_accounts::delete))
        .routes(routes!(api_keys::keys, api_keys::create_key))
        .routes(routes!(api_keys::key, api_keys::update_key, api_keys::delete_key))
        .routes(routes!(api_keys::rotate_key))
        .routes(routes!(accounts::grants, accounts::grant, accounts::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify));
    let (routes, api) = OpenApiRouter::with_openapi(describe::document())
        .nest("/api/v1", api)
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(counts::metrics))
        .routes(routes!(describe::json))
        .routes(routes!(describe::page))
        .routes(routes!(describe::style))
        .routes(routes!(devices::page, devices::submit))
        .split_for_parts();
    (routes, Description::of(api))
}

/// The layer around all routes, and what they answer from.
pub(crate) fn router(routes: Router<App>, app: App) -> Router {
    routes
        .fallback(async || ApiError::plain(StatusCode::NOT_FOUND, "Not Found"))
        .method_not_allowed_fallback(async || {
            ApiError::plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(axum::middleware::from_fn_with_state(app.clone(), layer::around))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_route_is_added_with_its_description() {
        let source = include_str!("mod.rs");
        let (routes, _) = source.split_once("#[cfg(test)]").unwrap();
        // `routes!` describes what it adds; whatever else adds a route would not be in the document.
        for call in [".route(", ".route_service(", ".nest_service(", ".merge("] {
            assert!(!routes.contains(call), "{call}");
        }
        assert!(routes.matches(".routes(routes!(").count() > 30);
    }
}
