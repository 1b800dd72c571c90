//! Repeated requests: the same idempotency key changes something once.
//!
//! What is kept commits with the change and holds no value: a repeat is answered anew, with the rights of then.

use super::{auth::Caller, error::ApiError, if_match::IfMatch, state::App};
use axum::http::{HeaderMap, StatusCode};
use std::{
    collections::hash_map::Entry,
    sync::{Arc, PoisonError},
};
use strongroom_core::{Error, ErrorKind, Receipt, Result};
use strongroom_engine::crypto::{KeyKind, equal};
use strongroom_sql::Received;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// The header.
const HEADER: &str = "idempotency-key";

/// A request, which names itself or does not.
pub(crate) struct Once(Option<Named>);

/// A request that names itself.
struct Named {
    receipt: Receipt,
    app: App,
    /// A twin waits until this is gone.
    guard: Option<OwnedMutexGuard<()>>,
}

impl Once {
    /// Reads the header, and waits for a twin that is under way.
    pub(crate) async fn of(
        app: &App,
        caller: &Caller,
        headers: &HeaderMap,
        what: &str,
        body: &[u8],
    ) -> Result<Self, ApiError> {
        let Some(value) = headers.get(HEADER) else { return Ok(Self(None)) };
        let key = value.to_str().ok().and_then(|text| Uuid::parse_str(text).ok());
        let key = key.ok_or_else(|| ApiError::invalid("Idempotency-Key: it must be a UUID"))?;
        let engine = app.identities.engine();
        let account = caller.id().0;
        let names: [&[u8]; 3] = [account.as_bytes(), what.as_bytes(), key.as_bytes()];
        // Under the credential key, of which there is one at a time: after a rotation a repeat is not recognised.
        let (_, id) = engine.keyed_hash(KeyKind::Credential, "receipt id v1", &names)?;
        // With another condition it is another request.
        let parts: [&[u8]; 2] = [body, &IfMatch::bytes(headers)];
        let (_, digest) = engine.keyed_hash(KeyKind::Credential, "receipt body v2", &parts)?;
        let mut short = [0; 16];
        short.copy_from_slice(&id[..16]);
        let receipt = Receipt { id: uuid::Builder::from_random_bytes(short).into_uuid(), digest };
        let lock: Arc<Mutex<()>> = {
            let mut twins = app.twins.lock().unwrap_or_else(PoisonError::into_inner);
            twins.entry(receipt.id).or_default().clone()
        };
        // Before the wait: whoever goes away meanwhile leaves nothing behind.
        let mut named = Named { receipt, app: app.clone(), guard: None };
        named.guard = Some(lock.lock_owned().await);
        Ok(Self(Some(named)))
    }

    /// What the change leaves behind, for the context that it is made in.
    pub(crate) fn receipt(&self) -> Option<Receipt> {
        self.0.as_ref().map(|named| named.receipt)
    }

    /// What the request did, if it was carried out before.
    pub(crate) async fn before(&self) -> Result<Option<Received>, ApiError> {
        let Some(Named { receipt, app, .. }) = &self.0 else { return Ok(None) };
        let Some(received) = app.identities.catalog().receipt(receipt.id).await? else { return Ok(None) };
        if !equal(&received.digest, &receipt.digest) {
            return Err(ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "ValueError",
                "Idempotency-Key: it was used for another request; make a new one",
            ));
        }
        Ok(Some(received))
    }

    /// What the same request did meanwhile, on another server or for a caller who left, if `error` may come from that.
    pub(crate) async fn meanwhile(&self, error: &Error) -> Result<Option<Received>, ApiError> {
        match error.kind() {
            ErrorKind::Conflict
            | ErrorKind::AlreadyExists
            | ErrorKind::NotFound
            | ErrorKind::OutcomeUnknown => self.before().await,
            _ => Ok(None),
        }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        self.guard = None;
        let mut twins = self.app.twins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(entry) = twins.entry(self.receipt.id)
            && Arc::strong_count(entry.get()) == 1
        {
            entry.remove();
        }
    }
}
