//! A back-end in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Found, Labels, Limits, NamespaceId, NewVersion, ObjectId,
    Payload, Prices, Removal, Result, ScanPage, VersionRef, VersionUid, async_trait,
};

const LIMITS: Limits = Limits::new(256 * 1024, Removal::Destroys);

/// What the pretended service holds for one account: several namespaces, and several replicas, share it.
#[derive(Clone, Debug, Default)]
pub struct Held(Arc<Mutex<Objects>>);

type Objects = BTreeMap<(NamespaceId, ObjectId), Object>;

#[derive(Debug)]
struct Object {
    labels: Labels,
    /// The number that the next version gets.
    next: u64,
    versions: BTreeMap<u64, Stored>,
    newest: Option<u64>,
}

#[derive(Debug)]
struct Stored {
    uid: VersionUid,
    payload: Payload,
}

impl Object {
    fn new(labels: &Labels) -> Self {
        Self { labels: labels.clone(), next: 1, versions: BTreeMap::new(), newest: None }
    }

    /// Adds a version under the next number.
    fn add(&mut self, version: Stored) -> u64 {
        let number = self.next;
        self.next += 1;
        self.versions.insert(number, version);
        number
    }
}

impl Held {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The objects of a namespace and the versions of each, in the order in which they were put.
    #[must_use]
    pub fn inventory(&self, namespace: NamespaceId) -> Vec<(ObjectId, Vec<(VersionRef, VersionUid)>)> {
        let objects = self.lock();
        let mine = objects.iter().filter(|((owner, _), _)| *owner == namespace);
        mine.map(|((_, id), object)| {
            let versions = object.versions.iter().map(|(number, stored)| (name(*number), stored.uid));
            (*id, versions.collect())
        })
        .collect()
    }

    /// Puts other bytes in place of a version's, as somebody with access to the service could; `false` if it is
    /// not there.
    pub fn tamper(
        &self,
        namespace: NamespaceId,
        object: ObjectId,
        at: &VersionRef,
        payload: Payload,
    ) -> bool {
        let mut objects = self.lock();
        let stored = objects.get_mut(&(namespace, object)).zip(number(at));
        let Some(stored) = stored.and_then(|(object, n)| object.versions.get_mut(&n)) else { return false };
        stored.payload = payload;
        true
    }

    /// Adds a version as another database that uses the same service would; what is newest, and the labels of an object
    /// that is there, stay as they are.
    pub(crate) fn plant(
        &self,
        namespace: NamespaceId,
        id: ObjectId,
        uid: VersionUid,
        payload: Payload,
        labels: &Labels,
    ) -> VersionRef {
        let mut objects = self.lock();
        let object = objects.entry((namespace, id)).or_insert_with(|| Object::new(labels));
        name(object.add(Stored { uid, payload }))
    }

    fn lock(&self) -> MutexGuard<'_, Objects> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Versions in memory, numbered from 1 in each object like those of many services.
#[derive(Debug)]
pub struct MemoryBackend {
    held: Held,
    namespace: NamespaceId,
    info: BackendInfo,
    tells_uids: bool,
    shows_labels: bool,
    twins: bool,
    last_is_newest: bool,
    page: usize,
}

impl MemoryBackend {
    /// A namespace of what is held. It tells uids, shows labels, and repeats of a put make no twin.
    #[must_use]
    pub fn new(held: &Held, namespace: NamespaceId) -> Self {
        Self {
            held: held.clone(),
            namespace,
            info: BackendInfo::new("memory", "memory:", LIMITS),
            tells_uids: true,
            shows_labels: true,
            twins: false,
            last_is_newest: false,
            page: 3,
        }
    }

    /// Sets whether scans tell which attempt wrote a version.
    #[must_use]
    pub fn tells_uids(mut self, tells: bool) -> Self {
        self.tells_uids = tells;
        self
    }

    /// Sets whether scans show labels.
    #[must_use]
    pub fn shows_labels(mut self, shows: bool) -> Self {
        self.shows_labels = shows;
        self
    }

    /// Sets whether a repeated put stores the version once more, as services without idempotency do.
    #[must_use]
    pub fn twins(mut self, twins: bool) -> Self {
        self.twins = twins;
        self
    }

    /// Sets whether it sees whatever was put last as the newest, as most services do.
    #[must_use]
    pub fn last_is_newest(mut self, last: bool) -> Self {
        self.last_is_newest = last;
        self
    }

    /// Sets what it says that it can hold and do.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.info.limits = limits;
        self
    }

    /// Sets what it says that its calls cost.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.info.prices = Some(prices);
        self
    }

    /// Sets how many versions a page of a scan has, at least 1.
    #[must_use]
    pub fn page(mut self, versions: usize) -> Self {
        self.page = versions.max(1);
        self
    }

    /// Sets the endpoint that it tells.
    #[must_use]
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.info.endpoint = endpoint.into();
        self
    }

    fn read(&self, objects: &Objects, id: ObjectId, at: &VersionRef) -> Result<Payload> {
        let object = objects.get(&(self.namespace, id));
        let stored = object.zip(number(at)).and_then(|(object, n)| object.versions.get(&n));
        stored.map(|stored| stored.payload.clone()).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no such version").with("object", id).with("version", at)
        })
    }

    fn found(&self, id: ObjectId, object: &Object, version: Option<(u64, &Stored)>) -> Found {
        let mut found = Found::new(id, version.map(|(number, _)| name(number)));
        if self.shows_labels {
            found = found.labels(object.labels.clone());
        }
        let Some((number, stored)) = version else { return found };
        if self.tells_uids {
            found = found.uid(stored.uid);
        }
        found.newest(object.newest == Some(number))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for MemoryBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let size = version.payload.expose().len();
        let limit = self.info.limits.payload_bytes;
        if size > limit {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the payload is larger than this back-end takes",
            )
            .with("bytes", size)
            .with("limit", limit));
        }
        let mut objects = self.held.lock();
        let object =
            objects.entry((self.namespace, version.object)).or_insert_with(|| Object::new(version.labels));
        let mine = object.versions.iter().find(|(_, stored)| stored.uid == version.uid);
        if let Some((number, _)) = mine.filter(|_| !self.twins) {
            return Ok(name(*number));
        }
        object.labels = version.labels.clone();
        let number = object.add(Stored { uid: version.uid, payload: version.payload.clone() });
        if version.newest || self.last_is_newest {
            object.newest = Some(number);
        }
        Ok(name(number))
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.read(&self.held.lock(), object, at)
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let objects = self.held.lock();
        wanted.iter().map(|(object, at)| self.read(&objects, *object, at)).collect()
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        if let Some(object) = self.held.lock().get_mut(&(self.namespace, object)) {
            object.labels = labels.clone();
        }
        Ok(())
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let mut objects = self.held.lock();
        if let Some((object, number)) = objects.get_mut(&(self.namespace, object)).zip(number(at)) {
            object.versions.remove(&number);
        }
        Ok(())
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.held.lock().remove(&(self.namespace, object));
        Ok(())
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        // The marker names the last thing shown, so that what is removed meanwhile shifts nothing.
        let from = from.map(position).transpose()?;
        let objects = self.held.lock();
        let mut found = Vec::new();
        for ((_, id), object) in objects
            .range((self.namespace, ObjectId(uuid::Uuid::nil()))..)
            .take_while(|((namespace, _), _)| *namespace == self.namespace)
        {
            if only.is_some_and(|only| only != *id) {
                continue;
            }
            let shell = object.versions.is_empty().then(|| (0, self.found(*id, object, None)));
            let versions =
                object.versions.iter().map(|(n, stored)| (*n, self.found(*id, object, Some((*n, stored)))));
            let rest = shell.into_iter().chain(versions).map(|(number, found)| ((*id, number), found));
            found.extend(rest.filter(|(at, _)| from.is_none_or(|from| *at > from)));
        }
        let next = (found.len() > self.page).then(|| {
            found.truncate(self.page);
            found.last().map(|((id, number), _)| format!("{id} {number}"))
        });
        Ok(ScanPage::new(found.into_iter().map(|(_, found)| found).collect(), next.flatten()))
    }

    async fn check(&self) -> Result<()> {
        Ok(())
    }
}

fn name(number: u64) -> VersionRef {
    VersionRef::new(number.to_string())
}

fn number(at: &VersionRef) -> Option<u64> {
    at.as_str().parse().ok()
}

fn position(from: &str) -> Result<(ObjectId, u64)> {
    let parsed = from.split_once(' ').and_then(|(id, number)| Some((id.parse().ok()?, number.parse().ok()?)));
    parsed.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "from: this is no place where a page ended"))
}
