//! `/login`: with a password, an API key, or what a person approved with a browser.

use super::super::{
    auth::{Facts, origin},
    body::Form,
    error::{ApiError, ErrorBody},
    guesses,
    query::Query,
    requests,
    state::App,
    wire::{DeviceRefusal, Token},
};
use crate::identity::{Fetched, Issued, Known, Refusal, Rejected};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::sync::Arc;
use strongroom_core::{Access, Context};
use utoipa::ToSchema;
use uuid::Uuid;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Why a login failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LoginRefusal {
    /// A login with a browser gives no token, or none yet.
    Device(DeviceRefusal),
    /// Anything else.
    #[expect(dead_code, reason = "for the description: errors in the usual form answer by themselves")]
    Other(ErrorBody),
}

/// What `/login` answers when it gives no token.
pub(crate) enum Refused {
    /// In the words of RFC 8628.
    Device(Refusal),
    /// In the usual form.
    Other(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Device(refusal) => {
                (StatusCode::BAD_REQUEST, Json(LoginRefusal::Device(refusal.into()))).into_response()
            }
            Self::Other(error) => error.into_response(),
        }
    }
}

/// What somebody logs in with.
enum Grant {
    Key(SecretString),
    Password(String, SecretString),
    Device(Uuid, SecretString),
}

impl Grant {
    /// What a form has of it; the rest is not kept while it is looked at.
    fn of(form: Query) -> Result<Self, ApiError> {
        // An empty field is one that nobody filled in.
        let filled = |field: &str| form.get(field).filter(|text| !text.is_empty());
        let secret = |field: &str| filled(field).map(SecretString::from);
        let grant = match filled("grant_type") {
            Some(grant) => grant,
            _ if filled("device_code").is_some() => DEVICE_GRANT,
            _ if filled("username").is_some() => "password",
            _ if filled("password").is_some() => "zenml-api-key",
            _ => "password",
        };
        let bad = |text: &str| ApiError::plain(StatusCode::BAD_REQUEST, text);
        match grant {
            "zenml-api-key" => secret("password").map(Self::Key).ok_or_else(|| bad("API key is required.")),
            "password" => {
                let name = filled("username");
                let name = name.ok_or_else(|| bad("Invalid request: username is required."))?;
                Ok(Self::Password(name.to_owned(), secret("password").unwrap_or_default()))
            }
            DEVICE_GRANT => {
                let (Some(code), Some(client)) = (secret("device_code"), filled("client_id")) else {
                    return Err(bad("Invalid request: device code and client ID are required."));
                };
                let client =
                    Uuid::parse_str(client).map_err(|_| bad("Invalid request: invalid client ID."))?;
                Ok(Self::Device(client, code))
            }
            _ => Err(bad("Unsupported grant type")),
        }
    }
}

/// Logs in with a password, an API key or what a browser approved.
#[utoipa::path(
    post,
    path = "/login",
    tag = "server",
    operation_id = "login",
    request_body(content = requests::LoginForm, content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses(
        (status = 200, description = "Logged in", body = Token),
        (status = 400, description = "Not like this, or not yet", body = LoginRefusal),
    ),
)]
pub(crate) async fn login(
    State(app): State<App>,
    facts: Facts,
    Form(form): Form,
) -> Result<Json<Token>, Refused> {
    let Issued { token, expires_in, .. } = match Grant::of(form)? {
        Grant::Key(key) => match app.identities.login_key(&key).await {
            Ok(issued) => {
                note(&app, &facts, &issued.known, "").await?;
                issued
            }
            Err(rejected) => {
                let who = match &rejected {
                    Rejected::Credentials(_, reason) => format!("an API key: {reason}"),
                    _ => String::new(),
                };
                return Err(guesses::note_refusal(&app, &facts, rejected, Ok(who)).await.into());
            }
        },
        Grant::Password(name, password) => guesses::if_right(&app, &facts, &name, password, enter).await?,
        Grant::Device(client, code) => match app.identities.fetch_device(client, &code).await? {
            Fetched::Refused(refusal) => {
                if refusal == Refusal::Invalid {
                    let who = "a device code";
                    app.trail.note_stranger(origin(&facts), "login.failed", who).await?;
                }
                return Err(Refused::Device(refusal));
            }
            Fetched::Issued(issued) => {
                note(&app, &facts, &issued.known, "with a browser").await?;
                issued
            }
        },
    };
    Ok(Json(Token {
        access_token: token.expose_secret().to_owned(),
        token_type: "bearer",
        expires_in,
        refresh_token: None,
        csrf_token: None,
        scope: None,
        device_id: None,
        device_metadata: None,
    }))
}

/// Lets in whose password was right. The entry comes first: there is one whatever becomes of the token.
async fn enter(app: App, facts: Facts, known: Arc<Known>) -> Result<Issued, Rejected> {
    note(&app, &facts, &known, "").await?;
    Ok(app.identities.issue(known)?)
}

/// Notes a login.
async fn note(app: &App, facts: &Facts, known: &Known, how: &str) -> strongroom_core::Result<()> {
    let cx = Context::new(known.account.id, Access::none(), origin(facts));
    app.trail.note_event(&cx, "login", how).await
}
