//! Request bodies: as large as allowed, in the time allowed.

use super::{error::ApiError, json::Object, state::App};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// A body, whole.
pub(crate) struct Whole(pub(crate) Bytes);

/// A body that is a JSON object, with its bytes.
pub(crate) struct JsonBody {
    pub(crate) object: Object,
    pub(crate) bytes: Bytes,
}

impl FromRequest<App> for Whole {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if request.headers().contains_key(axum::http::header::CONTENT_ENCODING) {
            return Err(ApiError::plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Compressed bodies are not accepted",
            ));
        }
        let limited = Limited::new(request.into_body(), app.config.max_body_bytes);
        match tokio::time::timeout(app.config.request_timeout(), limited.collect()).await {
            Err(_) => Err(ApiError::plain(StatusCode::REQUEST_TIMEOUT, "The body came too slowly")),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::plain(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body is larger than {} bytes", app.config.max_body_bytes),
            )),
            Ok(Err(_)) => Err(ApiError::plain(StatusCode::BAD_REQUEST, "The body ended too early")),
            Ok(Ok(body)) => Ok(Self(body.to_bytes())),
        }
    }
}

impl FromRequest<App> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let Whole(bytes) = Whole::from_request(request, app).await?;
        Ok(Self { object: Object::parse(&bytes)?, bytes })
    }
}
