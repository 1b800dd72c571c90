//! Repeated requests: the same idempotency key changes something once.
//!
//! What is kept commits with the change and holds no value: a repeat is answered anew, with the rights of then.

use super::{auth::Caller, error::ApiError, state::App};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{
    collections::hash_map::Entry,
    sync::{Arc, PoisonError},
};
use strongroom_core::{Receipt, Result};
use strongroom_engine::crypto::{KeyKind, equal};
use strongroom_sql::Received;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// The header.
const HEADER: &str = "idempotency-key";

/// A request that names itself.
pub(crate) struct Once {
    pub(crate) receipt: Receipt,
    app: App,
    /// A twin waits until this is gone.
    guard: Option<OwnedMutexGuard<()>>,
}

impl Once {
    /// Reads the header, and waits for a twin that is under way. `None` if the request does not name itself.
    pub(crate) async fn of(
        app: &App,
        caller: &Caller,
        headers: &HeaderMap,
        what: &str,
        body: &[u8],
    ) -> Result<Option<Self>, ApiError> {
        let Some(value) = headers.get(HEADER) else { return Ok(None) };
        let key = value.to_str().ok().and_then(|text| Uuid::parse_str(text).ok());
        let key = key.ok_or_else(|| ApiError::invalid("Idempotency-Key: it must be a UUID"))?;
        let engine = app.identities.engine();
        let account = caller.id().0;
        let names: [&[u8]; 3] = [account.as_bytes(), what.as_bytes(), key.as_bytes()];
        // Under the credential key, of which there is one at a time: after a rotation a repeat is not recognised.
        let (_, id) = engine.keyed_hash(KeyKind::Credential, "receipt id v1", &names)?;
        // With another condition it is another request.
        let condition = headers.get(header::IF_MATCH).map_or(&b""[..], HeaderValue::as_bytes);
        let (_, digest) = engine.keyed_hash(KeyKind::Credential, "receipt body v2", &[body, condition])?;
        let mut short = [0; 16];
        short.copy_from_slice(&id[..16]);
        let receipt = Receipt { id: uuid::Builder::from_random_bytes(short).into_uuid(), digest };
        let lock: Arc<Mutex<()>> = {
            let mut twins = app.twins.lock().unwrap_or_else(PoisonError::into_inner);
            twins.entry(receipt.id).or_default().clone()
        };
        // Before the wait: whoever goes away meanwhile leaves nothing behind.
        let mut once = Self { receipt, app: app.clone(), guard: None };
        once.guard = Some(lock.lock_owned().await);
        Ok(Some(once))
    }

    /// What the request did, if it was carried out before.
    pub(crate) async fn before(&self) -> Result<Option<Received>, ApiError> {
        let Some(received) = self.app.identities.catalog().receipt(self.receipt.id).await? else {
            return Ok(None);
        };
        if !equal(&received.digest, &self.receipt.digest) {
            return Err(ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "ValueError",
                "Idempotency-Key: it was used for another request; make a new one",
            ));
        }
        Ok(Some(received))
    }
}

impl Drop for Once {
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
