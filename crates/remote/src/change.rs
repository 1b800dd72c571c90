//! Changing: creating, updating, restoring a version, deleting.

use crate::{
    calling::{Calling, missing},
    error,
    transport::{Body, Message, Reply},
    wire::{self, Change, SecretView, Values},
};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use strongroom_core::{
    Error, ErrorKind, NewSecret, Result, Revision, Secret, SecretId, SecretMeta, SecretName, SecretRef,
    SecretUpdate, ValuesChange,
};
use uuid::Uuid;

/// How often a secret that is to be changed by its name is looked up, if others change it meanwhile.
const LOOKS: u32 = 10;
/// The longest pause before the second look; before each further one it is twice as long, up to a bound.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(200);

impl Calling<'_> {
    pub(crate) async fn create(&self, new: &NewSecret) -> Result<Secret> {
        let mut message = self.message(Method::POST, "/secrets");
        let values = Some(Values::all(&new.values)?);
        let body = Change { name: Some(new.name.as_str()), private: Some(new.private), values };
        message.body = Some(Body::Json(wire::json(&body)?));
        let made: Result<SecretView> = self.client.json(self.writing(message, true)).await;
        match made {
            Ok(view) => view.secret(false),
            Err(error) => Err(error::name_taken(error, &new.name)),
        }
    }

    pub(crate) async fn update(&self, which: &SecretRef, update: &SecretUpdate) -> Result<SecretMeta> {
        self.needs_revisions(update.expected)?;
        let names = update.name.is_some() || update.private.is_some();
        if let ValuesChange::Restore(revision) = update.values {
            self.needs_ours("keeps no versions")?;
            if names {
                let text = "over a server, restoring a version and changing name or privacy are two calls";
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
            let body = wire::json(&json!({"revision": revision.0}))?;
            let message = |id: SecretId| {
                let mut message = self.message(Method::POST, format!("/secrets/{id}/rollback"));
                message.body = Some(Body::Json(body.clone()));
                message
            };
            let absent = |error: Error| match error.kind() {
                ErrorKind::NotFound => error::no_version(which, revision),
                _ => error,
            };
            let restored = self.changed(which, update.expected, false, message).await?;
            return self.client.read::<SecretView>(&restored.map_err(absent)?)?.meta();
        }
        let patch = matches!(update.values, ValuesChange::Merge(_));
        let values = match &update.values {
            ValuesChange::Merge(pairs) => Some(Values::merged(pairs)),
            ValuesChange::Replace(values) => Some(Values::all(values)?),
            ValuesChange::Keep | ValuesChange::Restore(_) => None,
        };
        let body =
            Change { name: update.name.as_ref().map(SecretName::as_str), private: update.private, values };
        let body = wire::json(&body)?;
        let message = |id: SecretId| {
            let mut message = self.message(Method::PUT, format!("/secrets/{id}?patch_values={patch}"));
            message.body = Some(Body::Json(body.clone()));
            message
        };
        let changed = self.changed(which, update.expected, names, message).await?;
        // ZenML keeps a new name and privacy also if it then refuses the values.
        let halves = names && !self.ours && !matches!(update.values, ValuesChange::Keep);
        let changed = changed.map_err(|error| match &update.name {
            _ if halves && error.kind() == ErrorKind::InvalidInput => error::half_made(&error),
            Some(name) => error::name_taken(missing(error, which), name),
            None => missing(error, which),
        });
        self.client.read::<SecretView>(&changed?)?.meta()
    }

    pub(crate) async fn delete(&self, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        self.needs_revisions(expected)?;
        let message = |id: SecretId| self.message(Method::DELETE, format!("/secrets/{id}"));
        let deleted = self.changed(which, expected, false, message).await?;
        deleted.map(drop).map_err(|error| missing(error, which))
    }

    /// Sends a change of the secret that is meant, bound to the revision that a look for its name found: by the time that
    /// it arrives, the name may be another secret's, and is looked for again. What the look says is the outer result, what
    /// the change says the inner one.
    async fn changed(
        &self,
        which: &SecretRef,
        expected: Option<Revision>,
        names: bool,
        message: impl Fn(SecretId) -> Message,
    ) -> Result<Result<Reply>> {
        let mut looks = 0;
        loop {
            let (id, found) = self.find_current(which).await?;
            // A repeat with the caller's own receipt has to be the same request.
            let found = found.filter(|_| !self.has_receipt());
            let mut message = message(id);
            message.expected = expected.or(found).map(|revision| revision.0);
            let changed = self.client.call(self.writing(message, names)).await;
            looks += 1;
            match changed {
                Err(error)
                    if error.kind() == ErrorKind::Conflict
                        && expected.is_none()
                        && found.is_some()
                        && looks < LOOKS
                        && self.left() > LONGEST => {}
                changed => return Ok(changed),
            }
            // By chance, so that those who met at one secret do not meet there again.
            let fraction = u32::from(Uuid::new_v4().as_bytes()[0]);
            let pause = LONGEST.min(PAUSE * 2u32.saturating_pow(looks - 1)) * fraction / 255;
            tokio::time::sleep(pause).await;
        }
    }
}
