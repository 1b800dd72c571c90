//! Comparing a store with what is committed: what is gone from it, and what people see there in place of it.
//!
//! A scan names the suspects, which costs nothing but the scan; each of them is then looked at by itself, since lists lag
//! behind and others go on working.

use crate::{
    Lookup, Misplaced, Place, RepairOptions, RepairReport, Row, StoreName, VersionHead, calls::Calls,
    deadline::Deadline, engine::Core, errors,
};
use futures::{StreamExt as _, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use strongroom_core::{
    Error, ErrorKind, Found, ObjectId, Reason, Result, Revision, SecretId, SecretMeta, SecretName, VersionRef,
};

/// How many versions are read beside each other.
const TOGETHER: usize = 8;

/// A committed version that cannot be read any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// The store, the object and the version there; `None` if the catalog itself holds the values.
    pub at: Option<(StoreName, ObjectId, VersionRef)>,
    /// The secret.
    pub secret: SecretId,
    /// Its name; `None` if it is private, since that is its owner's alone, or cannot be read.
    pub name: Option<SecretName>,
    /// The secret's revision at which the version was written.
    pub revision: Revision,
    /// Whether it is the current one.
    pub current: bool,
    /// `Lost` if it is gone, `Corrupt` if something else is in its place, `Unsupported` if that has another format.
    pub kind: ErrorKind,
    /// What it is and what to do, as readers are told.
    pub told: String,
}

/// A secret whose committed version is there, but is not what the service shows as its newest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlaid {
    /// The store.
    pub store: StoreName,
    /// The object.
    pub object: ObjectId,
    /// The version that the service shows; `None` if it shows none.
    pub by: Option<VersionRef>,
    /// The secret.
    pub secret: SecretId,
    /// Its name; `None` if it is private, since that is its owner's alone.
    pub name: Option<SecretName>,
    /// Whether the committed value was put on top again. It is not while the object holds a version that no row explains:
    /// it may be the truth of a newer database.
    pub mended: bool,
}

/// Rows that a scan does not bear out.
#[derive(Default)]
struct Suspects {
    /// Those whose version it does not show; all of them if every one is to be read.
    missing: Vec<Arc<Row>>,
    /// The last of each secret, where it shows another one as the newest.
    beneath: Vec<Arc<Row>>,
}

impl Core {
    /// Compares what was found in a store with the rows, and puts the committed values on top again. With `options.read`,
    /// every version is read. What was found and done before an error is told nevertheless.
    pub(crate) async fn compare(
        self: &Arc<Self>,
        name: &StoreName,
        found: &[Found],
        options: RepairOptions,
        deadline: &Deadline,
        report: &mut RepairReport,
    ) -> Result<()> {
        let store = self.store(name)?.clone();
        let suspects = self.suspects(&store, found, options.read, deadline).await?;
        let rows = suspects.missing.iter();
        let looks: Vec<_> = rows.map(|row| self.lost(row, options.restored, deadline)).collect();
        let mut looks = stream::iter(looks).buffered(TOGETHER);
        while let Some(answer) = looks.next().await {
            match answer {
                Ok(lost) => report.lost.extend(lost),
                // Its age will tell whether it is late or gone: until then it is neither lost nor whole.
                Err(error) if error.reason() == Some(Reason::NotShownYet) => {
                    report.refuse(Some(&store.name), &error);
                }
                // Nobody answers: what was not looked at is not reported as whole.
                Err(error) if error.kind().may_pass() => return Err(error),
                Err(error) => report.refuse(Some(&store.name), &error),
            }
        }
        for row in suspects.beneath {
            match self.put_on_top(&store, row.meta.id, deadline).await {
                Ok(overlaid) => report.overlaid.extend(overlaid),
                // What cannot be read cannot be put again.
                Err(error) if matches!(error.kind(), ErrorKind::Lost | ErrorKind::Corrupt) => {
                    if report.lost.iter().all(|lost| lost.secret != row.meta.id || !lost.current) {
                        report.lost.extend(self.lost(&row, options.restored, deadline).await?);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn suspects(
        &self,
        store: &Calls,
        found: &[Found],
        read: bool,
        deadline: &Deadline,
    ) -> Result<Suspects> {
        let shown = |found: &Found| Some((found.object, found.at.clone()?));
        let there: BTreeSet<_> = found.iter().filter_map(shown).collect();
        let newest: BTreeMap<_, _> = found.iter().filter(|found| found.newest).filter_map(shown).collect();
        let (mut suspects, mut walk) =
            (Suspects::default(), self.walk(Misplaced::NotIn(None), Some(deadline)));
        // Values that are sealed there are read by nobody but us.
        let seen = |row: &Row| !store.sealed && row.version.key.is_none();
        let mut last: Option<Arc<Row>> = None;
        loop {
            let rows = walk.next().await?;
            let done = rows.is_none();
            // The current version of a secret is its last one.
            let next = rows.into_iter().flatten().map(|row| Some(Arc::new(row))).chain(done.then_some(None));
            for row in next {
                let passed = match &row {
                    Some(row) if last.as_ref().is_some_and(|last| last.meta.id == row.meta.id) => None,
                    _ => last.take(),
                };
                if let Some(passed) = passed
                    && let Place::External { store: holder, object, at } = &passed.version.place
                    && *holder == store.name
                    && seen(&passed)
                    && there.contains(&(*object, at.clone()))
                    && newest.get(object) != Some(at)
                {
                    suspects.beneath.push(passed);
                }
                if let Some(row) = &row
                    && let Place::External { store: holder, object, at } = &row.version.place
                    && *holder == store.name
                    && (read || !there.contains(&(*object, at.clone())))
                {
                    suspects.missing.push(row.clone());
                }
                last = row;
            }
            if done {
                return Ok(suspects);
            }
        }
    }

    /// Reads a version past the cache; answers what became of it if it is lost. The error of a current one that the service
    /// may show later has the reason `NotShownYet`.
    async fn lost(self: &Arc<Self>, row: &Row, restored: bool, deadline: &Deadline) -> Result<Option<Lost>> {
        let asked = self.env.now();
        let error = match self.read_afresh(row, deadline).await {
            Ok(()) => return Ok(None),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::Corrupt | ErrorKind::Unsupported => {
                    self.judge(row, asked, error)
                }
                ErrorKind::Lost => error,
                _ => return Err(error),
            },
        };
        // A dump tells of what the service had time to show, and what it may have removed since.
        let error = match restored && error.reason() == Some(Reason::NotShownYet) {
            true => error.context().fold(errors::gone(), |gone, (key, value)| gone.with(key, value)),
            false => error,
        };
        let lost = self.as_lost(row, &error, deadline).await?;
        // What was put a moment ago may not be shown yet.
        if error.kind() != ErrorKind::Lost && !is_damage(&error) {
            return if lost.is_some_and(|lost| lost.current) { Err(error) } else { Ok(None) };
        }
        Ok(lost)
    }

    /// What is told of a version that is lost or damaged, unless it was moved or removed meanwhile.
    pub(crate) async fn as_lost(
        &self,
        row: &Row,
        error: &Error,
        deadline: &Deadline,
    ) -> Result<Option<Lost>> {
        // It may have been moved or removed meanwhile.
        let (id, revision) = (row.meta.id, row.version.revision);
        let now = self.patiently(deadline, || self.catalog.version(id, revision)).await?;
        if !is_still(now.as_ref(), row) {
            return Ok(None);
        }
        // Without its current version, which may be what cannot be read.
        let history = self.patiently(deadline, || self.catalog.history(id)).await?;
        let is_current = |head: &VersionHead| head.current && head.uid == row.version.uid;
        let current = history.is_some_and(|(_, heads)| heads.iter().any(is_current));
        let told = match error.kind() {
            _ if !current => {
                "an older version: nobody can roll back to it, and it goes with the history".to_owned()
            }
            ErrorKind::Corrupt | ErrorKind::Unsupported => errors::damage(error, true),
            _ => error.message().to_owned(),
        };
        Ok(Some(Lost {
            at: match &row.version.place {
                Place::External { store, object, at } => Some((store.clone(), *object, at.clone())),
                Place::Inline { .. } => None,
            },
            secret: id,
            name: public_name(&row.meta),
            revision,
            current,
            kind: error.kind(),
            told,
        }))
    }

    /// Puts the committed value of a secret once more if the service shows another one as the newest.
    async fn put_on_top(
        self: &Arc<Self>,
        store: &Arc<Calls>,
        secret: SecretId,
        deadline: &Deadline,
    ) -> Result<Option<Overlaid>> {
        let Some(row) = self.row_now(secret, deadline).await? else { return Ok(None) };
        let Place::External { store: holder, object, at } = &row.version.place else { return Ok(None) };
        if *holder != store.name {
            return Ok(None);
        }
        let there = store.scan(*object, deadline).await?;
        let by = there.iter().find(|found| found.newest).and_then(|found| found.at.clone());
        if by.as_ref() == Some(at) || there.iter().all(|found| found.at.as_ref() != Some(at)) {
            return Ok(None);
        }
        let uses = self.patiently(deadline, || self.catalog.uses(secret, &store.name, *object)).await?;
        let named = |at: &VersionRef| uses.named.contains(at);
        let all_named = there.iter().filter_map(|found| found.at.as_ref()).all(named);
        if !all_named && uses.pending {
            // An attempt's, which is being worked on.
            return Ok(None);
        }
        // Others go on working: what they put on top, or removed since the scan, is no finding.
        let now = self.row_now(secret, deadline).await?;
        if !is_still(now.as_ref(), &row) {
            return Ok(None);
        }
        let (store_name, object, name) = (store.name.clone(), *object, public_name(&row.meta));
        if all_named && !self.move_version(&Arc::new(row), Some(store), deadline).await? {
            return Ok(None);
        }
        Ok(Some(Overlaid { store: store_name, object, by, secret, name, mended: all_named }))
    }

    /// A secret's row as it is now.
    pub(crate) async fn row_now(&self, id: SecretId, deadline: &Deadline) -> Result<Option<Row>> {
        let lookup = [Lookup::Id(id)];
        Ok(self.patiently(deadline, || self.catalog.current(&lookup)).await?.pop().flatten())
    }
}

/// Whether an error is about the bytes of one version: what says of itself that it has a format that is not known here may
/// have been damaged in the very place that says so.
pub(crate) fn is_damage(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported)
}

/// Whether the version of a row is what and where it was.
fn is_still(now: Option<&Row>, row: &Row) -> bool {
    now.is_some_and(|now| now.version.uid == row.version.uid && now.version.place == row.version.place)
}

/// The name of a secret, if not its owner alone may know it.
pub(crate) fn public_name(meta: &SecretMeta) -> Option<SecretName> {
    (!meta.private).then(|| meta.name.clone())
}
