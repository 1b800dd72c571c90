//! What a client asks before it does anything: what the server is, who the caller is, and the one project and stack.

use super::super::{
    auth::Caller,
    error::{Answer, ApiError, ErrorBody},
    json::id,
    path::Path,
    query::Query,
    state::App,
    wire::{Info, Paged, Project, Show, Stack, User},
};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
};
use strongroom_core::{
    Page, SecretFilter,
    filter::{Condition, TextOp},
};
use uuid::Uuid;

/// The release of ZenML whose clients find everything that they need.
const ZENML: &str = "0.98.0";

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
        ("hydrate" = Option<bool>, Query),("name" = Option<Vec<String>>, Query), ("id" = Option<Vec<String>>, Query), ("page" = Option<u32>, Query, minimum = 1), ("size" = Option<u32>, Query, minimum = 1, maximum = 10000)),
    responses((status = 200, description = "Done", body = Paged<Project>)),
)]
pub(crate) async fn projects(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<Project>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let known = id_of(&app, "project");
    single(&query, known, Project::new(known, query.paging()?.hydrate))
}

/// The stacks: one, so that clients have one.
#[utoipa::path(
    get,
    path = "/stacks",
    tag = "server",
    operation_id = "stacks",
    params(
        ("hydrate" = Option<bool>, Query),("name" = Option<Vec<String>>, Query), ("id" = Option<Vec<String>>, Query), ("page" = Option<u32>, Query, minimum = 1), ("size" = Option<u32>, Query, minimum = 1, maximum = 10000)),
    responses((status = 200, description = "Done", body = Paged<Stack>)),
)]
pub(crate) async fn stacks(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<Stack>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let known = id_of(&app, "stack");
    single(&query, known, Stack::new(known, query.paging()?.hydrate))
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
    let hydrate = Query::parse(query.as_deref().unwrap_or_default())?.boolean("hydrate", true)?;
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
    let hydrate = Query::parse(query.as_deref().unwrap_or_default())?.boolean("hydrate", true)?;
    let known = id_of(&app, "stack");
    must_be(&text, known, "stack")?;
    Ok(Json(Stack::new(known, hydrate)))
}

/// The page with the one item that is there.
fn single<T>(query: &Query, known: Uuid, item: T) -> Answer<Json<Paged<T>>> {
    let paging = query.paging()?;
    let mut asked_for = true;
    for text in query.all("name") {
        asked_for &= TextOp::parse("name", text)?.matches("default");
    }
    for text in query.all("id") {
        asked_for &= Condition::Id(TextOp::parse("id", text)?).matches_id(known);
    }
    let items: Vec<T> = if asked_for { vec![item] } else { Vec::new() };
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
