//! Many secrets at once.

use super::{
    super::{
        auth::Asker,
        body::JsonBody,
        error::{Answer, ApiError},
        json::id,
        requests,
        state::App,
        wire::{Many, OneOfMany, SecretView},
    },
    answer::{action, missing, refusal},
};
use crate::audit::Event;
use axum::{Json, extract::State, http::StatusCode};
use secrecy::ExposeSecret as _;
use std::collections::HashSet;
use strongroom_core::{
    Context, GetOptions, Names, Result, Secret, SecretId, SecretName, SecretRef, SecretValues, SecretsStore,
};
use uuid::Uuid;

/// The most secrets of one request.
const MOST: usize = 1000;
/// The most bytes of keys and values in one answer, as they are sent; one secret is answered however large it is.
const BYTES: usize = 16 << 20;
/// How many are read before it is looked whether there is room for more.
const TOGETHER: usize = 50;

/// Many secrets at once: what the caller may read, and an error for each of the rest. Of more than 16 MiB the rest has to be
/// asked for again.
#[utoipa::path(
    post,
    path = "/secrets/values",
    tag = "secrets",
    operation_id = "values",
    request_body = requests::Wanted,
    responses((status = 200, description = "Done", body = Many)),
)]
pub(crate) async fn values(
    State(app): State<App>,
    Asker(reader): Asker,
    JsonBody { mut object, .. }: JsonBody,
) -> Answer<Json<Many>> {
    let mut asked = || {
        let (ids, names) = (object.list("ids")?, object.list("names")?);
        let wanted = wanted(&ids, &names)?;
        Answer::Ok((ids, names, wanted))
    };
    let (ids, names, wanted) = reader.asks(&app, asked()).await?;
    let store = app.store.clone();
    let (found, caller) = reader
        .read(&app, |cx| {
            let (store, wanted) = (store.clone(), wanted.clone());
            async move { read(&*store, &cx, &wanted).await }
        })
        .await?;
    let events = events(&wanted, &found);
    app.trail.note_many(&caller.context(), &events).await?;
    let mut items = Vec::with_capacity(wanted.len());
    let mut found = found.into_iter();
    for text in ids.iter().chain(&names) {
        items.push(match found.next() {
            Some(Ok(secret)) => {
                let owner = app.identities.owner(secret.meta.owner.id, caller.known.epoch).await;
                let secret = Box::new(SecretView::whole(secret, owner, true));
                OneOfMany::Found { which: text.clone(), secret }
            }
            Some(Err(error)) => {
                OneOfMany::Failed { which: text.clone(), error: missing(error, text).into_detail() }
            }
            None => OneOfMany::Failed { which: text.clone(), error: no_room().into_detail() },
        });
    }
    Ok(Json(Many { items }))
}

/// What the audit trail says of each: that it was read, or denied, not found or damaged.
fn events(wanted: &[SecretRef], found: &[Result<Secret>]) -> Vec<(Event, SecretId)> {
    let event = |(which, answer): (&SecretRef, &Result<Secret>)| match answer {
        Ok(secret) => Some((Event::Done(action(secret)), secret.meta.id)),
        Err(error) => {
            let id = if let SecretRef::Id(id) = which { *id } else { SecretId(Uuid::nil()) };
            Some((refusal(error)?, id))
        }
    };
    wanted.iter().zip(found).filter_map(event).collect()
}

/// What is asked for: each secret once, since every time takes the memory of its values.
fn wanted(ids: &[String], names: &[String]) -> Answer<Vec<SecretRef>> {
    if ids.len() + names.len() > MOST {
        return Err(ApiError::invalid(format!("ids, names: ask for at most {MOST} secrets at once")));
    }
    let twice = |field: &str, text: &str| {
        let text = text.escape_debug();
        Err(ApiError::invalid(format!("{field}: `{text}` is there more than once; ask for each secret once")))
    };
    let mut wanted = Vec::with_capacity(ids.len() + names.len());
    let mut seen = HashSet::new();
    for text in ids {
        let secret = SecretId(id("ids", text)?);
        if !seen.insert(secret) {
            return twice("ids", text);
        }
        wanted.push(secret.into());
    }
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return twice("names", name);
        }
        wanted.push(SecretName::new(name.as_str())?.into());
    }
    Ok(wanted)
}

/// Reads the first ones, as many as one answer has room for.
async fn read(store: &dyn SecretsStore, cx: &Context, wanted: &[SecretRef]) -> Vec<Result<Secret>> {
    let mut options = GetOptions::new();
    options.keys_only = cx.access.read == Names::none();
    let mut found: Vec<Result<Secret>> = Vec::with_capacity(wanted.len());
    let mut bytes = 0;
    for some in wanted.chunks(TOGETHER) {
        for answer in store.get(cx, some, &options).await {
            let size = answer.as_ref().map_or(0, |secret| sent(&secret.values));
            if bytes > 0 && bytes + size > BYTES {
                return found;
            }
            bytes += size;
            found.push(answer);
        }
    }
    found
}

/// How many bytes keys and values take in an answer: a control character is six there.
fn sent(values: &SecretValues) -> usize {
    let text = |text: &str| -> usize {
        let byte = |byte| match byte {
            b'"' | b'\\' => 2,
            0..0x20 => 6,
            _ => 1,
        };
        text.bytes().map(byte).sum()
    };
    let keys: usize = values.keys().map(text).sum();
    keys + values.iter().map(|(_, value)| text(value.expose_secret())).sum::<usize>()
}

/// Said in place of a secret. It is no error of the caller's: the client asks for each such secret alone.
fn no_room() -> ApiError {
    let text = "The values before this one fill the answer (16 MiB): ask for it and for those after it again";
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "RuntimeError", text)
}
