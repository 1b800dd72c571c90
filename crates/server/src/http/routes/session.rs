//! What a client asks before it does anything: what the server is, who the caller is, and the one project and stack.

use super::super::{
    auth::{Caller, Facts, origin},
    body::Whole,
    error::{Answer, ApiError},
    json::id,
    query::Query,
    state::App,
    wire::{self, Show},
};
use crate::identity::{Issued, Rejected};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use strongroom_core::{Access, Context, OwnerId, Page, SecretFilter, Timestamp};
use uuid::Uuid;

/// The release of ZenML whose clients find everything that they need.
const ZENML: &str = "0.98.0";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What this server is.
pub(crate) async fn info(State(app): State<App>) -> Json<Value> {
    let url = app.config.public_url.as_deref();
    Json(json!({
        "id": app.identities.engine().identity().namespace.0,
        "name": app.config.name,
        "version": ZENML,
        "active": true,
        "debug": false,
        "deployment_type": "other",
        "database_type": app.kinds.database,
        "secrets_store_type": app.kinds.secrets_store,
        "auth_scheme": "OAUTH2_PASSWORD_BEARER",
        "server_url": url.unwrap_or_default(),
        "dashboard_url": "",
        "analytics_enabled": false,
        "metadata": {"strongroom": env!("CARGO_PKG_VERSION")},
    }))
}

/// Logs in with a password or an API key.
pub(crate) async fn login(State(app): State<App>, facts: Facts, Whole(body): Whole) -> Answer<Json<Value>> {
    let form = std::str::from_utf8(&body).map(Query::parse).unwrap_or_default();
    let secret = |field: &str| form.get(field).map(SecretString::from);
    let grant = match form.get("grant_type") {
        Some(grant) if !grant.is_empty() => grant,
        _ if form.get("device_code").is_some() => DEVICE_GRANT,
        _ if form.get("username").is_some() => "password",
        _ if form.get("password").is_some() => "zenml-api-key",
        _ => "password",
    };
    let bad = |text: &str| Err(ApiError::plain(StatusCode::BAD_REQUEST, text));
    let (outcome, who) = match grant {
        "zenml-api-key" => {
            let Some(key) = secret("password") else { return bad("API key is required.") };
            (app.identities.login_key(&key).await, "an API key".to_owned())
        }
        "password" => {
            let Some(name) = form.get("username") else {
                return bad("Invalid request: username is required.");
            };
            let password = secret("password").unwrap_or_default();
            let hash = app.identities.name_hash(name)?;
            // A bounded number of words for any number of names.
            let bucket = format!("name {:02x}{:02x}", hash[0], hash[1]);
            (app.identities.login_password(name, password, facts.address).await, bucket)
        }
        DEVICE_GRANT => return Err(no_devices()),
        _ => return bad("Unsupported grant type"),
    };
    match outcome {
        Ok(Issued { token, expires_in, known }) => {
            let cx = Context::new(known.account.id, Access::none(), origin(&facts));
            app.trail.note_event(&cx, "login", "").await?;
            Ok(Json(json!({
                "access_token": token.expose_secret(),
                "token_type": "bearer",
                "expires_in": expires_in,
                "refresh_token": null,
                "csrf_token": null,
                "scope": null,
                "device_id": null,
                "device_metadata": null,
            })))
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

fn no_devices() -> ApiError {
    ApiError::plain(
        StatusCode::FORBIDDEN,
        "Device authorization is not supported by this server: log in with an API key (zenml login URL --api-key)",
    )
}

/// Logging in with a browser.
pub(crate) async fn device_authorization() -> ApiError {
    no_devices()
}

/// Who the caller is.
pub(crate) async fn current_user(State(_): State<App>, caller: Caller) -> Json<Value> {
    Json(wire::user(caller.account(), Show::Plain))
}

/// The projects: one, so that clients have one.
pub(crate) async fn projects(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    single(&query, "default", project(&app))
}

/// The stacks: one, so that clients have one.
pub(crate) async fn stacks(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    single(&query, "default", stack(&app))
}

/// One project.
pub(crate) async fn project_by(
    State(app): State<App>,
    _: Caller,
    Path(text): Path<String>,
) -> Answer<Json<Value>> {
    by_id(&text, project(&app), "project")
}

/// One stack.
pub(crate) async fn stack_by(
    State(app): State<App>,
    _: Caller,
    Path(text): Path<String>,
) -> Answer<Json<Value>> {
    by_id(&text, stack(&app), "stack")
}

fn single(query: &Option<String>, name: &str, item: Value) -> Answer<Json<Value>> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let paging = query.paging()?;
    let plain = |text: &str| text.strip_prefix("equals:").unwrap_or(text) == name;
    let items: Vec<Value> = if query.all("name").all(plain) { vec![item] } else { Vec::new() };
    let filter = SecretFilter::new().page(paging.page).size(paging.size);
    let total = items.len() as u64;
    let items = if paging.page == 1 { items } else { Vec::new() };
    Ok(Json(wire::page(&Page::new(items, total, &filter)?)))
}

fn by_id(text: &str, item: Value, what: &str) -> Answer<Json<Value>> {
    let known = item["id"].as_str().unwrap_or_default();
    if text == "default" || id(what, text).is_ok_and(|id| id.to_string() == known) {
        return Ok(Json(item));
    }
    Err(ApiError::not_found(format!("\"There is no such {what}: the only one is called default\"")))
}

fn project(app: &App) -> Value {
    let mut item = named(app, "project");
    item["body"]["display_name"] = json!("Default project");
    item
}

fn stack(app: &App) -> Value {
    named(app, "stack")
}

/// Something that is there because clients want one: its id is the same in all replicas.
fn named(app: &App, what: &str) -> Value {
    let namespace = app.identities.engine().identity().namespace.0;
    let created = wire::time(Timestamp(0));
    json!({
        "body": {"created": created, "updated": created, "user_id": null},
        "metadata": {"description": "", "components": {}, "labels": {}},
        "resources": {"user": null},
        "id": Uuid::new_v5(&namespace, format!("{what} default").as_bytes()),
        "permission_denied": false,
        "name": "default",
    })
}

/// Where backups would go: nowhere.
pub(crate) async fn backup(State(_): State<App>, caller: Caller) -> ApiError {
    operations(&caller, "backup")
}

/// Where backups would come from: nowhere.
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
