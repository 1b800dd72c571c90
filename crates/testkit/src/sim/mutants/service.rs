//! What one replica's engine does otherwise with its back-end.

use super::{
    Mutant,
    memory::{Memory, lock},
};
use crate::sim::scheduler::Sim;
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, ScanPage,
    VersionRef, async_trait,
};
use strongroom_engine::{Catalog, Debris, Env};

/// How long after its time a put is sent at most.
const AFTERWARDS: Duration = Duration::from_secs(20);

/// A back-end as a broken engine uses it.
pub(super) struct Service {
    pub(super) mutant: Mutant,
    pub(super) sim: Sim,
    pub(super) inner: Arc<dyn Backend>,
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) memory: Arc<Memory>,
}

impl Service {
    /// What the service sees as the newest version of an object.
    async fn newest(&self, object: ObjectId) -> Result<Option<VersionRef>> {
        let mut from = None::<String>;
        loop {
            let page = self.inner.scan(Some(object), from.as_deref()).await?;
            if let Some(found) = page.found.into_iter().find(|found| found.newest) {
                return Ok(found.at);
            }
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// Sends a put that got no answer once more, long after its attempt.
    fn send_afterwards(&self, version: &NewVersion<'_>) {
        let (sim, inner) = (self.sim.clone(), self.inner.clone());
        let (object, uid, newest) = (version.object, version.uid, version.newest);
        let (payload, labels) = (version.payload.clone(), version.labels.clone());
        self.sim.later(async move {
            sim.sleep(Duration::from_millis(sim.below(AFTERWARDS.as_millis() as usize) as u64)).await;
            let again = NewVersion::new(object, uid, &payload, &labels).newest(newest);
            let _nobody_hears = inner.put(&again).await;
        });
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Service {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let mut sent = version.clone();
        (sent.object, sent.uid) = (self.memory.object(version.object), self.memory.uid(version.uid));
        let answer = self.inner.put(&sent).await;
        match &answer {
            Err(error) if error.kind() == ErrorKind::Timeout && self.mutant == Mutant::SendLate => {
                self.send_afterwards(&sent);
            }
            Ok(at) if self.mutant == Mutant::AbandonOne => {
                lock(&self.memory.written).insert(sent.uid, at.clone());
            }
            _ => {}
        }
        answer
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        match self.mutant {
            Mutant::NoDigest => {
                let given = lock(&self.memory.payloads).get(&(object, at.clone())).cloned();
                if let Some(given) = given {
                    return Ok(given);
                }
            }
            Mutant::MoveUnverified => {
                if let Some(given) = lock(&self.memory.payloads).remove(&(object, at.clone())) {
                    return Ok(given);
                }
            }
            Mutant::ReadNewest => {
                if let Some(newest) = self.newest(object).await? {
                    return self.inner.get(object, &newest).await;
                }
            }
            _ => {}
        }
        self.inner.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        if !matches!(self.mutant, Mutant::NoDigest | Mutant::MoveUnverified | Mutant::ReadNewest) {
            return self.inner.get_many(wanted).await;
        }
        let mut answers = Vec::with_capacity(wanted.len());
        for (object, at) in wanted {
            answers.push(self.get(*object, at).await);
        }
        answers
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        let claimed = lock(&self.memory.claimed).get(&object).map(|row| row.debris.clone());
        match claimed {
            Some(Debris::Version(at)) if self.mutant == Mutant::LeaveShells => {
                self.inner.remove(object, &at).await
            }
            _ => self.inner.delete(object).await,
        }
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        let Some(object) = only else { return self.inner.scan(only, from).await };
        match self.mutant {
            Mutant::ReadBeforeScan if from.is_none() => {
                let claimed = lock(&self.memory.claimed).get(&object).cloned();
                if let Some(row) = claimed {
                    let uses = self.catalog.uses(row.secret, &row.store, object).await?;
                    lock(&self.memory.uses).insert(object, uses);
                }
            }
            Mutant::ScanBeforeClaim => {
                if let Some(before) = lock(&self.memory.found).remove(&object) {
                    return Ok(ScanPage::new(before, None));
                }
            }
            _ => {}
        }
        let page = self.inner.scan(only, from).await?;
        if self.mutant == Mutant::NoMatching {
            let mut found = lock(&self.memory.found);
            if from.is_none() {
                found.remove(&object);
            }
            found.entry(object).or_default().extend(page.found.iter().cloned());
        }
        Ok(page)
    }

    async fn check(&self) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "not asked for"))
    }
}
