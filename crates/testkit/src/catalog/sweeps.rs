//! Rows about what is to be removed.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, OVER, SHORT, binding, named, object_of, store},
};
use crate::{Broken, together};
use std::{collections::BTreeSet, time::Duration};
use strongroom_core::{ObjectId, SecretId, VersionRef, VersionUid};
use strongroom_engine::{Commit, Deleted, Misplaced, NewVersionRow, Pending, Rehome, Rehomed, Row, Settled};
use uuid::Uuid;

/// So many garbage rows, all due now: of attempts that were fenced.
async fn garbage(fx: &Fixture, s: &dyn CatalogSubject, rows: usize) -> Result<BTreeSet<VersionUid>, Broken> {
    let mut uids = BTreeSet::new();
    for _ in 0..rows {
        let attempt = fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()));
        fx.begun(&strongroom_engine::Attempt { lease: SHORT, ..attempt.clone() }).await?;
        uids.insert(attempt.uid);
    }
    s.sleep(OVER).await;
    fx.catalog.fence_overdue(false).await?;
    Ok(uids)
}

async fn claim_one(fx: &Fixture, claim: Duration) -> Result<Pending, Broken> {
    fx.catalog.claim(1, claim, false).await?.pop().ok_or_else(|| Broken("no row is due".into()))
}

/// All that is misplaced, by pages of this size.
async fn pages(fx: &Fixture, wanted: &Misplaced, size: u32) -> Result<Vec<Row>, Broken> {
    let (mut all, mut after) = (Vec::<Row>::new(), None);
    loop {
        let page = fx.catalog.versions_to_move(after, size, wanted).await?;
        ensure!(page.len() <= size as usize, "a page of {size} has {} rows", page.len());
        let heads = fx.catalog.heads_to_move(after, size, wanted).await?;
        let heads: Vec<_> = heads.into_iter().map(|(secret, head)| (secret, head.uid)).collect();
        let named = page.iter().map(|row| (row.meta.id, row.version.uid));
        ensure!(named.eq(heads), "other versions are named than shown");
        ensure!(all.len() < 1000, "the pages do not end");
        let Some(last) = page.last() else { return Ok(all) };
        after = Some((last.meta.id, last.version.uid));
        all.extend(page);
    }
}

cases! {
    macro __catalog_sweeps in catalog, sweeps; subject CatalogSubject;

    /// A claimed row is claimed from now for the time that was asked for, and nobody else gets it meanwhile.
    async fn a_claimed_row_is_nobody_elses(s) {
        let fx = Fixture::open(s).await?;
        let uids = garbage(&fx, s, 1).await?;
        let row = claim_one(&fx, LONG).await?;
        ensure!(uids.contains(&row.uid) && !row.locked, "{row:?}");
        let Some(claimed) = row.claimed else {
            return Err(Broken("it does not say that it is claimed".into()));
        };
        ensure!(row.due == claimed.plus(LONG) && claimed >= row.born, "{row:?}");
        ensure!(fx.pending().await? == [row], "it was answered differently from what it is");
        ensure!(fx.catalog.claim(10, LONG, false).await?.is_empty(), "somebody else got it");
        Ok(())
    }

    /// Of any number of sweepers each row is claimed by one.
    async fn racing_claims_never_share_a_row(s) {
        let fx = Fixture::open(s).await?;
        let uids = garbage(&fx, s, 24).await?;
        let answers = together((0..16).map(|_| {
            let catalog = fx.catalog.clone();
            async move { catalog.claim(3, LONG, false).await }
        }))
        .await?;
        let mut claimed = Vec::new();
        for answer in answers {
            let rows = answer?;
            ensure!(rows.len() <= 3, "{} rows where 3 were asked for", rows.len());
            claimed.extend(rows.iter().map(|row| row.uid));
        }
        // Who came while others held the rows may have got fewer.
        claimed.extend(fx.catalog.claim(100, LONG, false).await?.iter().map(|row| row.uid));
        ensure!(claimed.len() == 24, "24 rows were claimed {} times", claimed.len());
        ensure!(claimed.into_iter().collect::<BTreeSet<_>>() == uids, "other rows were claimed");
        Ok(())
    }

    /// Rows that are due are claimed oldest first; locked ones and those that are not due are not.
    async fn the_oldest_is_claimed_first(s) {
        let fx = Fixture::open(s).await?;
        fx.begun(&fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()))).await?;
        let mut order = Vec::new();
        for _ in 0..3 {
            order.extend(garbage(&fx, s, 1).await?);
        }
        let later = claim_one(&fx, LONG).await?;
        ensure!(fx.catalog.settle(&later, Settled::After(LONG)).await?, "it cannot be settled");
        let mut claimed = vec![later.uid];
        claimed.push(claim_one(&fx, LONG).await?.uid);
        claimed.push(claim_one(&fx, LONG).await?.uid);
        ensure!(claimed == order, "they were claimed in another order");
        ensure!(fx.catalog.claim(10, LONG, false).await?.is_empty(), "a row that is not due was claimed");
        Ok(())
    }

    /// Rows that are not due yet are claimed where that is asked for, those that are due first; locked ones
    /// never.
    async fn rows_are_claimed_early_if_asked_for(s) {
        let fx = Fixture::open(s).await?;
        fx.begun(&fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()))).await?;
        garbage(&fx, s, 1).await?;
        let later = claim_one(&fx, LONG).await?;
        garbage(&fx, s, 1).await?;
        let rows = fx.catalog.claim(10, LONG, true).await?;
        ensure!(rows.len() == 2 && rows.iter().all(|row| !row.locked), "{rows:?}");
        ensure!(rows[1].uid == later.uid, "the one that is due later came first");
        ensure!(!fx.catalog.settle(&later, Settled::Drop).await?, "the earlier claim can still settle it");
        ensure!(fx.catalog.settle(&rows[1], Settled::Drop).await?, "the new claim cannot settle it");
        Ok(())
    }

    /// A claim that ended without a word can be claimed again, and the first one cannot settle any more.
    async fn a_claim_that_ran_out_can_be_claimed_again(s) {
        let fx = Fixture::open(s).await?;
        garbage(&fx, s, 1).await?;
        let first = claim_one(&fx, SHORT).await?;
        s.sleep(OVER).await;
        let second = claim_one(&fx, LONG).await?;
        ensure!(first.uid == second.uid && first.claimed < second.claimed, "{first:?} and {second:?}");
        for settled in [Settled::Drop, Settled::After(LONG), Settled::AfterBirth(LONG)] {
            ensure!(!fx.catalog.settle(&first, settled).await?, "the first one settled it: {settled:?}");
        }
        ensure!(fx.pending().await? == [second.clone()], "the first one changed it");
        ensure!(fx.catalog.settle(&second, Settled::Drop).await?, "the second one cannot settle it");
        Ok(())
    }

    /// A settled row is dropped, or due so long after its birth, or so long after now.
    async fn a_claim_ends_as_it_says(s) {
        let fx = Fixture::open(s).await?;
        garbage(&fx, s, 1).await?;
        s.sleep(SHORT).await;
        let row = claim_one(&fx, SHORT).await?;
        ensure!(fx.catalog.settle(&row, Settled::AfterBirth(LONG)).await?, "it cannot be settled");
        let now = fx.pending().await?[0].clone();
        ensure!(now.due == row.born.plus(LONG) && now.born == row.born, "after its birth: {now:?}");
        garbage(&fx, s, 1).await?;
        s.sleep(SHORT).await;
        let row = claim_one(&fx, SHORT).await?;
        ensure!(fx.catalog.settle(&row, Settled::After(LONG)).await?, "it cannot be settled");
        let rows = fx.pending().await?;
        let Some(now) = rows.iter().find(|now| now.uid == row.uid) else {
            return Err(Broken("it is gone".into()));
        };
        ensure!(now.due >= row.born.plus(SHORT).plus(LONG) && now.born == row.born, "after now: {now:?}");
        garbage(&fx, s, 1).await?;
        let row = claim_one(&fx, LONG).await?;
        ensure!(fx.catalog.settle(&row, Settled::Drop).await?, "it cannot be settled");
        ensure!(fx.pending().await?.iter().all(|left| left.uid != row.uid), "it was not dropped");
        ensure!(!fx.catalog.settle(&row, Settled::Drop).await?, "it was dropped twice");
        Ok(())
    }

    /// What the catalog says about an object: whether its secret is live, what is named, what is pending.
    async fn uses_tell_all_about_an_object(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create_external("a").await?;
        let two = fx.write_external(&one, "2").await?;
        let (id, object) = (one.meta.id, object_of(&one));
        let uses = fx.catalog.uses(id, &store(), object).await?;
        let mut named_there = uses.named.clone();
        named_there.sort_unstable();
        ensure!(uses.object == object && uses.live && !uses.attempt_open && !uses.pending, "{uses:?}");
        ensure!(named_there == [VersionRef::new("1"), VersionRef::new("2")], "{uses:?}");
        let elsewhere = fx.catalog.uses(id, &named("second"), object).await?;
        ensure!(elsewhere.named.is_empty() && elsewhere.live && !elsewhere.pending, "{elsewhere:?}");
        // One on another secret is no concern of it.
        fx.begun(&fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()))).await?;
        let uses = fx.catalog.uses(id, &store(), object).await?;
        ensure!(!uses.attempt_open && !uses.pending, "{uses:?}");
        // An attempt on the secret is open, whatever object it writes to.
        let attempt = fx.attempt(id, Some(two.version.uid), ObjectId(Uuid::new_v4()));
        fx.begun(&attempt).await?;
        let uses = fx.catalog.uses(id, &store(), object).await?;
        ensure!(uses.attempt_open && !uses.pending, "{uses:?}");
        let uses = fx.catalog.uses(id, &store(), attempt.object).await?;
        ensure!(uses.pending && uses.named.is_empty() && uses.live, "{uses:?}");
        fx.catalog.delete(&fx.deletion(&two)).await?;
        let uses = fx.catalog.uses(id, &store(), object).await?;
        ensure!(!uses.live && !uses.attempt_open && uses.pending && uses.named.is_empty(), "{uses:?}");
        Ok(())
    }

    /// Of many objects it is told what is named and what is pending, whatever their stores are called: one answer for
    /// each, in order.
    async fn objects_are_explained_in_order(s) {
        let fx = Fixture::open(s).await?;
        for name in [store(), self::named("second")] {
            fx.catalog.bind_store(&binding(name)).await?;
        }
        let second = fx.create_in(self::named("second"), "c").await?;
        let (kept, deleted) = (fx.create_external("a").await?, fx.create_external("b").await?);
        fx.catalog.delete(&fx.deletion(&deleted)).await?;
        let foreign = ObjectId(Uuid::new_v4());
        let mut objects = vec![object_of(&kept), foreign, object_of(&deleted), object_of(&second)];
        objects.extend((0..600).map(|_| ObjectId(Uuid::new_v4())));
        let uses = fx.catalog.explained(&objects).await?;
        let in_order = uses.iter().map(|uses| uses.object).eq(objects.iter().copied());
        ensure!(in_order, "{} answers to {} questions, or another order", uses.len(), objects.len());
        let named: Vec<_> = uses.iter().take(4).map(|uses| (uses.named.len(), uses.pending)).collect();
        ensure!(named == [(1, false), (0, false), (0, true), (1, false)], "{named:?}");
        ensure!(
            uses.iter().skip(4).all(|uses| uses.named.is_empty() && !uses.pending),
            "a foreign one is explained"
        );
        ensure!(fx.catalog.explained(&[]).await?.is_empty(), "an answer to no question");
        Ok(())
    }

    /// All rows are listed, oldest first, at most as many as asked for.
    async fn pending_rows_are_listed_oldest_first(s) {
        let fx = Fixture::open(s).await?;
        garbage(&fx, s, 2).await?;
        let open = fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()));
        fx.begun(&open).await?;
        let rows = fx.catalog.pending(100).await?;
        ensure!(rows.len() == 3 && rows.is_sorted_by_key(|row| row.born), "{rows:?}");
        ensure!(rows.iter().any(|row| row.locked && row.uid == open.uid), "the open attempt is missing");
        ensure!(fx.catalog.pending(2).await?.len() == 2, "more than asked for");
        Ok(())
    }

    /// A restored catalog forgets all rows and tells what they said.
    async fn pending_rows_are_forgotten(s) {
        let fx = Fixture::open(s).await?;
        garbage(&fx, s, 2).await?;
        let row = fx.create_external("a").await?;
        fx.begun(&fx.again(&row)).await?;
        let before: BTreeSet<_> = fx.pending().await?.iter().map(|row| row.uid).collect();
        let forgotten: BTreeSet<_> = fx.catalog.forget_pending().await?.iter().map(|row| row.uid).collect();
        ensure!(
            forgotten == before && before.len() == 3,
            "{} of {} were told",
            forgotten.len(),
            before.len()
        );
        ensure!(fx.pending().await?.is_empty(), "some are still there");
        ensure!(fx.row(row.meta.id).await?.is_some(), "a secret was forgotten, too");
        Ok(())
    }

    /// Misplaced versions come by secret, the current one last, page after page: each once, and no others.
    async fn misplaced_versions_come_in_order(s) {
        let fx = Fixture::open(s).await?;
        let mut external = BTreeSet::new();
        let mut inline = BTreeSet::new();
        for n in 0..4 {
            let one = fx.create_external(&format!("external {n}")).await?;
            let two = fx.write_external(&one, "2").await?;
            let three = fx.write_external(&two, "3").await?;
            external.extend([one.version.uid, two.version.uid, three.version.uid]);
            let one = fx.create(&format!("inline {n}")).await?;
            inline.extend([one.version.uid, fx.done(&fx.writing(&one)).await?.version.uid]);
        }
        let everything: BTreeSet<_> = external.union(&inline).copied().collect();
        let key = fx.external(VersionUid(Uuid::new_v4()), ObjectId(Uuid::new_v4()), "1").key;
        let foreign = strongroom_engine::crypto::KeyId(Uuid::new_v4());
        for (wanted, which) in [
            (Misplaced::NotIn(None), &external),
            (Misplaced::Inline, &inline),
            (Misplaced::NotIn(Some(store())), &inline),
            (Misplaced::NotIn(Some(named("second"))), &everything),
            (Misplaced::SealedWithOther(foreign), &everything),
            (Misplaced::SealedWithOther(key.unwrap_or(foreign)), &BTreeSet::new()),
        ] {
            for size in [1, 2, 5, 100] {
                let rows = pages(&fx, &wanted, size).await?;
                let uids: BTreeSet<_> = rows.iter().map(|row| row.version.uid).collect();
                ensure!(uids == *which, "{wanted:?}: {} of {} by {size}", uids.len(), which.len());
                ensure!(uids.len() == rows.len(), "{wanted:?}: some come twice by {size}");
                let mut order = Vec::new();
                for row in &rows {
                    let current =
                        fx.heads(row.meta.id).await?.iter().any(|h| h.current && h.uid == row.version.uid);
                    order.push((row.meta.id, current, row.version.revision));
                }
                ensure!(order.is_sorted(), "{wanted:?}: by {size} they come in another order");
            }
        }
        Ok(())
    }

    /// Versions that are not sealed are not meant when a key is rotated.
    async fn unsealed_versions_are_not_sealed_with_another_key(s) {
        let fx = Fixture::open(s).await?;
        let (mut commit, object) = (fx.creation("plain", false, fx.owner)?, ObjectId(Uuid::new_v4()));
        let attempt = strongroom_engine::Attempt { key: None, ..fx.attempt(commit.secret, None, object) };
        fx.begun(&attempt).await?;
        fx.attach(&mut commit, &attempt, "1");
        commit.version = commit.version.map(|version| NewVersionRow { key: None, ..version });
        let row = fx.done(&commit).await?;
        ensure!(row.version.key.is_none(), "{row:?}");
        let foreign = strongroom_engine::crypto::KeyId(Uuid::new_v4());
        let found = pages(&fx, &Misplaced::SealedWithOther(foreign), 10).await?;
        ensure!(found.is_empty(), "it is to be sealed anew");
        Ok(())
    }

    /// What moves while the pages are read keeps nothing else from being found.
    async fn moving_while_paging_misses_nothing(s) {
        let fx = Fixture::open(s).await?;
        for n in 0..3 {
            let one = fx.create_external(&format!("secret {n}")).await?;
            fx.write_external(&one, "2").await?;
        }
        let (mut after, mut moved) = (None, 0);
        loop {
            let page = fx.catalog.versions_to_move(after, 1, &Misplaced::NotIn(None)).await?;
            let Some(row) = page.first() else { break };
            let to = NewVersionRow { uid: row.version.uid, ..fx.inline() };
            let (secret, from) = (row.meta.id, row.version.place.clone());
            let rehome = Rehome { secret, from, to, attempt: None, twin: false, labelled: None, grace: LONG };
            ensure!(fx.catalog.rehome(&rehome).await? == Rehomed::Done, "a version could not be moved");
            moved += 1;
            after = Some((row.meta.id, row.version.uid));
        }
        ensure!(moved == 6, "{moved} of 6 were found");
        Ok(())
    }

    /// What is dropped or deleted between two pages keeps nothing else from being found.
    async fn deleting_while_paging_misses_nothing(s) {
        let fx = Fixture::open(s).await?;
        let mut rows = Vec::new();
        for n in 0..4 {
            rows.push(fx.create(&format!("secret {n}")).await?);
        }
        rows.sort_by_key(|row| row.meta.id);
        let wanted = Misplaced::NotIn(Some(store()));
        let after = Some((rows[1].meta.id, rows[1].version.uid));
        fx.done(&Commit { history: 1, ..fx.writing(&rows[2]) }).await?;
        ensure!(
            matches!(fx.catalog.delete(&fx.deletion(&rows[1])).await?, Deleted::Done(_)),
            "it cannot be deleted"
        );
        let rest = fx.catalog.versions_to_move(after, 10, &wanted).await?;
        let ids: Vec<_> = rest.iter().map(|row| row.meta.id).collect();
        ensure!(ids == [rows[2].meta.id, rows[3].meta.id], "after a deleted one come {} of 2", ids.len());
        Ok(())
    }
}
