//! What is committed stays, whatever comes to nothing in between.

use super::{
    super::{CloudSubject, text, uncached},
    broken::Broken,
};
use crate::wire::Fault;
use std::time::Duration;
use strongroom_core::{GetOptions, Revision, SecretId};
use strongroom_engine::Engine;

/// How late the put of whoever loses a race arrives.
const LATE: Duration = Duration::from_millis(60);

/// How long a put may take to reach the wire.
const STARTS: Duration = Duration::from_secs(30);

/// Writes so many versions of one secret: of three, one is put late by a writer that another one takes the lock from
/// meanwhile, one is put and its answer lost, and one is written as it should be. What was committed last can be read, as
/// much as the history has, and in the end nothing else is there.
///
/// # Panics
/// If not.
pub async fn no_committed_version_falls_out(subject: &dyn CloudSubject, history: u32, rounds: usize) {
    let broken = Broken::furnished(subject).await;
    let mut options = uncached();
    (options.history, options.call_attempts) = (history, 1);
    let lease = options.lease;
    let loser = broken.site.engine(broken.backend.clone(), options.clone()).await;
    let winner = broken.site.engine(broken.backend.clone(), options).await;
    let secrets = broken.site.secrets(&winner);
    let id = secrets.get("db").await.expect("a read failed").meta.id;
    let (mut told, mut lost_races) = (Vec::new(), 0);
    let put = |fault| broken.wire.order(broken.order(broken.table.put, fault));
    for n in 0..rounds {
        let value = format!("{n}");
        let losing = broken.site.secrets(&loser);
        match n % 3 {
            0 => {
                let before = broken.wire.broken();
                put(Fault::Late(LATE));
                let lost = value.clone();
                let racing = tokio::spawn(async move { losing.set("db", "a", lost).await });
                let on_the_wire = async {
                    while broken.wire.broken() == before {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                };
                tokio::time::timeout(STARTS, on_the_wire).await.expect("nothing is put");
                broken.site.clock.skip(lease * 2);
                winner.sweep().await.expect("the sweep failed");
                let won = secrets.set("db", "a", value.clone()).await.ok().map(|written| written.revision);
                let raced = racing.await.expect("an update panicked").ok().map(|written| written.revision);
                // Whoever put first fails, or begins once more.
                lost_races += usize::from(won.is_some_and(|won| raced.is_none_or(|raced| raced > won)));
                told.extend(won.into_iter().chain(raced).map(|revision| (revision, value.clone())));
            }
            1 => {
                put(Fault::LoseAnswer);
                // What it left cannot be cleaned up at once.
                broken.wire.order(broken.order(broken.table.any, Fault::status(503).into()).times(3));
                losing.set("db", "a", value).await.unwrap_err();
            }
            _ => {
                if let Ok(written) = losing.set("db", "a", value.clone()).await {
                    told.push((written.revision, value));
                }
            }
        }
        broken.wire.heal();
        if n % 6 == 5 {
            // The sweeper comes by.
            broken.site.clock.skip(Duration::from_secs(70));
            winner.sweep().await.expect("the sweep failed");
        }
    }
    assert!(told.len() > rounds / 3, "{} of {rounds} were written", told.len());
    assert!(lost_races > 0, "nobody lost a race");
    told.sort_by_key(|(revision, _)| *revision);
    // Two were there before.
    let kept = (told.len() + 2).min(history as usize);
    assert_kept(&winner, &broken, id, &told, kept).await;
    broken.site.settle(&winner).await;
    broken.site.assert_accounted(&*broken.whole).await;
    assert_kept(&winner, &broken, id, &told, kept).await;
}

/// Of what was committed, oldest first, so many can be read.
async fn assert_kept(
    engine: &Engine,
    broken: &Broken,
    id: SecretId,
    told: &[(Revision, String)],
    kept: usize,
) {
    let secrets = broken.site.secrets(engine);
    let versions = secrets.versions("db").await.expect("the history could not be read");
    assert_eq!(versions.len(), kept, "versions that are kept");
    for (version, (revision, value)) in versions.iter().zip(told.iter().rev()) {
        assert_eq!(version.revision, *revision);
        let read = secrets.get_ref(&id.into(), &GetOptions::new().as_of(*revision)).await;
        assert_eq!(text(&read.expect("a version could not be read"), "a"), *value);
    }
}
