//! Filling an empty catalog with what labels told.

use super::state::{SecretRow, State};
use crate::{NameKey, Stamp, VersionRow};
use strongroom_core::{Revision, SecretId, SecretMeta};
use uuid::Uuid;

impl State {
    /// Whether a secret is there already.
    pub(super) fn knows(&self, id: SecretId) -> bool {
        self.secrets.contains_key(&id)
    }

    /// Whether a name is taken already.
    pub(super) fn has_name(&self, key: &NameKey) -> bool {
        self.names.contains_key(key)
    }

    /// A secret with its versions, of which the one with the highest revision is the current one.
    pub(super) fn load(&mut self, mut meta: SecretMeta, versions: Vec<VersionRow>, change: Uuid) {
        let current = versions.iter().map(|version| version.revision).max().unwrap_or(Revision(0));
        let id = meta.id;
        meta.owner = self.known_owner(meta.owner.id);
        self.names.insert(NameKey::of(&meta), id);
        self.versions.extend(versions.into_iter().map(|version| ((id, version.revision), version)));
        self.secrets.insert(id, SecretRow { meta, stamp: Stamp { change, owner: 0 }, current });
    }
}
