//! Calls that are dropped half way.

use super::{
    BackendSubject,
    fixture::{Fixture, object, put, uid},
};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use strongroom_core::{Result, Retry};
use tokio::time;

/// When a call is dropped: how often it has waited by then, and how long what came for it lay there unread.
type Moment = (usize, Duration);

/// Before its request is answered, between its requests, and once an answer is there that nobody took.
const MOMENTS: [Moment; 8] = [
    (1, Duration::ZERO),
    (2, Duration::ZERO),
    (3, Duration::ZERO),
    (4, Duration::ZERO),
    (6, Duration::ZERO),
    (8, Duration::ZERO),
    (1, UNREAD),
    (3, UNREAD),
];

/// Longer than a service nearby takes to answer.
const UNREAD: Duration = Duration::from_millis(20);

/// How long a call that was dropped is waited for.
const LATE: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(300), Duration::from_secs(2)];

/// Begins a call and drops it at this moment, unless it ended before.
async fn drop_half_way(call: impl Future, (waits, unread): Moment) {
    let mut call = pin!(call);
    let mut waited = 0;
    // Polled when it is woken alone, so that each wait is another point of its way.
    let ended = poll_fn(|cx| {
        if call.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        waited += 1;
        if waited == waits { Poll::Ready(false) } else { Poll::Pending }
    })
    .await;
    if !ended && !unread.is_zero() {
        time::sleep(unread).await;
    }
}

/// Repeats a call that was dropped. That one may still be under way: then this one may have to be tried again.
async fn repeat<T, F>(mut call: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut answer = call().await;
    for pause in LATE {
        if answer.as_ref().is_err_and(|error| error.retry() != Retry::Never) {
            time::sleep(pause).await;
            answer = call().await;
        }
    }
    answer
}

cases! {
    macro __backend_dropping in backend, dropping; subject BackendSubject;

    /// A put that was dropped half way can be repeated, and the object can be deleted afterwards.
    async fn a_dropped_put_can_be_repeated(s) {
        let fx = Fixture::open(s).await?;
        for moment in MOMENTS {
            let (object, uid) = (object(), uid());
            drop_half_way(put(&*fx.backend, object, uid, None, "text"), moment).await;
            let found = fx.scan(Some(object)).await?;
            ensure!(
                found.iter().all(|f| f.uid.is_none_or(|told| told == uid)),
                "a scan tells of another attempt"
            );
            let at = repeat(|| put(&*fx.backend, object, uid, None, "text")).await?;
            ensure!(fx.text(object, &at).await? == "text", "the repeat wrote something else");
            // What comes after the deletion is deleted once more.
            let mut outcome = Ok(());
            for pause in LATE {
                repeat(|| fx.backend.delete(object)).await?;
                outcome = fx.is_gone("a version of a deleted object", object, &at).await;
                if outcome.is_ok() {
                    break;
                }
                time::sleep(pause).await;
            }
            outcome?;
        }
        Ok(())
    }
}
