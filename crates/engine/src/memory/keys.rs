//! Identity, keys and stores.

use super::state::State;
use crate::{
    Identity, KeyRow, NewIdentity, Place, Replica, StoreBinding, StoreName, WrapRow,
    crypto::{KeyId, RootId},
};
use strongroom_core::{Error, ErrorKind, Result, Timestamp};

impl State {
    pub(super) fn initialise(&mut self, new: &NewIdentity, now: Timestamp) -> Identity {
        if let Some(winner) = &self.identity {
            return winner.clone();
        }
        let identity =
            Identity { namespace: new.namespace, owner: new.owner.clone(), root: new.root, created: now };
        self.keys.keys = new.keys.iter().map(|key| KeyRow { created: now, ..key.clone() }).collect();
        self.keys.wraps = new.wraps.clone();
        self.identity = Some(identity.clone());
        identity
    }

    pub(super) fn add_key(
        &mut self,
        key: &KeyRow,
        wraps: &[WrapRow],
        force: bool,
        now: Timestamp,
    ) -> Result<()> {
        if self.keys.keys.iter().any(|known| known.id == key.id) {
            return Ok(());
        }
        let opened = |root, key: &KeyRow| {
            self.keys.wraps.iter().any(|known| known.key == key.id && known.root == root)
        };
        let closed = |root| self.keys.keys.iter().find(|key| !opened(root, key));
        if let Some(wrap) = wraps.first()
            && let Some(key) = closed(wrap.root)
            && wraps.iter().all(|wrap| closed(wrap.root).is_some())
        {
            let needed = self.keys.wraps.iter().find(|known| known.key == key.id).map(|known| known.root);
            return Err(Replica::locked_out(wrap.root, needed));
        }
        let mut running = self.running(now);
        running.retain(|replica| wraps.iter().all(|wrap| wrap.root != replica.root));
        if !force && !running.is_empty() {
            return Err(Replica::cannot_unwrap(&running));
        }
        for known in self.keys.keys.iter_mut().filter(|known| known.kind == key.kind) {
            known.active = false;
        }
        self.keys.keys.push(KeyRow { active: true, created: now, ..key.clone() });
        self.add_wraps(wraps);
        Ok(())
    }

    pub(super) fn remove_key(&mut self, id: KeyId) -> bool {
        let active = self.keys.keys.iter().any(|key| key.id == id && key.active);
        let digest_of =
            |digest: &Option<Vec<u8>>| digest.as_ref().is_some_and(|d| d.starts_with(id.0.as_bytes()));
        let used = self.versions.values().any(|v| v.key == Some(id) || digest_of(&v.digest))
            || self.pending.values().any(|p| p.key == Some(id) || digest_of(&p.digest))
            || self.audit.iter().any(|row| row.key == id);
        if active || used {
            return false;
        }
        self.keys.keys.retain(|key| key.id != id);
        self.keys.wraps.retain(|wrap| wrap.key != id);
        true
    }

    pub(super) fn add_wraps(&mut self, wraps: &[WrapRow]) {
        for wrap in wraps {
            if !self.keys.wraps.iter().any(|known| known.key == wrap.key && known.root == wrap.root) {
                self.keys.wraps.push(wrap.clone());
            }
        }
    }

    pub(super) fn drop_wraps(&mut self, root: RootId, force: bool, now: Timestamp) -> Result<u64> {
        let kept = |key: &KeyRow| self.keys.wraps.iter().any(|wrap| wrap.key == key.id && wrap.root != root);
        if !self.keys.keys.iter().all(kept) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "this root key is the only one that opens some keys: add another one first",
            )
            .with("root key", root));
        }
        let mut running = self.running(now);
        running.retain(|replica| replica.root == root);
        if !force && !running.is_empty() {
            return Err(Replica::need_their_root(&running));
        }
        let before = self.keys.wraps.len();
        self.keys.wraps.retain(|wrap| wrap.root != root);
        Ok((before - self.keys.wraps.len()) as u64)
    }

    pub(super) fn bind_store(&mut self, binding: &StoreBinding, now: Timestamp) -> Result<()> {
        let place = self.stores.iter().position(|known| known.name == binding.name);
        if let Some(known) = place.and_then(|place| self.stores.get(place)) {
            if known == binding {
                return Ok(());
            }
            let (versions, removals) = self.rows_of(&binding.name);
            if (versions, removals) != (0, 0) {
                let recorded = format!("{} {}", known.kind, known.endpoint);
                return Err(binding.elsewhere(&recorded, versions, removals));
            }
        }
        let mut others = self.stores.iter().filter(|known| known.is_the_place_of(binding));
        if let Some(other) = others.find(|other| self.rows_of(&other.name) != (0, 0)) {
            return Err(binding.second_name(other.name.as_str()));
        }
        match place {
            Some(_) => self.rebind_store(binding, now),
            None => {
                self.stores.push(binding.clone());
                Ok(())
            }
        }
    }

    pub(super) fn rebind_store(&mut self, binding: &StoreBinding, now: Timestamp) -> Result<()> {
        let running = self.running(now);
        if !running.is_empty() {
            return Err(Replica::write_elsewhere(&running));
        }
        if let Some(known) = self.stores.iter_mut().find(|known| known.name == binding.name) {
            *known = binding.clone();
        }
        Ok(())
    }

    /// How many versions are in a store, and how many garbage rows speak of it.
    fn rows_of(&self, name: &StoreName) -> (u64, u64) {
        let holds = |place: &Place| matches!(place, Place::External { store, .. } if store == name);
        let versions = self.versions.values().filter(|version| holds(&version.place)).count();
        let pending = self.pending.values().filter(|pending| pending.store == *name).count();
        (versions as u64, pending as u64)
    }
}
