//! Calls that are dropped half way.

use super::{
    BackendSubject,
    fixture::{Fixture, labels, object, put, uid},
};
use crate::{Outcome, eventually};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use strongroom_core::{ObjectId, Result, Retry, VersionRef};
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

/// The texts of the version that dropped calls are about, and of one that they are not.
const TEXT: &str = "text";
const OTHER: &str = "other";

/// Begins a call and drops it at this moment, unless it ended before.
async fn drop_half_way(call: impl Future, (waits, unread): Moment) {
    let mut call = pin!(call);
    let mut waited = 0;
    // Polled only when it is woken, so that each wait is another point of its way.
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
        let asked = match answer.as_ref().map_err(|error| error.retry()) {
            Ok(_) | Err(Retry::Never) => break,
            Err(Retry::After(asked)) => asked,
            Err(_) => Duration::ZERO,
        };
        time::sleep(pause.max(asked)).await;
        answer = call().await;
    }
    answer
}

/// Requires that another object is read and shown as it is after this call was dropped.
async fn is_answered(fx: &Fixture, dropped: &str, other: ObjectId, at: &VersionRef) -> Outcome {
    fx.is_kept(&format!("after a dropped `{dropped}`, another object's version"), other, at, OTHER).await?;
    let shown = fx.versions(other).await?;
    ensure!(
        shown == std::slice::from_ref(at),
        "after a dropped `{dropped}`, a scan of another object shows {shown:?} in place of {at}"
    );
    Ok(())
}

cases! {
    macro __backend_dropping in backend, dropping; subject BackendSubject;

    /// A put that was dropped half way can be repeated, and the object can be deleted afterwards.
    async fn a_dropped_put_can_be_repeated(s) {
        let fx = Fixture::open(s).await?;
        for moment in MOMENTS {
            let (object, uid) = (object(), uid());
            drop_half_way(put(&*fx.backend, object, uid, None, TEXT), moment).await;
            let found = fx.scan(Some(object)).await?;
            ensure!(
                found.iter().all(|f| f.uid.is_none_or(|told| told == uid)),
                "a scan tells of another attempt"
            );
            let at = repeat(|| put(&*fx.backend, object, uid, None, TEXT)).await?;
            ensure!(fx.text(object, &at).await? == TEXT, "the repeat wrote something else");
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

    /// A read, a scan or a check that was dropped half way holds nobody up, and its answer is nobody else's.
    async fn a_dropped_read_holds_nobody_up(s) {
        let fx = Fixture::open(s).await?;
        let ((object, one), (other, at)) = (fx.create(TEXT).await?, fx.create(OTHER).await?);
        let (these, reversed) =
            ([(object, one.clone()), (other, at.clone())], [(other, at.clone()), (object, one.clone())]);
        for moment in MOMENTS {
            drop_half_way(fx.backend.get(object, &one), moment).await;
            is_answered(&fx, "get", other, &at).await?;
            if fx.backend.info().limits.bulk_read > 1 {
                drop_half_way(fx.backend.get_many(&these), moment).await;
                let answers = fx.backend.get_many(&reversed).await;
                ensure!(
                    answers.len() == reversed.len(),
                    "after a dropped `get_many`, there are {} answers for {} versions",
                    answers.len(),
                    reversed.len()
                );
                for (answer, text) in answers.into_iter().zip([OTHER, TEXT]) {
                    ensure!(
                        answer?.expose() == text.as_bytes(),
                        "after a dropped `get_many`, an answer is in the place of another"
                    );
                }
                is_answered(&fx, "get_many", other, &at).await?;
            }
            for only in [Some(object), None] {
                drop_half_way(fx.backend.scan(only, None), moment).await;
                is_answered(&fx, "scan", other, &at).await?;
            }
            drop_half_way(fx.backend.check(), moment).await;
            is_answered(&fx, "check", other, &at).await?;
        }
        fx.backend.check().await?;
        eventually(|| async {
            let found = fx.scan(None).await?;
            ensure!(found.len() == 2, "after dropped calls, {} of 2 versions are found", found.len());
            Ok(())
        })
        .await
    }

    /// A relabel that was dropped half way can be repeated: then the labels are the new ones. The versions stay as they
    /// are.
    async fn a_dropped_relabel_can_be_repeated(s) {
        let fx = Fixture::open(s).await?;
        let (other, at) = fx.create(OTHER).await?;
        for moment in MOMENTS {
            let (object, one) = fx.create(TEXT).await?;
            let new = labels(object, "bmV3");
            drop_half_way(fx.backend.relabel(object, &new), moment).await;
            is_answered(&fx, "relabel", other, &at).await?;
            fx.is_kept("a version whose object was relabelled half way", object, &one, TEXT).await?;
            repeat(|| fx.backend.relabel(object, &new)).await?;
            fx.is_kept("a version whose object was relabelled", object, &one, TEXT).await?;
            eventually(|| async {
                let shown = fx.labels_shown(object).await?;
                ensure!(shown.iter().all(|shown| *shown == new), "after a repeated `relabel`, it shows old labels");
                Ok(())
            })
            .await?;
        }
        fx.is_labelled("another object", other, &labels(other, "bmFtZQ")).await
    }

    /// A removal of a version or an object that was dropped half way can be repeated: then it is gone. The others stay.
    async fn a_dropped_removal_can_be_repeated(s) {
        let fx = Fixture::open(s).await?;
        let (other, at) = fx.create(OTHER).await?;
        for moment in MOMENTS {
            let (object, one) = fx.create(TEXT).await?;
            let two = fx.put(object, Some(&one), "two").await?;
            drop_half_way(fx.backend.remove(object, &two), moment).await;
            is_answered(&fx, "remove", other, &at).await?;
            fx.is_kept("the version before one that was removed half way", object, &one, TEXT).await?;
            repeat(|| fx.backend.remove(object, &two)).await?;
            fx.is_gone("a removed version", object, &two).await?;
            fx.is_kept("the version before one that was removed", object, &one, TEXT).await?;
            drop_half_way(fx.backend.delete(object), moment).await;
            is_answered(&fx, "delete", other, &at).await?;
            repeat(|| fx.backend.delete(object)).await?;
            fx.is_gone("a version of a deleted object", object, &one).await?;
            eventually(|| async {
                ensure!(fx.scan(Some(object)).await?.is_empty(), "a scan shows something of a deleted object");
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}
