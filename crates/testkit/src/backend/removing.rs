//! Removing and relabelling.

use super::{
    BackendSubject,
    fixture::{Fixture, labels, object, unless_refused},
};
use crate::eventually;
use strongroom_core::{ErrorKind, VersionRef};

cases! {
    macro __backend_removing in backend, removing; subject BackendSubject;

    /// A version that is removed can no longer be read, and scans no longer show it; the others stay.
    async fn a_removed_version_is_gone_and_the_others_stay(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        let three = fx.put(object, Some(&two), "three").await?;
        // What was read before must not be answered once more.
        fx.is_kept("a version", object, &two, "two").await?;
        fx.backend.remove(object, &two).await?;
        fx.is_gone("a removed version", object, &two).await?;
        ensure!(
            fx.text(object, &one).await? == "one" && fx.text(object, &three).await? == "three",
            "another changed"
        );
        eventually(|| async {
            let shown = fx.versions(object).await?;
            ensure!(
                shown.len() == 2 && shown.contains(&one) && shown.contains(&three),
                "a scan shows {shown:?}"
            );
            Ok(())
        })
        .await
    }

    /// The newest version can be removed, too.
    async fn the_newest_version_can_be_removed(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        fx.is_kept("a version", object, &two, "two").await?;
        fx.backend.remove(object, &two).await?;
        fx.is_gone("a removed version", object, &two).await?;
        ensure!(fx.text(object, &one).await? == "one", "the other one changed");
        eventually(|| async {
            ensure!(
                fx.versions(object).await? == std::slice::from_ref(&one),
                "a scan shows the removed version"
            );
            let found = fx.scan(Some(object)).await?;
            ensure!(found.iter().filter(|found| found.newest).count() <= 1, "several are the newest");
            Ok(())
        })
        .await
    }

    /// The only version can be removed. What is left of its object, if something is, is shown as an object without
    /// versions and can be deleted.
    async fn the_only_version_can_be_removed(s) {
        let fx = Fixture::open(s).await?;
        let (object, only) = fx.create("only").await?;
        fx.is_kept("a version", object, &only, "only").await?;
        fx.backend.remove(object, &only).await?;
        fx.is_gone("a removed version", object, &only).await?;
        eventually(|| async {
            for found in [fx.scan(Some(object)).await?, fx.scan(None).await?] {
                ensure!(found.len() <= 1, "an object without versions is shown {} times", found.len());
                ensure!(found.iter().all(|f| f.object == object), "another object is shown");
                ensure!(found.iter().all(|f| f.at.is_none()), "a scan shows the removed version");
                ensure!(
                    found.iter().all(|f| f.uid.is_none() && !f.newest),
                    "an object without versions is shown as a version"
                );
            }
            Ok(())
        })
        .await?;
        fx.backend.delete(object).await?;
        eventually(|| async {
            ensure!(fx.scan(Some(object)).await?.is_empty(), "a scan shows something of a deleted object");
            Ok(())
        })
        .await
    }

    /// After the newest was removed, another version can be put.
    async fn a_put_after_a_removal_is_kept(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        fx.backend.remove(object, &two).await?;
        let three = fx.put(object, Some(&two), "three").await?;
        ensure!(three != two && three != one, "a name was used again");
        ensure!(fx.text(object, &three).await? == "three", "the new version is something else");
        fx.is_gone("a removed version", object, &two).await
    }

    /// Removing what is gone succeeds: the version, the object, and what never was.
    async fn removing_what_is_gone_succeeds(s) {
        let fx = Fixture::open(s).await?;
        let (object_, one) = fx.create("one").await?;
        let two = fx.put(object_, Some(&one), "two").await?;
        fx.backend.remove(object_, &one).await?;
        fx.backend.remove(object_, &one).await?;
        ensure!(fx.text(object_, &two).await? == "two", "the other one changed");
        fx.backend.delete(object_).await?;
        fx.backend.remove(object_, &two).await?;
        fx.backend.remove(object(), &two).await?;
        Ok(())
    }

    /// An object that is deleted is gone with all its versions, and scans show nothing of it.
    async fn a_deleted_object_is_gone_with_its_versions(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        let (other, at) = fx.create("other").await?;
        fx.is_kept("a version", object, &one, "one").await?;
        fx.is_kept("a version", object, &two, "two").await?;
        fx.backend.delete(object).await?;
        fx.is_gone("a version of a deleted object", object, &one).await?;
        fx.is_gone("a version of a deleted object", object, &two).await?;
        eventually(|| async {
            ensure!(fx.scan(Some(object)).await?.is_empty(), "a scan of the object shows it");
            ensure!(
                fx.scan(None).await?.iter().all(|found| found.object != object),
                "a scan of all shows it"
            );
            Ok(())
        })
        .await?;
        ensure!(fx.text(other, &at).await? == "other", "another object changed");
        Ok(())
    }

    /// Deleting what is gone succeeds, and what never was.
    async fn deleting_what_is_gone_succeeds(s) {
        let fx = Fixture::open(s).await?;
        let (object_, _) = fx.create("one").await?;
        fx.backend.delete(object_).await?;
        fx.backend.delete(object_).await?;
        fx.backend.delete(object()).await?;
        Ok(())
    }

    /// An object of which some versions were removed can be deleted.
    async fn what_is_left_of_an_object_can_be_deleted(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        fx.backend.remove(object, &two).await?;
        fx.backend.delete(object).await?;
        fx.is_gone("a version of a deleted object", object, &one).await?;
        eventually(|| async {
            ensure!(fx.scan(Some(object)).await?.is_empty(), "a scan shows something of it");
            Ok(())
        })
        .await
    }

    /// A put that arrives after its object was deleted is refused, or found by a scan and deleted like any
    /// other.
    async fn a_late_put_can_be_deleted(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        fx.backend.delete(object).await?;
        let late: Vec<VersionRef> = unless_refused(fx.put(object, Some(&one), "late").await)?.into_iter().collect();
        eventually(|| async {
            let shown = fx.versions(object).await?;
            ensure!(shown == late, "{} versions are there, a scan shows {}", late.len(), shown.len());
            Ok(())
        })
        .await?;
        fx.backend.delete(object).await?;
        for at in &late {
            fx.is_gone("a version of a deleted object", object, at).await?;
        }
        eventually(|| async {
            ensure!(fx.scan(Some(object)).await?.is_empty(), "it is still there");
            Ok(())
        })
        .await
    }

    /// Labels are brought up to date and the versions stay as they are; scans that show labels show the new
    /// ones, and of other objects what they showed before.
    async fn relabelling_leaves_the_versions_as_they_are(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        let (other, at) = fx.create("other").await?;
        let new = labels(object, &"bmV3LW5hbWU".repeat(60));
        fx.backend.relabel(object, &new).await?;
        ensure!(
            fx.text(object, &one).await? == "one" && fx.text(object, &two).await? == "two",
            "a version changed"
        );
        eventually(|| async {
            let found = fx.scan(Some(object)).await?;
            ensure!(found.len() == 2, "a scan shows {} versions", found.len());
            ensure!(fx.labels_shown(object).await?.iter().all(|shown| *shown == new), "it shows old labels");
            Ok(())
        })
        .await?;
        fx.newest_is(object, &[&two]).await?;
        ensure!(fx.text(other, &at).await? == "other", "a version of another object changed");
        fx.is_labelled("another object", other, &labels(other, "bmFtZQ")).await?;
        // Shorter ones leave nothing behind of longer ones.
        fx.backend.relabel(object, &labels(object, "")).await?;
        eventually(|| async {
            let short = labels(object, "");
            let shown = fx.labels_shown(object).await?;
            ensure!(shown.iter().all(|shown| *shown == short), "it shows what was there before");
            Ok(())
        })
        .await
    }

    /// Relabelling what is gone succeeds, or finds nothing, and brings nothing back.
    async fn relabelling_what_is_gone_succeeds(s) {
        let fx = Fixture::open(s).await?;
        let (deleted, _) = fx.create("one").await?;
        fx.backend.delete(deleted).await?;
        for gone in [deleted, object()] {
            match fx.backend.relabel(gone, &labels(gone, "bmV3")).await {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => done?,
            }
            eventually(|| async {
                ensure!(fx.scan(Some(gone)).await?.is_empty(), "it is there again");
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}
