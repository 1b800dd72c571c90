//! Reading.

use super::state::{SecretRow, State};
use crate::{Lookup, Misplaced, Place, Row, StoreName, Summary, VersionHead, VersionRow, Viewer};
use std::collections::BTreeMap;
use strongroom_core::{Revision, SecretId, SecretMeta, VersionUid};

impl State {
    pub(super) fn current(&self, lookup: &Lookup) -> Option<Row> {
        let id = match lookup {
            Lookup::Id(id) => id,
            Lookup::Name(key) => self.names.get(key)?,
        };
        let secret = self.secrets.get(id)?;
        self.row(secret, secret.current)
    }

    pub(super) fn as_of(&self, id: SecretId, as_of: Revision) -> Option<Row> {
        let secret = self.secrets.get(&id)?;
        let newest = self.versions_of(id).rev().find(|version| version.revision <= as_of)?;
        self.row(secret, newest.revision)
    }

    pub(super) fn history(&self, id: SecretId) -> Option<(SecretMeta, Vec<VersionHead>)> {
        let secret = self.secrets.get(&id)?;
        let heads = self.versions_of(id).rev().map(|version| head(secret, version));
        Some((secret.meta.clone(), heads.collect()))
    }

    pub(super) fn listed(&self, viewer: &Viewer) -> Vec<SecretMeta> {
        let visible = |meta: &&SecretMeta| {
            (!meta.private || meta.owner.id == viewer.actor) && viewer.names.contains(meta.name.as_str())
        };
        self.secrets.values().map(|secret| &secret.meta).filter(visible).cloned().collect()
    }

    pub(super) fn versions_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Vec<Row> {
        let found = self.misplaced(after, limit, wanted).into_iter();
        found.filter_map(|(secret, version)| self.row(secret, version.revision)).collect()
    }

    pub(super) fn heads_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Vec<(SecretId, VersionHead)> {
        let found = self.misplaced(after, limit, wanted).into_iter();
        found.map(|(secret, version)| (secret.meta.id, head(secret, version))).collect()
    }

    fn misplaced(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Vec<(&SecretRow, &VersionRow)> {
        let misplaced = |version: &VersionRow| match (wanted, &version.place) {
            (Misplaced::SealedWithOther(key), _) => version.key.is_some_and(|sealed| sealed != *key),
            (Misplaced::Inline, place) => matches!(place, Place::Inline { .. }),
            (Misplaced::NotIn(store), Place::Inline { .. }) => store.is_some(),
            (Misplaced::NotIn(to), Place::External { store, .. }) => to.as_ref() != Some(store),
        };
        let mut all = Vec::new();
        for secret in self.secrets.values() {
            let mut versions: Vec<_> = self.versions_of(secret.meta.id).collect();
            versions.sort_by_key(|version| (version.revision == secret.current, version.revision));
            all.extend(versions.into_iter().map(|version| (secret, version)));
        }
        let start = after.map_or(0, |(id, uid)| {
            let passed =
                |(secret, version): &(&SecretRow, &VersionRow)| secret.meta.id == id && version.uid == uid;
            match all.iter().position(passed) {
                Some(at) => at + 1,
                None => all.partition_point(|(secret, _)| secret.meta.id <= id),
            }
        });
        let rest = all.into_iter().skip(start).filter(|(_, version)| misplaced(version));
        rest.take(limit as usize).collect()
    }

    pub(super) fn summary(&self) -> Summary {
        let mut stores: BTreeMap<Option<StoreName>, u64> = BTreeMap::new();
        let mut sealed = BTreeMap::new();
        for version in self.versions.values() {
            let store = match &version.place {
                Place::Inline { .. } => None,
                Place::External { store, .. } => Some(store.clone()),
            };
            *stores.entry(store).or_default() += 1;
            if let Some(key) = version.key {
                *sealed.entry(key).or_default() += 1;
            }
        }
        let open = self.pending.values().filter(|pending| pending.locked).count() as u64;
        Summary {
            secrets: self.secrets.len() as u64,
            versions: stores.into_iter().collect(),
            open_attempts: open,
            garbage: self.pending.len() as u64 - open,
            sealed_with: sealed.into_iter().collect(),
            audit_entries: self.audit.len() as u64,
        }
    }
}

fn head(secret: &SecretRow, version: &VersionRow) -> VersionHead {
    VersionHead {
        uid: version.uid,
        revision: version.revision,
        created: version.created,
        current: version.revision == secret.current,
        visible_to_others: version.visible_to_others,
    }
}
