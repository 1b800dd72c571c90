//! Moving a version: to another store, into the catalog, under another key, or into the same object once more.

use crate::{
    Attempt, NewVersionRow, PayloadRef, Place, Rehome, Rehomed, Row, calls::Calls, codec, deadline::Deadline,
    engine::Core, env::successive, labels::labelled,
};
use std::sync::Arc;
use strongroom_core::{NewVersion, Result, Revision, SecretName, VersionUid};

impl Core {
    /// Moves one version: to `to`, or into the catalog. `false` if it was changed, moved or trimmed meanwhile.
    ///
    /// The values are read and verified first, and stay bound to the version's own uid; the attempt has a fresh one.
    pub(crate) async fn move_version(
        self: &Arc<Self>,
        row: &Arc<Row>,
        to: Option<&Arc<Calls>>,
        deadline: &Deadline,
    ) -> Result<bool> {
        let revision = row.version.revision;
        let (row, values) = self.values_of(row, Some(revision), deadline, &|_| Ok(())).await?;
        let bound = self.bound(&row);
        let Some(store) = to else {
            let (key, sealed) = codec::seal_inline(&self.ring, &bound, &values)?;
            let size = u32::try_from(sealed.len()).unwrap_or(u32::MAX);
            let place = Place::Inline { payload: PayloadRef(successive(&*self.env)), sealed };
            let version = NewVersionRow { uid: row.version.uid, place, key: Some(key), digest: None, size };
            return self.rehome(&row, version, None, false, None, deadline).await;
        };
        let (key, payload) = codec::encode(&self.ring, &bound, store.sealed, &values)?;
        store.check_size(&payload)?;
        let current = match self.read_row(row.meta.id).await? {
            Some(current) => current,
            None => return Ok(false),
        };
        let is_current = current.version.uid == row.version.uid;
        let beside = self.beside(&row, &current, store, deadline).await?;
        let (object, after) = self.destination(store, beside.as_ref());
        let attempt = Attempt {
            uid: VersionUid(successive(&*self.env)),
            version: row.version.uid,
            secret: row.meta.id,
            base: Some(current.version.uid),
            store: store.name.clone(),
            object,
            fresh: after.is_none(),
            key,
            digest: codec::digest(&self.ring, &bound, &values)?,
            lease: self.options.lease,
        };
        let Some(window) = self.open_attempt(&attempt, deadline).await? else { return Ok(false) };
        let labels = match self.labels_now(store, object, &current.meta).await {
            Ok(labels) => labels,
            Err(error) => {
                self.release(attempt.uid, None, deadline).await;
                return Err(error);
            }
        };
        let mut new = NewVersion::new(object, attempt.uid, &payload, &labels).newest(is_current);
        if let Some(after) = &after {
            new = new.after(after);
        }
        let put = self.put(store, row.meta.id, &new, &window).await;
        let at = match put.at {
            Ok(at) => at,
            Err(error) => {
                // Cleaning up may move a version, this way and without an end while the service takes nothing.
                self.release(attempt.uid, None, deadline).await;
                return Err(error);
            }
        };
        let place = Place::External { store: store.name.clone(), object, at: at.clone() };
        let size = u32::try_from(payload.expose().len()).unwrap_or(u32::MAX);
        let version = NewVersionRow { uid: row.version.uid, place, key, digest: Some(attempt.digest), size };
        let twin = put.sends > 1;
        // Behind the current version, where services see whatever was put last as the newest: the sweeper sets it right.
        let behind = !is_current && !store.sealed && current.version.place.is_in(&store.name, object);
        let relabel = self.labels_commit || attempt.fresh && store.info().limits.relabel_after_create;
        let labelled = Some(labelled(&current.meta, relabel));
        let moved = self.rehome(&row, version, Some(attempt.uid), twin || behind, labelled, deadline).await;
        if !matches!(moved, Ok(true)) {
            self.release(attempt.uid, (!twin).then_some(at), deadline).await;
            return moved;
        }
        self.make_lasting(row.meta.id, deadline).await?;
        Ok(true)
    }

    /// Where the version goes: to the current one if that is in the store already, else to the next older one, which
    /// was moved before it.
    async fn beside(
        &self,
        row: &Row,
        current: &Row,
        store: &Calls,
        deadline: &Deadline,
    ) -> Result<Option<Place>> {
        let is_there =
            |place: &Place| matches!(place, Place::External { store: holder, .. } if *holder == store.name);
        if is_there(&current.version.place) {
            return Ok(Some(current.version.place.clone()));
        }
        let before = Revision(row.version.revision.0.saturating_sub(1));
        let older = self.patiently(deadline, || self.catalog.version(row.meta.id, before)).await?;
        Ok(older.map(|older| older.version.place).filter(is_there))
    }

    async fn rehome(
        &self,
        row: &Row,
        to: NewVersionRow,
        attempt: Option<VersionUid>,
        twin: bool,
        labelled: Option<(SecretName, bool)>,
        deadline: &Deadline,
    ) -> Result<bool> {
        let rehome = Rehome {
            secret: row.meta.id,
            from: row.version.place.clone(),
            to,
            attempt,
            twin,
            labelled,
            grace: self.options.grace,
        };
        let rehomed = self.certain(deadline, |_| self.catalog.rehome(&rehome)).await?;
        if rehomed == Rehomed::KeyRetired {
            self.ring.reload().await?;
        }
        Ok(rehomed == Rehomed::Done)
    }
}
