//! The service's calls, one function each, and nothing of ours.

use crate::{
    error::{Failure, Why, damaged},
    session::Session,
};
use google_cloud_secretmanager_v1::model::{
    AccessSecretVersionResponse, CustomerManagedEncryption, Replication, Secret, SecretPayload,
    SecretVersion,
    replication::{self, Automatic, UserManaged, user_managed::Replica},
};
use google_cloud_wkt::FieldMask;
use std::collections::HashMap;
use strongroom_core::{Error, Payload};

type Result<T> = std::result::Result<T, Failure>;

/// A project, or its part in one region, with our credentials.
pub(crate) struct Client {
    session: Session,
    /// `projects/P`, or `projects/P/locations/L`.
    parent: String,
    storage: Storage,
}

/// Where the service keeps the values of new secrets, and under which key.
pub(crate) enum Storage {
    /// Wherever it likes.
    Anywhere(Option<String>),
    /// In these locations, each with a key of its own if it is not the service's.
    Replicas(Vec<(String, Option<String>)>),
    /// In the region that the secret's name has in it.
    Regional(Option<String>),
}

impl Client {
    pub(crate) fn new(session: Session, parent: String, storage: Storage) -> Self {
        Self { session, parent, storage }
    }

    /// Creates a secret without any version.
    pub(crate) async fn create(
        &self,
        id: &str,
        labels: HashMap<String, String>,
        annotations: HashMap<String, String>,
    ) -> Result<()> {
        let secret = self.storage.of(Secret::new().set_labels(labels).set_annotations(annotations));
        let call = self.session.sdk().await?.create_secret();
        let call = call.set_parent(&self.parent).set_secret_id(id).set_secret(secret);
        self.session.ask("secretmanager.secrets.create", call.send()).await.map(drop)
    }

    /// Adds a version.
    pub(crate) async fn add(&self, id: &str, payload: &Payload) -> Result<SecretVersion> {
        let bytes = payload.expose().to_vec();
        let sum = i64::from(crc32c::crc32c(&bytes));
        let call = self.session.sdk().await?.add_secret_version().set_parent(self.secret(id));
        let call = call.set_payload(SecretPayload::new().set_data(bytes).set_data_crc32c(sum));
        self.session.ask("secretmanager.versions.add", call.send()).await
    }

    /// The bytes of a version.
    pub(crate) async fn access(&self, id: &str, number: u64) -> Result<Payload> {
        let call = self.session.sdk().await?.access_secret_version().set_name(self.version_name(id, number));
        let answer = self.session.ask("secretmanager.versions.access", call.send()).await?;
        let payload = whole(answer, number).map_err(|error| Failure { why: Why::Other, error })?;
        Ok(Payload::new(payload.data.into()))
    }

    /// A version without its bytes.
    pub(crate) async fn version(&self, id: &str, number: u64) -> Result<SecretVersion> {
        let call = self.session.sdk().await?.get_secret_version().set_name(self.version_name(id, number));
        self.session.ask("secretmanager.versions.get", call.send()).await
    }

    /// A page of a secret's versions, whatever their state.
    pub(crate) async fn versions(
        &self,
        id: &str,
        from: Option<&str>,
    ) -> Result<(Vec<SecretVersion>, Option<String>)> {
        let call = self.session.sdk().await?.list_secret_versions().set_parent(self.secret(id));
        // As many as it gives: destroyed ones are in it for ever.
        let call = call.set_page_size(25_000).set_page_token(from.unwrap_or_default());
        let answer = self.session.ask("secretmanager.versions.list", call.send()).await?;
        Ok((answer.versions, next(answer.next_page_token)))
    }

    /// Destroys a version that has not changed since it was looked at.
    pub(crate) async fn destroy(&self, id: &str, number: u64, etag: &str) -> Result<()> {
        let call = self.session.sdk().await?.destroy_secret_version();
        let call = call.set_name(self.version_name(id, number)).set_etag(etag);
        self.session.ask("secretmanager.versions.destroy", call.send()).await.map(drop)
    }

    /// A secret's labels and annotations.
    pub(crate) async fn describe(&self, id: &str) -> Result<Secret> {
        let call = self.session.sdk().await?.get_secret().set_name(self.secret(id));
        self.session.ask("secretmanager.secrets.get", call.send()).await
    }

    /// Writes a secret's labels and annotations, if it has not changed since it was looked at.
    pub(crate) async fn label(&self, id: &str, secret: Secret) -> Result<()> {
        let written = Secret::new().set_name(self.secret(id)).set_etag(secret.etag);
        let written = written.set_labels(secret.labels).set_annotations(secret.annotations);
        let mask = FieldMask::default().set_paths(["labels", "annotations"]);
        let call = self.session.sdk().await?.update_secret().set_secret(written).set_update_mask(mask);
        self.session.ask("secretmanager.secrets.update", call.send()).await.map(drop)
    }

    /// Deletes a secret with all its versions.
    pub(crate) async fn delete(&self, id: &str) -> Result<()> {
        let call = self.session.sdk().await?.delete_secret().set_name(self.secret(id));
        self.session.ask("secretmanager.secrets.delete", call.send()).await
    }

    /// A page of the secrets that have this text in their names.
    pub(crate) async fn list(
        &self,
        text: &str,
        size: i32,
        from: Option<&str>,
    ) -> Result<(Vec<Secret>, Option<String>)> {
        let call = self.session.sdk().await?.list_secrets().set_parent(&self.parent).set_page_size(size);
        let call = call.set_filter(format!("name:{text}")).set_page_token(from.unwrap_or_default());
        let answer = self.session.ask("secretmanager.secrets.list", call.send()).await?;
        Ok((answer.secrets, next(answer.next_page_token)))
    }

    fn secret(&self, id: &str) -> String {
        format!("{}/secrets/{id}", self.parent)
    }

    fn version_name(&self, id: &str, number: u64) -> String {
        format!("{}/versions/{number}", self.secret(id))
    }
}

impl Storage {
    /// The secret with what says where it is kept.
    fn of(&self, secret: Secret) -> Secret {
        match self {
            Self::Anywhere(key) => {
                let automatic =
                    Automatic::new().set_or_clear_customer_managed_encryption(key.as_deref().map(encryption));
                secret.set_replication(Replication::new().set_automatic(automatic))
            }
            Self::Replicas(replicas) => {
                let replicas = replicas.iter().map(|(location, key)| {
                    Replica::new()
                        .set_location(location)
                        .set_or_clear_customer_managed_encryption(key.as_deref().map(encryption))
                });
                let managed = UserManaged::new().set_replicas(replicas);
                let managed = replication::Replication::UserManaged(Box::new(managed));
                secret.set_replication(Replication::new().set_replication(Some(managed)))
            }
            Self::Regional(key) => {
                secret.set_or_clear_customer_managed_encryption(key.as_deref().map(encryption))
            }
        }
    }
}

/// The payload of an answer, if it is that of the version that was asked for, and whole.
fn whole(answer: AccessSecretVersionResponse, number: u64) -> std::result::Result<SecretPayload, Error> {
    if last(&answer.name) != number.to_string() {
        return Err(damaged(
            "the answer of Google Cloud Secret Manager is of another version: check endpoint",
        ));
    }
    let payload = answer.payload.unwrap_or_default();
    match payload.data_crc32c {
        Some(sum) if sum == i64::from(crc32c::crc32c(&payload.data)) => Ok(payload),
        Some(_) => Err(damaged(
            "the value that Google Cloud Secret Manager answered does not fit its checksum (CRC32C): try again, and \
             check the network and what is between",
        )),
        None => Err(damaged(
            "the value that Google Cloud Secret Manager answered has no checksum (CRC32C): check endpoint",
        )),
    }
}

fn encryption(key: &str) -> CustomerManagedEncryption {
    CustomerManagedEncryption::new().set_kms_key_name(key)
}

/// The last part of a name. What is before it may name the project by its number.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

fn next(token: String) -> Option<String> {
    Some(token).filter(|token| !token.is_empty())
}
