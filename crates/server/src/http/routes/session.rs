//! What a client asks before it does anything: what the server is, who the caller is, and the one project and stack.

use super::super::{
    auth::{Caller, Facts, origin},
    body::Whole,
    error::{Answer, ApiError, ErrorBody},
    json::id,
    query::Query,
    requests,
    state::App,
    wire::{DeviceRefusal, Info, Paged, Project, Show, Stack, Token, User},
};
use super::devices::client_id;
use crate::identity::{Fetched, Issued, Refusal, Rejected};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use strongroom_core::{Access, Context, OwnerId, Page, SecretFilter};
use utoipa::ToSchema;
use uuid::Uuid;

/// The release of ZenML whose clients find everything that they need.
const ZENML: &str = "0.98.0";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What this server is.
#[utoipa::path(
    get,
    path = "/info",
    tag = "server",
    operation_id = "info",
    security(()),
    responses((status = 200, description = "Done", body = Info)),
)]
pub(crate) async fn info(State(app): State<App>) -> Json<Info> {
    Json(Info {
        id: app.identities.engine().identity().namespace.0,
        name: app.config.name.clone(),
        version: ZENML,
        active: true,
        debug: false,
        deployment_type: "other",
        database_type: app.kinds.database,
        secrets_store_type: app.kinds.secrets_store,
        auth_scheme: "OAUTH2_PASSWORD_BEARER",
        server_url: app.config.public_url.clone().unwrap_or_default(),
        dashboard_url: "",
        analytics_enabled: false,
        metadata: [("strongroom", env!("CARGO_PKG_VERSION"))].into(),
    })
}

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
    Whole(body): Whole,
) -> Result<Json<Token>, Refused> {
    let form = std::str::from_utf8(&body).map(Query::parse).unwrap_or_default();
    let secret = |field: &str| form.get(field).map(SecretString::from);
    let grant = match form.get("grant_type") {
        Some(grant) if !grant.is_empty() => grant,
        _ if form.get("device_code").is_some() => DEVICE_GRANT,
        _ if form.get("username").is_some() => "password",
        _ if form.get("password").is_some() => "zenml-api-key",
        _ => "password",
    };
    let bad = |text: &str| Err(ApiError::plain(StatusCode::BAD_REQUEST, text).into());
    let (outcome, who, how) = match grant {
        "zenml-api-key" => {
            let Some(key) = secret("password") else { return bad("API key is required.") };
            (app.identities.login_key(&key).await, "an API key".to_owned(), "")
        }
        "password" => {
            let Some(name) = form.get("username") else {
                return bad("Invalid request: username is required.");
            };
            let password = secret("password").unwrap_or_default();
            let hash = app.identities.name_hash(name)?;
            // A bounded number of words for any number of names.
            let bucket = format!("name {:02x}{:02x}", hash[0], hash[1]);
            (app.identities.login_password(name, password, facts.address).await, bucket, "")
        }
        DEVICE_GRANT => {
            let (Some(code), Some(_)) = (secret("device_code"), form.get("client_id")) else {
                return bad("Invalid request: device code and client ID are required.");
            };
            match app.identities.fetch_device(client_id(&form)?, &code).await? {
                Fetched::Refused(refusal) => return Err(Refused::Device(refusal)),
                Fetched::Issued(issued) => (Ok(issued), String::new(), "with a browser"),
            }
        }
        _ => return bad("Unsupported grant type"),
    };
    match outcome {
        Ok(Issued { token, expires_in, known }) => {
            let cx = Context::new(known.account.id, Access::none(), origin(&facts));
            app.trail.note_event(&cx, "login", how).await?;
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
        Err(rejected) => {
            if !matches!(rejected, Rejected::Failed(_)) {
                let nobody = Context::new(OwnerId(Uuid::nil()), Access::none(), origin(&facts));
                app.trail.note_event(&nobody, "login.failed", &who).await?;
            }
            Err(rejected.into())
        }
    }
}

/// Who the caller is.
#[utoipa::path(
    get,
    path = "/current-user",
    tag = "users",
    operation_id = "current_user",
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn current_user(State(_): State<App>, caller: Caller) -> Json<User> {
    Json(User::of(caller.account(), Show::Plain))
}

/// The projects: one, so that clients have one.
#[utoipa::path(
    get,
    path = "/projects",
    tag = "server",
    operation_id = "projects",
    params(
        ("hydrate" = Option<bool>, Query),("name" = Option<String>, Query), ("page" = Option<u32>, Query, minimum = 1), ("size" = Option<u32>, Query, minimum = 1, maximum = 10000)),
    responses((status = 200, description = "Done", body = Paged<Project>)),
)]
pub(crate) async fn projects(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<Project>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    single(&query, Project::new(id_of(&app, "project"), query.paging()?.hydrate))
}

/// The stacks: one, so that clients have one.
#[utoipa::path(
    get,
    path = "/stacks",
    tag = "server",
    operation_id = "stacks",
    params(
        ("hydrate" = Option<bool>, Query),("name" = Option<String>, Query), ("page" = Option<u32>, Query, minimum = 1), ("size" = Option<u32>, Query, minimum = 1, maximum = 10000)),
    responses((status = 200, description = "Done", body = Paged<Stack>)),
)]
pub(crate) async fn stacks(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<Stack>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    single(&query, Stack::new(id_of(&app, "stack"), query.paging()?.hydrate))
}

/// One project.
#[utoipa::path(
    get,
    path = "/projects/{id}",
    tag = "server",
    operation_id = "project_by",
    params(("hydrate" = Option<bool>, Query), ("id" = String, Path, description = "Name or id")),
    responses((status = 200, description = "Done", body = Project)),
)]
pub(crate) async fn project_by(
    State(app): State<App>,
    _: Caller,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Project>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default()).boolean("hydrate", true)?;
    let known = id_of(&app, "project");
    must_be(&text, known, "project")?;
    Ok(Json(Project::new(known, hydrate)))
}

/// One stack.
#[utoipa::path(
    get,
    path = "/stacks/{id}",
    tag = "server",
    operation_id = "stack_by",
    params(("hydrate" = Option<bool>, Query), ("id" = String, Path, description = "Name or id")),
    responses((status = 200, description = "Done", body = Stack)),
)]
pub(crate) async fn stack_by(
    State(app): State<App>,
    _: Caller,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Stack>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default()).boolean("hydrate", true)?;
    let known = id_of(&app, "stack");
    must_be(&text, known, "stack")?;
    Ok(Json(Stack::new(known, hydrate)))
}

/// The page with the one item that is there.
fn single<T>(query: &Query, item: T) -> Answer<Json<Paged<T>>> {
    let paging = query.paging()?;
    let plain = |text: &str| text.strip_prefix("equals:").unwrap_or(text) == "default";
    let items: Vec<T> = if query.all("name").all(plain) { vec![item] } else { Vec::new() };
    let filter = SecretFilter::new().page(paging.page).size(paging.size);
    let total = items.len() as u64;
    let items = if paging.page == 1 { items } else { Vec::new() };
    Ok(Json(Page::new(items, total, &filter)?.into()))
}

fn must_be(text: &str, known: Uuid, what: &str) -> Answer<()> {
    if text == "default" || id(what, text).is_ok_and(|id| id == known) {
        return Ok(());
    }
    Err(ApiError::not_found(format!("\"There is no such {what}: the only one is called default\"")))
}

/// The id of something that is there because clients want one: the same in all replicas.
fn id_of(app: &App, what: &str) -> Uuid {
    let namespace = app.identities.engine().identity().namespace.0;
    Uuid::new_v5(&namespace, format!("{what} default").as_bytes())
}

/// Where backups would go: nowhere.
#[utoipa::path(
    put,
    path = "/secrets_operations/backup",
    tag = "server",
    operation_id = "backup",
    responses((status = 501, description = "Not here", body = ErrorBody)),
)]
pub(crate) async fn backup(State(_): State<App>, caller: Caller) -> ApiError {
    operations(&caller, "backup")
}

/// Where backups would come from: nowhere.
#[utoipa::path(
    put,
    path = "/secrets_operations/restore",
    tag = "server",
    operation_id = "restore",
    responses((status = 501, description = "Not here", body = ErrorBody)),
)]
pub(crate) async fn restore(State(_): State<App>, caller: Caller) -> ApiError {
    operations(&caller, "restore")
}

fn operations(caller: &Caller, what: &str) -> ApiError {
    if let Err(refused) = caller.must_be_admin(&format!("{what} secrets")) {
        return refused;
    }
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "NotImplementedError",
        format!("Unable to {what} secrets: No backup secrets store is configured."),
    )
}
