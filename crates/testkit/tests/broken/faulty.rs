//! A back-end that is right but for one thing.

use super::Fault;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Found, Labels, Limits, NamespaceId, NewVersion, ObjectId,
    Payload, Removal, Result, Retry, ScanPage, VersionRef, VersionUid, async_trait,
};
use strongroom_testkit::{Held, MemoryBackend};
use uuid::Uuid;

const LIMIT: usize = 65_536;

const MEBIBYTE: usize = 1024 * 1024;

/// Objects that somebody damaged in the service.
pub(super) type Damaged = Arc<Mutex<BTreeSet<ObjectId>>>;

/// Namespaces that were opened.
pub(super) type Opened = Arc<Mutex<BTreeSet<NamespaceId>>>;

/// The back-end in memory, and what is wrong with this one.
pub(super) struct Broken {
    held: Held,
    damaged: Damaged,
    opened: Opened,
    namespace: NamespaceId,
    inner: MemoryBackend,
    info: BackendInfo,
    fault: Fault,
    reads: AtomicUsize,
    read: Mutex<BTreeMap<(ObjectId, VersionRef), Payload>>,
    /// What was put last, if it was to be the newest.
    mark: Mutex<Option<VersionRef>>,
    /// Held while an object is written as a whole.
    lock: tokio::sync::Mutex<()>,
}

impl Broken {
    pub(super) fn open(
        held: &Held,
        damaged: &Damaged,
        opened: &Opened,
        namespace: NamespaceId,
        fault: Fault,
    ) -> Self {
        opened.lock().unwrap().insert(namespace);
        let held = if fault == Fault::ForgetsWhenOpenedAgain { Held::new() } else { held.clone() };
        let namespace =
            if fault == Fault::IgnoresItsNamespace { NamespaceId(Uuid::nil()) } else { namespace };
        let limit = match fault {
            Fault::CutsAtOneMebibyte => 2 * MEBIBYTE,
            Fault::TakesNothing => 0,
            _ => LIMIT,
        };
        let limits = Limits::new(limit, Removal::Destroys).bulk_read(9);
        // An object of three versions has an end of a page in it, wherever it stands.
        let page = if fault == Fault::SkipsTheRestOfAnObject { 2 } else { 3 };
        let inner = MemoryBackend::new(&held, namespace).limits(limits).page(page);
        let opening = if fault == Fault::IsAnotherPlaceAtEachOpening { Uuid::new_v4() } else { Uuid::nil() };
        let scheme = if fault == Fault::TellsItsPassword { "memory://app:hunter2@here/" } else { "memory:" };
        let info = BackendInfo::new("broken", format!("{scheme}{opening}"), limits);
        Self {
            held,
            damaged: damaged.clone(),
            opened: opened.clone(),
            namespace,
            inner,
            info,
            fault,
            reads: AtomicUsize::new(0),
            read: Mutex::default(),
            mark: Mutex::default(),
            lock: tokio::sync::Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn object(&self, object: ObjectId) -> ObjectId {
        if self.is(Fault::MixesUpObjects) { ObjectId(Uuid::nil()) } else { object }
    }

    /// The versions that are there, in the order in which they were put.
    fn there(&self, object: ObjectId) -> Vec<(VersionRef, VersionUid)> {
        let inventory = self.held.inventory(self.namespace);
        inventory.into_iter().find(|(id, _)| *id == object).map(|(_, versions)| versions).unwrap_or_default()
    }

    /// Every namespace that was opened, this one too.
    fn everywhere(&self) -> Vec<MemoryBackend> {
        let opened = self.opened.lock().unwrap();
        opened.iter().map(|namespace| MemoryBackend::new(&self.held, *namespace)).collect()
    }

    /// The bytes as they are stored.
    fn stored(&self, payload: &Payload) -> Payload {
        let bytes = payload.expose();
        Payload::new(match self.fault {
            Fault::CutsAtFourKibibytes => bytes[..bytes.len().min(4096)].to_vec(),
            Fault::CutsAtOneMebibyte => bytes[..bytes.len().min(MEBIBYTE)].to_vec(),
            Fault::BreaksWhatIsNotAscii => {
                bytes.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect()
            }
            Fault::TrimsTheEnd => bytes.trim_ascii_end().to_vec(),
            _ => bytes.to_vec(),
        })
    }

    fn told(&self, at: VersionRef) -> VersionRef {
        if self.is(Fault::GivesLongNames) { VersionRef::new(format!("{:0>300}", at.as_str())) } else { at }
    }

    fn shown(&self, mut found: Found) -> Option<Found> {
        let there = self.there(found.object);
        let is_last = there.last().map(|(at, _)| at) == found.at.as_ref();
        match self.fault {
            Fault::ScansWithoutTheLastVersion if is_last && there.len() > 1 => return None,
            Fault::MarksTheFirstVersion => {
                found.newest = there.first().map(|(at, _)| at) == found.at.as_ref()
            }
            Fault::LosesTheMarkToThePast | Fault::MovesTheMarkWithALateRepeat => {
                found.newest = *self.mark.lock().unwrap() == found.at
            }
            Fault::TellsAnotherAttempt => found.uid = there.first().map(|(_, uid)| *uid),
            _ => {}
        }
        Some(found)
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "it is not there")
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Broken {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let (object, there) = (self.object(version.object), self.there(self.object(version.object)));
        if self.is(Fault::ShowsThePayloadInAnError) && version.payload.expose().len() > LIMIT {
            let text = String::from_utf8_lossy(version.payload.expose()).into_owned();
            return Err(Error::new(ErrorKind::InvalidInput, format!("400 Bad Request: {text}")));
        }
        let repeated = there.iter().any(|(_, uid)| *uid == version.uid);
        match self.fault {
            Fault::RefusesARepeat if repeated => {
                return Err(Error::new(ErrorKind::AlreadyExists, "this version is there already"));
            }
            Fault::OverwritesWithALateRepeat if repeated => {
                let (newest, _) = there.last().ok_or_else(gone)?;
                self.held.tamper(self.namespace, object, newest, version.payload.clone());
            }
            Fault::MergesEqualPayloads => {
                for (at, _) in &there {
                    if self.inner.get(object, at).await?.expose() == version.payload.expose() {
                        return Ok(at.clone());
                    }
                }
            }
            _ => {}
        }
        let payload = self.stored(version.payload);
        let record = match self.fault {
            Fault::CutsLongLabels => version.labels.record.chars().take(256).collect(),
            _ => version.labels.record.clone(),
        };
        let labels = Labels::new(version.labels.secret, record);
        let stored = NewVersion::new(object, version.uid, &payload, &labels).newest(version.newest);
        // An object that is one file: it is read, and written with the new version, in a lock of this process.
        let _writing = self.lock.lock().await;
        let read = self.there(object);
        if self.is(Fault::LocksEachOpeningAlone) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let others = self.there(object).into_iter().filter(|version| !read.contains(version));
        for (lost, _) in others.filter(|_| self.is(Fault::LocksEachOpeningAlone)) {
            self.inner.remove(object, &lost).await?;
        }
        let at = self.inner.put(&stored).await?;
        match self.fault {
            Fault::LosesTheMarkToThePast if !repeated => {
                *self.mark.lock().unwrap() = version.newest.then(|| at.clone());
            }
            Fault::MovesTheMarkWithALateRepeat if version.newest => {
                *self.mark.lock().unwrap() = Some(at.clone());
            }
            _ => {}
        }
        if let (Fault::LosesThePreviousVersion, Some((previous, _))) = (self.fault, there.last()) {
            self.inner.remove(object, previous).await?;
        }
        Ok(self.told(at))
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let object = self.object(object);
        let busy = self.reads.fetch_add(1, Ordering::SeqCst) > 0;
        if self.is(Fault::ServesOneReadAtATime) {
            // As a connection that is not shared is held while the service answers.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        self.reads.fetch_sub(1, Ordering::SeqCst);
        match self.fault {
            Fault::Hangs => std::future::pending().await,
            Fault::ServesOneReadAtATime if busy => {
                Err(Error::new(ErrorKind::Unavailable, "the connection is in use").retryable(Retry::Backoff))
            }
            Fault::AnswersTheFirstVersion => {
                let there = self.there(object);
                let (first, _) = there.first().ok_or_else(gone)?;
                self.inner.get(object, first).await
            }
            Fault::AnswersWhatWasReadBefore => {
                let version = (object, at.clone());
                let before = self.read.lock().unwrap().get(&version).cloned();
                let read = match before {
                    Some(read) => read,
                    None => self.inner.get(object, at).await?,
                };
                self.read.lock().unwrap().insert(version, read.clone());
                Ok(read)
            }
            Fault::CallsTheMissingUnavailable => {
                let answer = self.inner.get(object, at).await;
                answer.map_err(|_| Error::new(ErrorKind::Unavailable, "no answer").retryable(Retry::Backoff))
            }
            Fault::TriesTheMissingAgain => {
                self.inner.get(object, at).await.map_err(|error| error.retryable(Retry::Backoff))
            }
            _ => self.inner.get(object, at).await,
        }
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let wanted: Vec<_> = wanted.iter().map(|(id, at)| (self.object(*id), at.clone())).collect();
        let mut answers = self.inner.get_many(&wanted).await;
        answers.retain(|answer| answer.is_ok() || !self.is(Fault::LeavesTheMissingOutOfBulkReads));
        answers
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        match self.fault {
            // That it is not there could be said.
            Fault::FailsToRelabelWhatIsGone if self.there(object).is_empty() => {
                Err(Error::new(ErrorKind::Unexpected, "the object cannot be worked on"))
            }
            Fault::KeepsOldLabels => Ok(()),
            Fault::RelabelsOtherObjects => {
                for (each, _) in self.held.inventory(self.namespace) {
                    self.inner.relabel(each, labels).await?;
                }
                Ok(())
            }
            Fault::RelabelsOtherNamespaces => {
                for each in self.everywhere() {
                    each.relabel(object, labels).await?;
                }
                Ok(())
            }
            _ => self.inner.relabel(self.object(object), labels).await,
        }
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let object = self.object(object);
        match self.fault {
            Fault::ForgetsRemovals => Ok(()),
            Fault::HangsWhenItRemoves => std::future::pending().await,
            Fault::KeepsTheOnlyVersion if self.there(object).len() == 1 => Ok(()),
            Fault::RemovesAllVersions => self.inner.delete(object).await,
            Fault::RemovesFromOtherObjects => {
                for (each, _) in self.held.inventory(self.namespace) {
                    self.inner.remove(each, at).await?;
                }
                Ok(())
            }
            Fault::RemovesFromOtherNamespaces => {
                for each in self.everywhere() {
                    each.remove(object, at).await?;
                }
                Ok(())
            }
            Fault::FailsToRemoveWhatIsGone if self.there(object).iter().all(|(there, _)| there != at) => {
                Err(gone())
            }
            _ => self.inner.remove(object, at).await,
        }
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        let object = self.object(object);
        match self.fault {
            Fault::ForgetsDeletes => Ok(()),
            Fault::FailsToDeleteWhatIsGone if self.there(object).is_empty() => Err(gone()),
            _ => self.inner.delete(object).await,
        }
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        let page = self.inner.scan(only.map(|object| self.object(object)), from).await?;
        let next = match self.fault {
            Fault::ScansOnePage => None,
            Fault::SkipsTheRestOfAnObject => {
                // A marker that names the object alone.
                page.next.and_then(|next| Some(format!("{} {}", next.split_once(' ')?.0, u64::MAX)))
            }
            _ => page.next,
        };
        let (broken, whole): (Vec<_>, Vec<_>) =
            page.found.into_iter().partition(|found| self.damaged.lock().unwrap().contains(&found.object));
        let mut found: Vec<_> = whole.into_iter().filter_map(|found| self.shown(found)).collect();
        let damaged: BTreeSet<_> = broken.into_iter().map(|found| found.object).collect();
        let mut damaged: Vec<_> = damaged.into_iter().collect();
        match self.fault {
            Fault::HidesWhatIsDamaged if only.is_none() => damaged.clear(),
            Fault::ShowsWhatIsDamagedAsEmpty if only.is_none() => {
                found.extend(damaged.drain(..).map(|object| Found::new(object, None)));
            }
            _ if !damaged.is_empty() && (only.is_some() || self.is(Fault::FailsForAllIfOneIsDamaged)) => {
                return Err(Error::new(ErrorKind::Corrupt, "an object is damaged"));
            }
            _ => {}
        }
        Ok(ScanPage::new(found, next).damaged(damaged))
    }

    async fn check(&self) -> Result<()> {
        if self.is(Fault::LeavesAProbe) {
            let (payload, labels) = (Payload::new(b"probe".to_vec()), Labels::new(Uuid::nil().into(), ""));
            let probe = NewVersion::new(ObjectId(Uuid::nil()), VersionUid(Uuid::nil()), &payload, &labels);
            self.inner.put(&probe).await?;
        }
        if self.is(Fault::CannotBeReached) {
            return Err(Error::new(ErrorKind::StoreRefused, "the password is wrong"));
        }
        self.inner.check().await
    }
}
