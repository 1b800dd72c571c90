//! Changing: creating, updating, restoring a version, deleting.

use crate::{
    calling::{Calling, missing},
    error,
    transport::{Body, Message},
    wire::{self, Change, SecretView, Values},
};
use reqwest::Method;
use serde_json::json;
use strongroom_core::{
    Error, ErrorKind, NewSecret, Result, Revision, Secret, SecretMeta, SecretName, SecretRef, SecretUpdate,
    ValuesChange,
};

/// How often a secret that is to be deleted by its name is looked up, if others change it meanwhile.
const LOOKS: u32 = 10;

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
            let id = self.find(which).await?;
            let mut message = self.message(Method::POST, format!("/secrets/{id}/rollback"));
            message.body = Some(Body::Json(wire::json(&json!({"revision": revision.0}))?));
            let restored = self.change(message, which, update.expected, false).await;
            return restored.map_err(|error| match error.kind() {
                ErrorKind::NotFound => error::no_version(which, revision),
                _ => error,
            });
        }
        if names && !matches!(update.values, ValuesChange::Keep) {
            self.needs_ours(
                "changes name and privacy before it looks at the values, and may then refuse these: make two calls",
            )?;
        }
        let id = self.find(which).await?;
        let patch = matches!(update.values, ValuesChange::Merge(_));
        let values = match &update.values {
            ValuesChange::Merge(pairs) => Some(Values::merged(pairs)),
            ValuesChange::Replace(values) => Some(Values::all(values)?),
            ValuesChange::Keep | ValuesChange::Restore(_) => None,
        };
        let body =
            Change { name: update.name.as_ref().map(SecretName::as_str), private: update.private, values };
        let mut message = self.message(Method::PUT, format!("/secrets/{id}?patch_values={patch}"));
        message.body = Some(Body::Json(wire::json(&body)?));
        let changed = self.change(message, which, update.expected, names).await;
        match &update.name {
            Some(name) => changed.map_err(|error| error::name_taken(error, name)),
            None => changed,
        }
    }

    async fn change(
        &self,
        mut message: Message,
        which: &SecretRef,
        expected: Option<Revision>,
        names: bool,
    ) -> Result<SecretMeta> {
        message.expected = expected.map(|revision| revision.0);
        let changed: Result<SecretView> = self.client.json(self.writing(message, names)).await;
        changed.map_err(|error| missing(error, which))?.meta()
    }

    pub(crate) async fn delete(&self, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        self.needs_revisions(expected)?;
        let mut looks = 0;
        loop {
            // As it was found: by the time that it is deleted, the name may be another secret's.
            let (id, found) = self.find_current(which).await?;
            let mut message = self.message(Method::DELETE, format!("/secrets/{id}"));
            message.expected = expected.or(found).map(|revision| revision.0);
            let deleted = self.client.call(self.writing(message, false)).await;
            looks += 1;
            match deleted {
                Err(error)
                    if error.kind() == ErrorKind::Conflict
                        && expected.is_none()
                        && found.is_some()
                        && looks < LOOKS => {}
                deleted => return deleted.map(drop).map_err(|error| missing(error, which)),
            }
        }
    }
}
