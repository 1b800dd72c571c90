//! What operators do to a deployment while clients use it.

use super::scheduler::Sim;
use std::time::Duration;
use strongroom_engine::{Engine, Env, StoreName, crypto::KeyKind};

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// One thing, some time.
    Once,
    /// Moves values to the store and back, again and again.
    Moving,
    /// Rotates keys, again and again.
    Rotating,
}

/// An operator at one replica. Errors are the operator's to see; what the work leaves is what is checked.
///
/// `moves`: values may go to the store and back.
pub(super) async fn operate(
    sim: Sim,
    engine: Engine,
    store: StoreName,
    work: Work,
    external: bool,
    moves: bool,
) {
    let (times, pause) = if work == Work::Once { (1, 6000) } else { (6, 1200) };
    for _ in 0..times {
        sim.sleep(Duration::from_millis(sim.below(pause) as u64)).await;
        let _seen = match (work, sim.below(4)) {
            (Work::Rotating, _) | (Work::Once, 0) => engine.rotate(KeyKind::Seal, false).await.map(drop),
            (Work::Moving, 0 | 1) if moves => engine.move_all(None).await.map(drop),
            (Work::Once, 1) if external => engine.move_all(None).await.map(drop),
            (Work::Moving | Work::Once, 2 | 3) if moves => engine.move_all(Some(&store)).await.map(drop),
            _ => engine.rotate(KeyKind::Digest, false).await.map(drop),
        };
    }
}
