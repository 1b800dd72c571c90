//! What stays although no row explains it: while a secret's current version cannot be read, it may be all that is left.

use crate::{
    Misplaced, Place, RepairReport, StoreName, Unknown,
    compare::{is_damage, public_name},
    deadline::Deadline,
    engine::Core,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use strongroom_core::{Error, ErrorKind, ObjectId, Result, SecretId, SecretName};

/// A secret of which unknown versions were not removed, since its current version cannot be read: after a restore of a dump
/// that is older than the history goes back, they are its newer values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spared {
    /// The store.
    pub store: StoreName,
    /// The secret.
    pub secret: SecretId,
    /// Its name; `None` if it is private, since that is its owner's alone.
    pub name: Option<SecretName>,
    /// How many versions stay.
    pub versions: u64,
}

impl Core {
    /// Of what is unknown in a store, what may be removed, and why it could not be found out of a secret whether it can be
    /// read, if so. What stays is in the report.
    pub(crate) async fn spare(
        self: &Arc<Self>,
        name: &StoreName,
        unknown: &[Unknown],
        deadline: &Deadline,
        report: &mut RepairReport,
    ) -> Result<(Vec<Unknown>, Option<Error>)> {
        let owners = self.owners(unknown, deadline).await?;
        // An empty object holds no values.
        let whose = |one: &Unknown| {
            let labelled = one.record.as_ref().and(one.secret);
            one.at.as_ref().and(owners.get(&one.object).copied().or(labelled))
        };
        let secrets: BTreeSet<SecretId> = unknown.iter().filter_map(whose).collect();
        let (mut stay, mut unsure) = (BTreeMap::new(), None);
        for secret in secrets {
            // What the catalog does not know has no current version.
            let Some(row) = self.row_now(secret, deadline).await? else { continue };
            let Err(error) = self.read_afresh(&row, deadline).await else { continue };
            let certain = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Lost) || is_damage(&error);
            if !certain {
                unsure = unsure.or(Some(error));
            }
            stay.insert(secret, (public_name(&row.meta), 0_u64));
        }
        let mut removable = Vec::new();
        for one in unknown {
            if let Some(secret) = whose(one)
                && let Some((_, versions)) = stay.get_mut(&secret)
            {
                *versions += 1;
            } else {
                removable.push(one.clone());
            }
        }
        let spared = stay.into_iter().map(|(secret, (known_as, versions))| Spared {
            store: name.clone(),
            secret,
            name: known_as,
            versions,
        });
        report.spared.extend(spared);
        Ok((removable, unsure))
    }

    /// The secrets of which rows name something in these objects.
    async fn owners(&self, unknown: &[Unknown], deadline: &Deadline) -> Result<BTreeMap<ObjectId, SecretId>> {
        let mut owners = BTreeMap::new();
        if unknown.is_empty() {
            return Ok(owners);
        }
        let objects: BTreeSet<ObjectId> = unknown.iter().map(|one| one.object).collect();
        let mut walk = self.walk(Misplaced::NotIn(None), Some(deadline));
        while let Some(rows) = walk.next().await? {
            for row in rows {
                if let Place::External { object, .. } = &row.version.place
                    && objects.contains(object)
                {
                    owners.insert(*object, row.meta.id);
                }
            }
        }
        Ok(owners)
    }
}
