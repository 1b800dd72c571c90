//! `Backend` in terms of KV version 2.
//!
//! An object is the key `{prefix}/{namespace}/{object}`, a version is one of KV's. KV's numbers begin anew when a key is
//! deleted and made again, so a version's name has its time too: `7-1767225600000000000`.

use crate::{
    client::{Kv, Labelling, Trouble},
    config::MAX_VERSIONS,
    value,
};
use serde_json::Value;
use std::collections::HashMap;
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, Limits, NewVersion, ObjectId, Payload, Prices, Removal,
    Result, Retry, ScanPage, VersionRef, async_trait,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use vaultrs::api::kv2::responses::{ReadSecretMetadataResponse, SecretMetadata, SecretVersionMetadata};

/// 128 KiB: with every character escaped six times as much, which fits in an entry of Vault's integrated storage.
pub(crate) const LIMITS: Limits = Limits::new(128 * 1024, Removal::Destroys);

/// A label of a key has at most so many bytes.
const LABEL: usize = 512;

/// A record is split over at most so many labels.
const LABELS: usize = 16;

/// The label with the id of the secret.
pub(crate) const SECRET: &str = "strongroom_secret";

/// The label with a part of the record; a number follows.
pub(crate) const RECORD: &str = "strongroom_record_";

/// How often a put tries to become the next version while others do the same.
const TRIES: usize = 4;

/// One namespace of a mount of HashiCorp Vault or OpenBao.
pub(crate) struct HashicorpBackend {
    info: BackendInfo,
    pub(crate) kv: Kv,
    /// `{prefix}/{namespace}`.
    pub(crate) folder: String,
}

impl HashicorpBackend {
    pub(crate) fn new(endpoint: String, kv: Kv, folder: String) -> Self {
        // Vault charges for clients, not for calls.
        let info = BackendInfo::new("hashicorp", endpoint, LIMITS).prices(Prices::FREE);
        Self { info, kv, folder }
    }

    pub(crate) fn key(&self, object: ObjectId) -> String {
        format!("{}/{object}", self.folder)
    }

    /// Writes behind the newest version, whichever that is; makes the key if it is not there.
    async fn write_behind(
        &self,
        key: &str,
        version: &NewVersion<'_>,
        data: &Value,
        expected: u64,
        refused: Trouble,
    ) -> Result<SecretVersionMetadata> {
        let mut last = (expected, refused);
        for _ in 0..TRIES {
            let current = match self.kv.describe(key).await {
                Ok(now) => {
                    self.make_room(key, &now).await?;
                    now.current_version
                }
                // Somebody deleted it. What is written now has other names than what was there.
                Err(trouble) if trouble.is_missing() => {
                    self.set_up(key, version.labels).await?;
                    0
                }
                Err(trouble) => return Err(trouble.into_error(WRITE)),
            };
            // It was not the number that the service did not like.
            if current == last.0 {
                return Err(last.1.into_error(WRITE));
            }
            match self.kv.write(key, data.clone(), cas(current)?).await {
                Ok(written) => return Ok(written),
                Err(trouble) if trouble.is_bad_request() => last = (current, trouble),
                Err(trouble) => return Err(trouble.into_error(WRITE)),
            }
        }
        let text =
            "HashiCorp Vault could not write the version: somebody else keeps writing to this key; try again";
        Err(Error::new(ErrorKind::Unavailable, text).retryable(Retry::Backoff))
    }

    /// Keeps KV from pushing versions out that are still wanted: those that nobody knows of count too.
    async fn make_room(&self, key: &str, now: &ReadSecretMetadataResponse) -> Result<()> {
        let kept = now.versions.iter().filter(|(_, version)| is_there(version));
        let oldest = kept.filter_map(|(number, _)| number.parse::<u64>().ok()).min();
        let span = oldest.map_or(0, |oldest| now.current_version.saturating_sub(oldest) + 1);
        // Until the next look there may come as many more as the longest history has.
        if span + MAX_VERSIONS / 2 <= now.max_versions {
            return Ok(());
        }
        let more = (span * 2).max(MAX_VERSIONS);
        self.kv.set_up(key, more, None).await.map_err(|trouble| trouble.into_error(WRITE))
    }

    async fn set_up(&self, key: &str, labels: &Labels) -> Result<()> {
        let labels: HashMap<_, _> =
            labelling(labels)?.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.kv.set_up(key, MAX_VERSIONS, Some(labels)).await.map_err(|trouble| trouble.into_error(WRITE))
    }
}

const WRITE: &str = "write the version";

#[async_trait]
impl Backend for HashicorpBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let (size, limit) = (version.payload.expose().len(), LIMITS.payload_bytes);
        if size > limit {
            let error = Error::new(
                ErrorKind::InvalidInput,
                "the payload is too large for HashiCorp Vault: split it over several secrets",
            );
            return Err(error.with("bytes", size).with("limit", limit));
        }
        let key = self.key(version.object);
        let expected = match version.after {
            Some(after) => number(after).unwrap_or(0),
            None => 0,
        };
        if version.first {
            self.set_up(&key, version.labels).await?;
        }
        let data = Wiped(value::encode(version.payload)?);
        let written = match self.kv.write(&key, data.0.clone(), cas(expected)?).await {
            Ok(written) => written,
            // A repeat, or there are versions that the catalog does not know of.
            Err(trouble) if trouble.is_bad_request() => {
                self.write_behind(&key, version, &data.0, expected, trouble).await?
            }
            Err(trouble) => return Err(trouble.into_error(WRITE)),
        };
        if !written.deletion_time.is_empty() {
            // Refused, it must not stay; nobody would look for it.
            let _ = self.kv.destroy(&key, written.version).await;
            let text =
                "the mount in HashiCorp Vault deletes versions by itself: set its delete_version_after to 0s";
            return Err(
                Error::new(ErrorKind::ConfigInvalid, text).with("deletion_time", &written.deletion_time)
            );
        }
        name(written.version, &written.created_time)
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let missing = || {
            Error::new(ErrorKind::NotFound, "there is no such version in HashiCorp Vault").with("version", at)
        };
        let number = number(at).ok_or_else(missing)?;
        let read = match self.kv.read(&self.key(object), number).await {
            Ok(read) => read,
            Err(trouble) if trouble.is_missing() => return Err(missing()),
            Err(trouble) => return Err(trouble.into_error("read the version")),
        };
        // A key of this name that was made again has this number too.
        let mut data = Wiped(read.data);
        if data.0.is_null() || name(read.metadata.version, &read.metadata.created_time)? != *at {
            return Err(missing());
        }
        value::decode(std::mem::take(&mut data.0))
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        gone_is_fine(self.kv.label(&self.key(object), &labelling(labels)?).await, "change the labels")
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        const DOING: &str = "remove the version";
        let (key, Some(number)) = (self.key(object), number(at)) else { return Ok(()) };
        // Only this one, and not another of the same number.
        let now = match self.kv.describe(&key).await {
            Ok(now) => now,
            Err(trouble) => return gone_is_fine(Err(trouble), DOING),
        };
        let Some(version) = now.versions.get(&number.to_string()) else { return Ok(()) };
        if version.destroyed || name(number, &version.created_time)? != *at {
            return Ok(());
        }
        gone_is_fine(self.kv.destroy(&key, number).await, DOING)
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        gone_is_fine(self.kv.delete(&self.key(object)).await, "delete the object")
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        match only {
            Some(object) => Ok(ScanPage::new(self.scan_object(object).await?, None)),
            None => self.scan_all(from).await,
        }
    }

    async fn check(&self) -> Result<()> {
        let mount = self.kv.mount().await.map_err(|trouble| match trouble.status() {
            Some(403) => not_shown(),
            _ => trouble.into_error("show the mount"),
        })?;
        if mount.is_kv2() {
            return Ok(());
        }
        let text = "mount: what is mounted there in HashiCorp Vault is not KV version 2; \
                    make one (`vault secrets enable -version=2 -path=NAME kv`) and give its path";
        Err(Error::new(ErrorKind::ConfigInvalid, text))
    }
}

/// A mount that is not there is refused like one that our policy does not name, even to root.
fn not_shown() -> Error {
    let text = "HashiCorp Vault could not show the mount: there may be none at `mount` (make one: \
                `vault secrets enable -version=2 -path=NAME kv`), or it refused our credentials; check `mount`, the \
                login, the policy, `prefix` and `vault_namespace`";
    Error::new(ErrorKind::StoreRefused, text).with("status", 403)
}

/// A value that is wiped when it is dropped.
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        value::wipe(&mut self.0);
    }
}

fn gone_is_fine(answer: Result<(), Trouble>, doing: &'static str) -> Result<()> {
    match answer {
        Err(trouble) if trouble.is_missing() => Ok(()),
        answer => answer.map_err(|trouble| trouble.into_error(doing)),
    }
}

/// What a version of this number and time is called.
pub(crate) fn name(number: u64, created: &str) -> Result<VersionRef> {
    let time = created_at(created)?.unix_timestamp_nanos();
    Ok(VersionRef::new(format!("{number}-{time}")))
}

pub(crate) fn created_at(text: &str) -> Result<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        let text = "HashiCorp Vault tells a time that is none: check that `address` and `mount` lead to KV version 2";
        Error::new(ErrorKind::Unexpected, text)
    })
}

/// The number in a version's name; `None` if we never gave out such a name.
fn number(at: &VersionRef) -> Option<u64> {
    let (number, time) = at.as_str().split_once('-')?;
    time.parse::<i128>().ok()?;
    number.parse().ok()
}

/// The number as the interface takes it.
fn cas(number: u64) -> Result<u32> {
    u32::try_from(number).map_err(|_| {
        let text = "the key in HashiCorp Vault has too many versions: delete the secret and create it anew";
        Error::new(ErrorKind::Unsupported, text)
    })
}

/// Whether a version can be read.
pub(crate) fn is_there(version: &SecretMetadata) -> bool {
    let deleted = |time: &str| created_at(time).map_or(true, |at| at <= OffsetDateTime::now_utc());
    !version.destroyed && (version.deletion_time.is_empty() || !deleted(&version.deletion_time))
}

/// The labels of an object as those of a key: those that are not needed are taken away.
fn labelling(labels: &Labels) -> Result<Labelling> {
    if !labels.record.is_ascii() || labels.record.len() > LABEL * LABELS {
        let text = "name: too long for the labels of HashiCorp Vault; give a shorter one";
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    let mut parts =
        labels.record.as_bytes().chunks(LABEL).map(|part| String::from_utf8_lossy(part).into_owned());
    let mut labelling: Labelling = (1..=LABELS).map(|n| (format!("{RECORD}{n:02}"), parts.next())).collect();
    labelling.insert(SECRET.to_owned(), Some(labels.secret.to_string()));
    Ok(labelling)
}
