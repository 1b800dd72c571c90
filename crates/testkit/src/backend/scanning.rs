//! Scanning.

use super::{
    BackendSubject,
    fixture::{Fixture, labels, object, payload, put, uid},
};
use crate::{eventually, refused};
use std::collections::BTreeSet;
use strongroom_core::{ErrorKind, NewVersion};

cases! {
    macro __backend_scanning in backend, scanning; subject BackendSubject;

    /// A namespace without anything is scanned as empty, and so is an object that is not there.
    async fn an_empty_namespace_has_nothing(s) {
        let fx = Fixture::open(s).await?;
        ensure!(fx.scan(None).await?.is_empty(), "there is something in a fresh namespace");
        ensure!(fx.scan(Some(object())).await?.is_empty(), "an object is there that never was");
        Ok(())
    }

    /// A version that was acknowledged before the scan began is in it, where one object is asked for.
    async fn an_acknowledged_version_is_in_a_scan_of_its_object(s) {
        let fx = Fixture::open(s).await?;
        let (object, mut last) = fx.create("text").await?;
        let mut put = vec![last.clone()];
        let kept = fx.backend.info().limits.history.map_or(6, |versions| versions.min(6));
        for n in 1..kept {
            last = fx.put(object, Some(&last), &format!("text {n}")).await?;
            put.push(last.clone());
            let shown: BTreeSet<_> = fx.versions(object).await?.into_iter().collect();
            ensure!(
                put.iter().all(|at| shown.contains(at)),
                "a version just acknowledged is missing: {put:?} were put, a scan shows {shown:?}"
            );
        }
        Ok(())
    }

    /// Page after page, every version of the namespace is found, each once.
    async fn every_version_is_found_page_after_page(s) {
        let fx = Fixture::open(s).await?;
        let kept = fx.backend.info().limits.history.unwrap_or(u32::MAX);
        let mut put = BTreeSet::new();
        for n in 0..s.more_than_a_page().div_ceil(2).max(12) {
            // 1, then 1, 3 and 2 by turns: of no size do all pages end between two objects.
            let versions: u32 = if n == 0 { 1 } else { [2, 1, 3][n % 3] };
            let (object, mut last) = fx.create(&format!("text {n}")).await?;
            put.insert((object, Some(last.clone())));
            for _ in 1..versions.min(kept) {
                last = fx.put(object, Some(&last), "more").await?;
                put.insert((object, Some(last.clone())));
            }
        }
        eventually(|| async {
            let found = fx.scan(None).await?;
            let shown: BTreeSet<_> = found.iter().map(|found| (found.object, found.at.clone())).collect();
            ensure!(shown == put, "{} versions were put, {} are found", put.len(), shown.len());
            ensure!(found.len() == shown.len(), "some are found more than once");
            Ok(())
        })
        .await
    }

    /// What is put and deleted while a scan goes on keeps nothing else from being found.
    async fn a_scan_finds_what_is_there_throughout(s) {
        let fx = Fixture::open(s).await?;
        let mut stays = BTreeSet::new();
        let mut goes = Vec::new();
        for n in 0..s.more_than_a_page() {
            let (object, at) = fx.create(&format!("text {n}")).await?;
            if n % 3 == 0 {
                goes.push(object)
            } else {
                let _new = stays.insert((object, Some(at)));
            }
        }
        eventually(|| async {
            let shown: BTreeSet<_> =
                fx.scan(None).await?.into_iter().map(|found| (found.object, found.at)).collect();
            let found = stays.intersection(&shown).count();
            ensure!(found == stays.len(), "{} versions were put, {found} of them are found", stays.len());
            Ok(())
        })
        .await?;
        let (mut shown, mut from) = (BTreeSet::new(), None::<String>);
        loop {
            let page = fx.backend.scan(None, from.as_deref()).await?;
            shown.extend(page.found.into_iter().map(|found| (found.object, found.at)));
            if let Some(object) = goes.pop() {
                fx.backend.delete(object).await?;
            }
            fx.create("new").await?;
            // New ones may be found as well, and there is one more for each page.
            ensure!(shown.len() < 1000, "the scan does not end");
            match page.next {
                Some(next) if !shown.is_superset(&stays) => from = Some(next),
                _ => break,
            }
        }
        let missing = stays.difference(&shown).count();
        ensure!(missing == 0, "{missing} of {} were there throughout and not found", stays.len());
        Ok(())
    }

    /// A scan tells the attempt that wrote a version, where it can tell: the right one.
    async fn a_scan_tells_the_right_attempt(s) {
        let fx = Fixture::open(s).await?;
        let (object, first, second) = (object(), uid(), uid());
        let one = put(&*fx.backend, object, first, None, "one").await?;
        let two = put(&*fx.backend, object, second, Some(&one), "two").await?;
        for found in fx.scan(Some(object)).await? {
            let wrote = if found.at.as_ref() == Some(&one) { first } else { second };
            ensure!(found.at.as_ref() == Some(&one) || found.at.as_ref() == Some(&two), "an unknown version");
            ensure!(found.uid.is_none_or(|told| told == wrote), "it tells of another attempt");
        }
        Ok(())
    }

    /// Everything that a put left, repeats included, is found as this attempt's or has its bytes.
    async fn twins_are_found(s) {
        let fx = Fixture::open(s).await?;
        let (object, uid) = (object(), uid());
        let mut acknowledged = BTreeSet::new();
        for _ in 0..3 {
            acknowledged.insert(put(&*fx.backend, object, uid, None, "text").await?);
        }
        let found = fx.scan(Some(object)).await?;
        let shown: BTreeSet<_> = found.iter().filter_map(|found| found.at.clone()).collect();
        ensure!(
            shown.is_superset(&acknowledged),
            "a version that was acknowledged is missing: {acknowledged:?} were, a scan shows {shown:?}"
        );
        for found in found {
            ensure!(found.uid.is_none_or(|told| told == uid), "it tells of another attempt");
            let Some(at) = found.at else { continue };
            ensure!(fx.text(object, &at).await? == "text", "version {at} has other bytes");
        }
        Ok(())
    }

    /// The version that was put last is marked as the newest, and no other of its object.
    async fn the_newest_is_marked(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let mut last = one;
        for text in ["two", "three"] {
            last = fx.put(object, Some(&last), text).await?;
            fx.newest_is(object, &[&last]).await?;
        }
        Ok(())
    }

    /// Versions that are put without `newest` before one with it, as when a history moves, leave the mark to
    /// that one.
    async fn versions_of_the_past_are_not_marked(s) {
        let fx = Fixture::open(s).await?;
        let (object, labels) = (object(), labels(object(), "bmFtZQ"));
        let (old, older, current) = (payload("old"), payload("older"), payload("current"));
        let one = fx.backend.put(&NewVersion::new(object, uid(), &older, &labels).newest(false)).await?;
        let two =
            fx.backend.put(&NewVersion::new(object, uid(), &old, &labels).after(&one).newest(false)).await?;
        let three = fx.backend.put(&NewVersion::new(object, uid(), &current, &labels).after(&two)).await?;
        for (at, text) in [(&one, "older"), (&two, "old"), (&three, "current")] {
            ensure!(fx.text(object, at).await? == text, "version {text} has changed");
        }
        eventually(|| async {
            let found = fx.scan(Some(object)).await?;
            ensure!(found.len() == 3, "{} of 3 versions are found", found.len());
            Ok(())
        })
        .await?;
        fx.newest_is(object, &[&three]).await
    }

    /// A version that is put without `newest` behind one with it leaves the mark there, or has it itself where
    /// a service sees whatever was put last as the newest: one is marked. The next with `newest` has the mark.
    async fn a_late_version_of_the_past_leaves_one_mark(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let (past, of_it) = (payload("past"), labels(object, "bmFtZQ"));
        let version = NewVersion::new(object, uid(), &past, &of_it).after(&one).newest(false);
        let two = fx.backend.put(&version).await?;
        fx.newest_is(object, &[&one, &two]).await?;
        let three = fx.put(object, Some(&two), "three").await?;
        fx.newest_is(object, &[&three]).await
    }

    /// One damaged object fails a scan of that object, with `Corrupt`. A scan of all names it as damaged, shows the others,
    /// and never calls it empty.
    async fn a_damaged_object_hides_no_other(s) {
        let fx = Fixture::open(s).await?;
        let ((damaged, _), (other, at)) = (fx.create("one").await?, fx.create("two").await?);
        eventually(|| async {
            let found = fx.scan(None).await?;
            ensure!(found.len() == 2, "of 2 versions, {} are found", found.len());
            Ok(())
        })
        .await?;
        if !s.damage(fx.namespace, damaged).await {
            // Nobody can, or nobody wrote down how.
            return Ok(());
        }
        refused(fx.backend.scan(Some(damaged), None).await, ErrorKind::Corrupt, "a scan of what is damaged")?;
        let page = fx.backend.scan(None, None).await?;
        let shown: Vec<_> = page.found.into_iter().map(|found| (found.object, found.at)).collect();
        ensure!(
            !shown.contains(&(damaged, None)),
            "what is damaged is shown as an object without versions, which may be deleted"
        );
        ensure!(shown == [(other, Some(at))], "beside what is damaged, a scan of all shows {shown:?}");
        ensure!(page.damaged == [damaged], "a scan of all says that damaged are {:?}", page.damaged);
        Ok(())
    }

    /// Every object of a namespace has its own newest version.
    async fn each_object_has_its_newest(s) {
        let fx = Fixture::open(s).await?;
        let mut newest = BTreeSet::new();
        for _ in 0..3 {
            let (object, one) = fx.create("one").await?;
            newest.insert((object, Some(fx.put(object, Some(&one), "two").await?)));
        }
        eventually(|| async {
            let found = fx.scan(None).await?.into_iter().filter(|found| found.newest);
            let marked: BTreeSet<_> = found.map(|found| (found.object, found.at)).collect();
            let right = marked.intersection(&newest).count();
            ensure!(
                right == newest.len() && marked.len() == right,
                "of {} objects, {right} have their newest version marked, and {} others are",
                newest.len(),
                marked.len() - right
            );
            Ok(())
        })
        .await
    }
}
