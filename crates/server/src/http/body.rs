//! Request bodies: as large as allowed, in the time allowed.

use super::{
    auth::{Caller, Sender},
    error::ApiError,
    json::Object,
    query::Query,
    state::App,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// The most bytes of what people type, and anybody may send.
const TYPED: usize = 16 << 10;

/// A body that is a form.
pub(crate) struct Form(pub(crate) Query);

/// A body that is a JSON object, with its bytes.
pub(crate) struct JsonBody {
    pub(crate) object: Object,
    pub(crate) bytes: Bytes,
}

/// A body that is a JSON object, from somebody who need not be logged in.
pub(crate) struct TypedJson(pub(crate) Object);

/// A body that is a JSON object, and whoever sent it, as of when all of it was there.
pub(crate) struct Sent {
    pub(crate) caller: Caller,
    pub(crate) object: Object,
    pub(crate) bytes: Bytes,
}

impl JsonBody {
    /// Looks at whoever sent it as they are now.
    pub(crate) async fn sent_by(self, sender: Sender, app: &App) -> Result<Sent, ApiError> {
        let caller = sender.confirmed(app).await?;
        Ok(Sent { caller, object: self.object, bytes: self.bytes })
    }
}

/// A body, whole, of at most so many bytes.
async fn whole(request: Request, app: &App, most: usize) -> Result<Bytes, ApiError> {
    if request.headers().contains_key(axum::http::header::CONTENT_ENCODING) {
        return Err(ApiError::plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Compressed bodies are not accepted",
        ));
    }
    let most = most.min(app.config.max_body_bytes);
    let limited = Limited::new(request.into_body(), most);
    match tokio::time::timeout(app.config.request_timeout(), limited.collect()).await {
        Err(_) => Err(ApiError::plain(StatusCode::REQUEST_TIMEOUT, "The body came too slowly")),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is larger than {most} bytes"),
        )),
        Ok(Err(_)) => Err(ApiError::plain(StatusCode::BAD_REQUEST, "The body ended too early")),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

impl FromRequest<App> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = whole(request, app, TYPED).await?;
        // What is no text has no field that anybody looks for.
        Ok(Self(Query::parse(std::str::from_utf8(&bytes).unwrap_or_default())?))
    }
}

impl FromRequest<App> for TypedJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        Ok(Self(Object::parse(&whole(request, app, TYPED).await?)?))
    }
}

impl FromRequest<App> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = whole(request, app, app.config.max_body_bytes).await?;
        Ok(Self { object: Object::parse(&bytes)?, bytes })
    }
}
