//! The variable parts of a path.

use super::{error::ApiError, state::App};
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

/// The parts of the path, decoded; an error of the usual form if they are no text.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        found.map(|axum::extract::Path(found)| Self(found)).map_err(|_| {
            ApiError::invalid("path: its parts must be UTF-8, percent-encoded where they have to be")
        })
    }
}
