//! What ZenML has no routes for: names and versions.

use super::{
    super::{
        auth::{Reader, Sender},
        body::{JsonBody, Sent},
        error::{Answer, ApiError},
        json::id,
        path::Path,
        query::Query,
        requests,
        state::App,
        wire::{SecretView, VersionView},
    },
    answer::{missing, note_refusal},
    change::Changing,
    secrets::{Asked, show},
};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use strongroom_core::{Revision, SecretId, SecretName, SecretRef, SecretUpdate, ValuesChange};

/// One secret by its name.
#[utoipa::path(
    get,
    path = "/secrets/by-name/{name}",
    tag = "secrets",
    operation_id = "by_name",
    params(("name" = String, Path, description = "The exact name"), ("private" = Option<bool>, Query, description = "Whether the private or the public one is meant; without it the public one wins"), ("revision" = Option<u64>, Query, description = "An older version: the newest that is kept from that revision or before; 404 if none is, or if the revision is yet to come"), ("hydrate" = Option<bool>, Query, description = "Whether to answer `metadata`, too")),
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn by_name(
    State(app): State<App>,
    reader: Reader,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let asked = || {
        let query = Query::parse(query.as_deref().unwrap_or_default())?;
        let private = match query.get("private") {
            None => None,
            Some(_) => Some(query.boolean("private", false)?),
        };
        Asked::of(SecretRef::Name { name: SecretName::new(name.as_str())?, private }, &query)
    };
    let asked = reader.asks(&app, asked()).await?;
    show(&app, reader, asked, &name).await
}

/// The kept versions of a secret.
#[utoipa::path(
    get,
    path = "/secrets/{id}/versions",
    tag = "secrets",
    operation_id = "versions",
    params(("id" = Uuid, Path, description = "The secret's id")),
    responses((status = 200, description = "Done", body = Vec<VersionView>)),
)]
pub(crate) async fn versions(
    State(app): State<App>,
    reader: Reader,
    Path(text): Path<String>,
) -> Answer<Json<Vec<VersionView>>> {
    let secret = SecretId(reader.asks(&app, id("secret id", &text)).await?);
    let store = app.store.clone();
    let (found, caller) = reader
        .read(&app, |cx| {
            let store = store.clone();
            async move { store.versions(&cx, &secret.into()).await }
        })
        .await?;
    match found {
        Ok(versions) => {
            app.trail.note(&caller.context(), "secret.versions", secret, "").await?;
            Ok(Json(versions.iter().map(VersionView::from).collect()))
        }
        Err(error) => {
            note_refusal(&app, &caller, &error, Some(secret)).await?;
            Err(missing(error, &text))
        }
    }
}

/// Makes an older version current again, as a new one.
#[utoipa::path(
    post,
    path = "/secrets/{id}/rollback",
    tag = "secrets",
    operation_id = "rollback",
    params(("id" = Uuid, Path, description = "The secret's id"), ("If-Match" = Option<String>, Header, description = "The revision that is expected, in quotes, as in `ETag`, or several with commas between them; 412 if it is another one"), ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")),
    request_body = requests::Rollback,
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn rollback(
    State(app): State<App>,
    sender: Sender,
    Path(text): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
    let secret = SecretId(id("secret id", &text)?);
    let revision = object.integer("revision")?.and_then(|number| u64::try_from(number).ok());
    let revision =
        revision.ok_or_else(|| ApiError::invalid("revision: it must be a whole number, and is required"))?;
    let update = SecretUpdate::new().values(ValuesChange::Restore(Revision(revision)));
    let what = format!("POST /secrets/{secret}/rollback");
    Changing { secret, what, text, headers, body: bytes }.apply(&app, &caller, update).await
}
