//! What the cases have in common.

use super::{
    BackendSubject,
    timed::{Timed, within},
};
use crate::{Broken, Outcome, eventually};
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Backend, Error, ErrorKind, Found, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result, Retry,
    SecretId, VersionRef, VersionUid,
};
use uuid::Uuid;

/// No opening takes longer. No engine limits it, and a subject may have to set up an account first.
const OPENING: Duration = Duration::from_secs(20);

/// A back-end on a namespace of its own.
pub(super) struct Fixture {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) namespace: NamespaceId,
}

impl Fixture {
    /// On a fresh namespace; the service must answer, or there is nothing to look at.
    pub(super) async fn open(subject: &dyn BackendSubject) -> Result<Self, Broken> {
        let namespace = NamespaceId(Uuid::new_v4());
        let fixture = Self { backend: open(subject, namespace).await?, namespace };
        match fixture.backend.check().await {
            // One that is still being written says itself what comes next.
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(Broken::unreachable(&error)),
            _ => Ok(fixture),
        }
    }

    /// Puts a text as the first version of a fresh object.
    pub(super) async fn create(&self, text: &str) -> Result<(ObjectId, VersionRef)> {
        let object = object();
        Ok((object, self.put(object, None, text).await?))
    }

    /// Puts a text as the newest version, after this one.
    pub(super) async fn put(
        &self,
        object: ObjectId,
        after: Option<&VersionRef>,
        text: &str,
    ) -> Result<VersionRef> {
        put(&*self.backend, object, uid(), after, text).await
    }

    /// The text of a version.
    pub(super) async fn text(&self, object: ObjectId, at: &VersionRef) -> Result<String> {
        Ok(self.backend.get(object, at).await?.expose_text()?.to_owned())
    }

    /// Requires that a version is there and unchanged; `what` it is: "a version of another object".
    pub(super) async fn is_kept(&self, what: &str, object: ObjectId, at: &VersionRef, text: &str) -> Outcome {
        match self.text(object, at).await {
            Ok(read) if read == text => Ok(()),
            Ok(_) => Err(Broken(format!("{what} has changed"))),
            Err(error) => Err(Broken(format!("{what} cannot be read: {error:?}"))),
        }
    }

    /// Everything that a scan finds, page after page.
    pub(super) async fn scan(&self, only: Option<ObjectId>) -> Result<Vec<Found>, Broken> {
        let (mut found, mut from) = (Vec::new(), None::<String>);
        loop {
            let page = self.backend.scan(only, from.as_deref()).await?;
            found.extend(page.found);
            if page.next.is_some() && page.next == from {
                return Err(Broken("a page of a scan ends where it began".into()));
            }
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// The labels of one object that scans show, of it alone and of all: one of the two may show none.
    pub(super) async fn labels_shown(&self, object: ObjectId) -> Result<Vec<Labels>, Broken> {
        let mut found = self.scan(Some(object)).await?;
        found.extend(self.scan(None).await?.into_iter().filter(|found| found.object == object));
        Ok(found.into_iter().filter_map(|found| found.labels).collect())
    }

    /// Requires that the labels of an object that scans show are these. `whose` completes "the labels of ...".
    pub(super) async fn is_labelled(&self, whose: &str, object: ObjectId, right: &Labels) -> Outcome {
        let shown = self.labels_shown(object).await?;
        ensure!(shown.iter().all(|shown| shown == right), "the labels of {whose} have changed");
        Ok(())
    }

    /// The versions of one object, as a scan finds them.
    pub(super) async fn versions(&self, object: ObjectId) -> Result<Vec<VersionRef>, Broken> {
        let found = self.scan(Some(object)).await?;
        ensure!(found.iter().all(|f| f.object == object), "a scan of one object shows another");
        Ok(found.into_iter().filter_map(|found| found.at).collect())
    }

    /// Requires that a version cannot be read; `what` it is: "a removed version".
    pub(super) async fn is_gone(&self, what: &str, object: ObjectId, at: &VersionRef) -> Outcome {
        match self.backend.get(object, at).await {
            Ok(_) => Err(Broken(format!("{what} can be read"))),
            Err(error) => is_not_found(what, &error),
        }
    }

    /// Requires that a scan of an object marks one version as the newest: one of these.
    pub(super) async fn newest_is(&self, object: ObjectId, right: &[&VersionRef]) -> Outcome {
        eventually(|| async {
            let found = self.scan(Some(object)).await?;
            let marked: Vec<_> =
                found.iter().filter(|found| found.newest).filter_map(|found| found.at.as_ref()).collect();
            ensure!(
                matches!(*marked, [one] if right.contains(&one)),
                "the newest is {right:?}, marked are {marked:?}"
            );
            Ok(())
        })
        .await
    }
}

/// Opens another one on a namespace.
pub(super) async fn open(
    subject: &dyn BackendSubject,
    namespace: NamespaceId,
) -> Result<Arc<dyn Backend>, Broken> {
    match within(OPENING, "open", subject.open(namespace)).await {
        Ok(backend) => Ok(Arc::new(Timed::new(backend, subject.call_timeout()))),
        Err(error) => Err(Broken::unreachable(&error)),
    }
}

/// Requires that an error says that something is not there, for good.
pub(super) fn is_not_found(what: &str, error: &Error) -> Outcome {
    ensure!(error.kind() == ErrorKind::NotFound, "{what} is not `NotFound`, but {error:?}");
    ensure!(
        error.retry() == Retry::Never,
        "{what} is `NotFound`, and marked as worth another try: {error:?}"
    );
    Ok(())
}

/// What was answered where a call may be refused, which it is not by an answer that never comes.
pub(super) fn unless_refused<T>(answer: Result<T>) -> Result<Option<T>, Broken> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::Timeout => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Puts a text with labels of its object's.
pub(super) async fn put(
    backend: &dyn Backend,
    object: ObjectId,
    uid: VersionUid,
    after: Option<&VersionRef>,
    text: &str,
) -> Result<VersionRef> {
    let (payload, labels) = (payload(text), labels(object, "bmFtZQ"));
    let version = NewVersion::new(object, uid, &payload, &labels);
    backend.put(&after.iter().fold(version, |version, after| version.after(after))).await
}

pub(super) fn payload(text: &str) -> Payload {
    Payload::new(text.as_bytes().to_vec())
}

/// The labels of an object's secret, whose id is made from the object's.
pub(super) fn labels(object: ObjectId, record: &str) -> Labels {
    Labels::new(SecretId(Uuid::from_u128(!object.0.as_u128())), record)
}

pub(super) fn object() -> ObjectId {
    ObjectId(Uuid::new_v4())
}

pub(super) fn uid() -> VersionUid {
    VersionUid(Uuid::new_v4())
}
