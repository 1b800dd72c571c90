//! `/audit`: who did what, for admins and auditors.

use super::{
    super::{
        auth::Caller,
        error::{Answer, ApiError},
        json::id,
        query::Query,
        requests,
        state::App,
        wire::{AuditView, HeadView},
    },
    accounts,
};
use crate::audit::{self, parse_head};
use axum::{
    Json,
    extract::{RawQuery, State},
};
use strongroom_core::{OwnerId, SecretId};
use strongroom_sql::{TrailFilter, identities::Role};
use uuid::Uuid;

/// The most entries of one answer.
const MOST: u64 = 10_000;
/// How many there are unless asked for another number.
const USUAL: u64 = 50;

fn may_see(caller: &Caller) -> Result<(), ApiError> {
    match caller.account().role {
        Role::Admin | Role::Auditor => Ok(()),
        Role::Writer | Role::Reader => {
            Err(ApiError::forbidden("Only admins and auditors can see the audit trail."))
        }
    }
}

/// Entries of the audit trail, the newest first.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "audit",
    operation_id = "audit_list",
    params(requests::AuditQuery),
    responses((status = 200, description = "Done", body = Vec<AuditView>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Vec<AuditView>>> {
    may_see(&caller)?;
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let size = query.number("size")?.unwrap_or(USUAL);
    if !(1..=MOST).contains(&size) {
        return Err(ApiError::invalid(format!("size: use 1 to {MOST}")));
    }
    let mut filter =
        TrailFilter { action: query.get("action").map(ToOwned::to_owned), ..TrailFilter::default() };
    if let Some(which) = query.get("actor") {
        filter.actor = Some(actor(&app, which).await?);
    }
    if let Some(secret) = query.get("secret") {
        filter.secret = Some(SecretId(id("secret", secret)?));
    }
    let catalog = app.identities.catalog();
    let skip = query.number("skip")?.unwrap_or(0);
    let rows = catalog.audit_trail(&filter, skip, u32::try_from(size).unwrap_or(u32::MAX)).await?;
    let names = catalog.actor_names(&rows).await?;
    app.trail.note_event(&caller.context(), "audit.list", "").await?;
    let view = |row| AuditView::new(row, names.get(&row.actor).map(String::as_str));
    Ok(Json(rows.iter().map(view).collect()))
}

/// Whose entries are asked for. An account that is gone has its entries still: they are asked for by its id.
async fn actor(app: &App, which: &str) -> Answer<OwnerId> {
    let account = accounts::find(app, which).await?.map(|account| account.id);
    let gone = "\"actor: there is no such account; ask for one that is gone by its id\"";
    account.or(Uuid::parse_str(which).ok().map(OwnerId)).ok_or_else(|| ApiError::not_found(gone))
}

/// Verifies every chain of the audit trail; 500 that names chain and entry if one was changed.
#[utoipa::path(
    get,
    path = "/audit/verify",
    tag = "audit",
    operation_id = "audit_verify",
    params(("head" = Option<Vec<String>>, Query, description = "A head that was noted earlier: `CHAIN:SEQUENCE:HEX`")),
    responses((status = 200, description = "All is as it was written", body = Vec<HeadView>)),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Vec<HeadView>>> {
    may_see(&caller)?;
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let head = |text| parse_head(text).ok_or_else(|| ApiError::invalid("head: use CHAIN:SEQUENCE:HEX"));
    let heads = query.all("head").map(head).collect::<Result<Vec<_>, _>>()?;
    let reports = audit::verify(app.identities.engine(), app.identities.catalog(), &heads).await;
    let reports = reports.map_err(ApiError::with_facts)?;
    Ok(Json(reports.iter().map(HeadView::from).collect()))
}
