//! Many callers, objects and namespaces.

use super::{
    BackendSubject,
    fixture::{Fixture, labels, object, open, put, uid, unless_refused},
};
use crate::{Broken, together};
use strongroom_core::{Result, Retry};

cases! {
    macro __backend_sharing in backend, sharing; subject BackendSubject;

    /// A version that was put is readable at once by its name, through any opening.
    async fn a_version_is_readable_at_once_through_any_opening(s) {
        let fx = Fixture::open(s).await?;
        let other = Fixture { backend: open(s, fx.namespace).await?, namespace: fx.namespace };
        for text in ["one", "two", "three"] {
            let (object, at) = fx.create(text).await?;
            ensure!(other.text(object, &at).await? == text, "the other opening answers something else");
        }
        Ok(())
    }

    /// Concurrent puts to different objects are all readable.
    async fn concurrent_puts_to_different_objects_are_kept(s) {
        let fx = Fixture::open(s).await?;
        let answers = together((0..16).map(|n| {
            let backend = fx.backend.clone();
            async move {
                let object = object();
                (object, n, put(&*backend, object, uid(), None, &format!("text {n}")).await)
            }
        }))
        .await?;
        for (object, n, at) in answers {
            ensure!(fx.text(object, &at?).await? == format!("text {n}"), "text {n} has changed");
        }
        Ok(())
    }

    /// Of concurrent puts to one object, each that is acknowledged is a version of its own and readable.
    async fn concurrent_puts_to_one_object_are_kept(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let answers = together((0..4).map(|n| {
            let (backend, one) = (fx.backend.clone(), one.clone());
            async move { put(&*backend, object, uid(), Some(&one), &format!("text {n}")).await }
        }))
        .await?;
        let (mut names, mut refused) = (vec![one], None);
        for (n, answer) in answers.into_iter().enumerate() {
            // A service with compare-and-set refuses the ones that come second.
            refused = refused.or_else(|| answer.as_ref().err().cloned());
            let Some(at) = unless_refused(answer)? else { continue };
            ensure!(fx.text(object, &at).await? == format!("text {n}"), "text {n} has changed");
            ensure!(!names.contains(&at), "two versions are called {at}");
            names.push(at);
        }
        ensure!(names.len() > 1, "none was acknowledged, but {refused:?}");
        Ok(())
    }

    /// Several processes may use one namespace: of concurrent calls to one object through several openings, each put
    /// that is acknowledged is readable and in a scan, and a removal and a relabel beside them are answered.
    async fn openings_may_change_one_object_together(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        // What one opening read is removed through another.
        fx.is_kept("a version", object, &one, "one").await?;
        let mut openings = Vec::new();
        for _ in 0..4 {
            openings.push(open(s, fx.namespace).await?);
        }
        let puts = together(openings.iter().cloned().enumerate().map(|(n, backend)| {
            let two = two.clone();
            async move { put(&*backend, object, uid(), Some(&two), &format!("text {n}")).await }
        }));
        let (removing, relabelling) = (open(s, fx.namespace).await?, open(s, fx.namespace).await?);
        let of_it = labels(object, "bmV3");
        let (answers, removed, relabelled) =
            futures::join!(puts, removing.remove(object, &one), relabelling.relabel(object, &of_it));
        // A service that sees that others change the object may ask for another try.
        let again = |answer: &Result<()>| answer.as_ref().is_err_and(|error| error.retry() != Retry::Never);
        if again(&removed) { fx.backend.remove(object, &one).await } else { removed }?;
        if again(&relabelled) { fx.backend.relabel(object, &of_it).await } else { relabelled }?;
        fx.is_gone("a removed version", object, &one).await?;
        ensure!(fx.text(object, &two).await? == "two", "a version from before has changed");
        let shown = fx.versions(object).await?;
        let (mut acknowledged, mut refused) = (0, None);
        for (n, answer) in answers?.into_iter().enumerate() {
            refused = refused.or_else(|| answer.as_ref().err().cloned());
            let Some(at) = unless_refused(answer)? else { continue };
            acknowledged += 1;
            let read = fx.text(object, &at).await.map_err(|error| {
                Broken(format!("what one opening put is not there, others put meanwhile: {error:?}"))
            })?;
            ensure!(read == format!("text {n}"), "text {n} has changed");
            ensure!(shown.contains(&at), "a scan does not show what one opening put");
        }
        ensure!(acknowledged > 0, "no put was acknowledged, but {refused:?}");
        Ok(())
    }

    /// Concurrent repeats of one put never change what is stored.
    async fn concurrent_repeats_change_nothing(s) {
        let fx = Fixture::open(s).await?;
        let (object, uid) = (object(), uid());
        let answers = together((0..4).map(|_| {
            let backend = fx.backend.clone();
            async move { put(&*backend, object, uid, None, "text").await }
        }))
        .await?;
        let refused = answers.iter().find_map(|answer| answer.as_ref().err().cloned());
        let mut acknowledged = Vec::new();
        for answer in answers {
            acknowledged.extend(unless_refused(answer)?);
        }
        ensure!(!acknowledged.is_empty(), "none was acknowledged, but {refused:?}");
        for at in &acknowledged {
            ensure!(fx.text(object, at).await? == "text", "version {at} is something else");
        }
        Ok(())
    }

    /// The versions of one object are not those of another, nor removed or deleted with it.
    async fn objects_are_apart(s) {
        let fx = Fixture::open(s).await?;
        let ((a, at_a), (b, at_b)) = (fx.create("a").await?, fx.create("b").await?);
        ensure!(fx.text(a, &at_a).await? == "a" && fx.text(b, &at_b).await? == "b", "they are mixed up");
        let two = fx.put(a, Some(&at_a), "two").await?;
        fx.backend.remove(b, &two).await?;
        fx.is_kept("what was removed from another object", a, &two, "two").await?;
        fx.is_kept("what was not removed", b, &at_b, "b").await?;
        fx.backend.delete(a).await?;
        ensure!(fx.text(b, &at_b).await? == "b", "the other one is gone, too");
        Ok(())
    }

    /// Every call sees its own namespace alone, also for an object with the same id.
    async fn namespaces_are_apart(s) {
        let (a, b) = (Fixture::open(s).await?, Fixture::open(s).await?);
        let object = object();
        let at = a.put(object, None, "a").await?;
        let two = a.put(object, Some(&at), "two").await?;
        b.is_gone("a version of another namespace", object, &at).await?;
        ensure!(b.scan(None).await?.is_empty() && b.scan(Some(object)).await?.is_empty(), "a scan shows it");
        b.backend.remove(object, &at).await?;
        a.is_kept("what was removed from another namespace", object, &at, "a").await?;
        let at_b = b.put(object, None, "b").await?;
        ensure!(
            a.text(object, &at).await? == "a" && b.text(object, &at_b).await? == "b",
            "they are mixed up"
        );
        // Services that number the versions of an object have no second one there.
        b.backend.remove(object, &two).await?;
        a.is_kept("what was removed from another namespace", object, &two, "two").await?;
        b.is_kept("what was not removed", object, &at_b, "b").await?;
        b.backend.relabel(object, &labels(object, "bmV3")).await?;
        a.is_labelled("another namespace", object, &labels(object, "bmFtZQ")).await?;
        b.backend.remove(object, &at_b).await?;
        b.backend.delete(object).await?;
        a.is_kept("what was deleted in another namespace", object, &at, "a").await?;
        let shown = a.versions(object).await?;
        ensure!(
            shown.len() == 2 && shown.contains(&at) && shown.contains(&two),
            "a scan shows {shown:?}, and {at} and {two} were put"
        );
        Ok(())
    }

    /// Calls are independent of each other: many at once through one opening.
    async fn many_reads_at_once_are_answered(s) {
        let fx = Fixture::open(s).await?;
        let (object, at) = fx.create("text").await?;
        let answers = together((0..32).map(|_| {
            let (backend, at) = (fx.backend.clone(), at.clone());
            async move { backend.get(object, &at).await }
        }))
        .await?;
        for (n, answer) in answers.into_iter().enumerate() {
            let read = answer.map_err(|error| Broken(format!("read {n} of 32 at once failed: {error:?}")))?;
            ensure!(read.expose() == b"text", "read {n} of 32 at once answered something else");
        }
        Ok(())
    }
}
