//! Denials: who showed nothing that opens the door, and who asked for what is not theirs.
//!
//! The first of a kind is an entry at once. What repeats it within a minute is counted, and is one more entry at its
//! end. Only so many kinds are told apart in a minute: whoever asks a million times, from as many addresses as they
//! like, makes some dozens of entries, and fills neither the database nor the memory.

use super::buffer::Key;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many kinds of what strangers do are told apart in a minute.
const STRANGERS: usize = 64;
/// The same of what accounts do: strangers cannot drown it.
const ACCOUNTS: usize = 1024;

/// The denials of this minute: how often each was repeated since its entry was written.
#[derive(Default)]
pub(super) struct Denials(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    strangers: HashMap<Key, u64>,
    accounts: HashMap<Key, u64>,
}

impl Denials {
    /// What is to be written now of one; `None` if it repeats another one and is counted.
    pub(super) fn add(&self, key: Key) -> Option<Key> {
        let mut minute = self.lock();
        let Minute { strangers, accounts } = &mut *minute;
        let own = !key.is_strangers();
        let (known, most) = if own { (accounts, ACCOUNTS) } else { (strangers, STRANGERS) };
        // One place for each action is left for what is not told apart any more: of each account, so that none hides what
        // another does.
        let key = match known.len() < most || known.contains_key(&key) {
            true => key,
            false if own => key.among_its_others(),
            false => key.among_others(),
        };
        if let Some(repeats) = known.get_mut(&key) {
            *repeats += 1;
            return None;
        }
        known.insert(key.clone(), 0);
        Some(key)
    }

    /// Forgets one that could not be noted, unless it was repeated meanwhile: who repeated it was answered.
    pub(super) fn forget(&self, key: &Key) {
        let mut minute = self.lock();
        let Minute { strangers, accounts } = &mut *minute;
        for known in [strangers, accounts] {
            if known.get(key) == Some(&0) {
                known.remove(key);
            }
        }
    }

    /// Ends the minute: what was repeated in it, and how often.
    pub(super) fn take(&self) -> Vec<(Key, u64)> {
        let Minute { strangers, accounts } = std::mem::take(&mut *self.lock());
        strangers.into_iter().chain(accounts).filter(|(_, repeats)| *repeats > 0).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Minute> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_core::{Access, Context, Origin, OwnerId, SecretId};
    use uuid::Uuid;

    fn key(actor: Uuid, address: &str) -> Key {
        let mut origin = Origin::new("http");
        origin.address = Some(address.to_owned());
        let cx = Context::new(OwnerId(actor), Access::none(), origin);
        Key::new(&cx, "request.denied", SecretId(Uuid::nil()), "GET /secrets")
    }

    #[test]
    fn repeats_are_counted_and_strangers_cannot_drown_accounts() {
        let denials = Denials::default();
        let nobody = Uuid::nil();
        assert!(denials.add(key(nobody, "192.0.2.1")).is_some());
        (0..5).for_each(|_| assert!(denials.add(key(nobody, "192.0.2.1")).is_none()));
        let written = (0..10_000).filter(|n| denials.add(key(nobody, &n.to_string())).is_some()).count();
        assert_eq!(written, STRANGERS, "all but the one before, and one for the others together");
        assert!(denials.add(key(Uuid::new_v4(), "192.0.2.1")).is_some());
        let repeats = denials.take();
        let total: u64 = repeats.iter().map(|(_, repeats)| repeats).sum();
        assert_eq!((repeats.len(), total as usize), (2, 5 + 10_000 - STRANGERS));
        assert!(denials.take().is_empty() && denials.add(key(nobody, "192.0.2.1")).is_some());
    }
}
