//! What somebody else has in the same service: another database, or a newer one of which ours is a restored copy.
//!
//! No row explains it, so nothing of it may be removed; an object of ours goes with all that is in it.

use super::scheduler::Sim;
use crate::Held;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_core::{Labels, NamespaceId, ObjectId, Payload, SecretId, VersionRef, VersionUid};
use strongroom_engine::Env;
use uuid::Uuid;

/// The versions that somebody else put.
#[derive(Clone, Default)]
pub(crate) struct Foreign(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    versions: BTreeSet<(ObjectId, VersionRef)>,
    /// Objects of which nothing is ours.
    objects: BTreeSet<ObjectId>,
    /// Objects that were deleted: what lands there late goes with them, and its numbers may be those of others.
    gone: BTreeSet<ObjectId>,
}

impl Foreign {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that must be there.
    pub(crate) fn all(&self) -> BTreeSet<(ObjectId, VersionRef)> {
        self.lock().versions.clone()
    }

    /// Whether a version is one of them.
    pub(crate) fn has(&self, object: ObjectId, at: &VersionRef) -> bool {
        self.lock().versions.contains(&(object, at.clone()))
    }

    /// An object is deleted with all that is in it; whether that is somebody else's.
    pub(crate) fn deleted(&self, object: ObjectId) -> bool {
        let mut state = self.lock();
        state.versions.retain(|(holder, _)| *holder != object);
        state.gone.insert(object);
        state.objects.contains(&object)
    }
}

/// Puts an object of its own, and now and then a version into one of ours.
pub(super) async fn somebody(sim: Sim, held: Held, namespace: NamespaceId, foreign: Foreign) {
    let put = |object| {
        let (uid, secret) = (VersionUid(id(&sim)), SecretId(id(&sim)));
        let payload = Payload::new(br#"{"k0":"somebody else's"}"#.to_vec());
        let at = held.plant(namespace, object, uid, payload, &Labels::new(secret, "somebody else's"));
        foreign.lock().versions.insert((object, at));
    };
    let own = ObjectId(id(&sim));
    foreign.lock().objects.insert(own);
    put(own);
    for _ in 0..6 {
        sim.sleep(Duration::from_millis(sim.below(2500) as u64)).await;
        let mut ours = held.inventory(namespace);
        ours.retain(|(object, versions)| {
            *object != own && !versions.is_empty() && !foreign.lock().gone.contains(object)
        });
        if !ours.is_empty() {
            put(ours[sim.below(ours.len())].0);
        }
    }
}

fn id(sim: &Sim) -> Uuid {
    uuid::Builder::from_random_bytes(sim.random().to_be_bytes()).into_uuid()
}
