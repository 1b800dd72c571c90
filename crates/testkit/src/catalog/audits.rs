//! The log of changes.

use super::{
    CatalogSubject,
    fixture::{Fixture, answered},
};
use crate::together;
use std::sync::Arc;
use strongroom_core::{Origin, Revision};
use strongroom_engine::{AuditRow, Auditor, Commit, Committed, LOCAL_CHAIN, crypto::KeyKind};

/// Requires that the entries follow one another without a gap and that each MAC covers the one before.
fn verify(fx: &Fixture, rows: &[AuditRow]) -> crate::Outcome {
    let mut previous: &[u8] = &[];
    for (n, row) in rows.iter().enumerate() {
        ensure!(row.sequence == n as u64 + 1, "entry {n} has the number {}", row.sequence);
        ensure!(
            row.mac == row.expected_mac(&fx.audit_key, previous),
            "entry {n} does not follow the one before"
        );
        previous = &row.mac;
    }
    Ok(())
}

cases! {
    macro __catalog_audits in catalog, audits; subject CatalogSubject;

    /// Every change is in the log with what was said about it, and the chain verifies.
    async fn every_change_is_in_the_log(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let edit = fx.edit(&row);
        let row = fx.done(&edit).await?;
        let delete = fx.deletion(&row);
        fx.catalog.delete(&delete).await?;
        let log = fx.log().await?;
        verify(&fx, &log)?;
        let facts: Vec<_> = log.iter().map(|row| (row.action.as_str(), row.revision.0)).collect();
        ensure!(facts == [("secret.create", 1), ("secret.update", 2), ("secret.delete", 0)], "{facts:?}");
        ensure!(log[1].change == edit.change && log[2].change == delete.change, "the changes are other ones");
        for entry in &log {
            ensure!(
                entry.secret == row.meta.id && entry.actor == fx.owner && entry.chain == LOCAL_CHAIN,
                "{entry:?}"
            );
            ensure!(entry.key == fx.keys[&KeyKind::Audit] && entry.detail == "values", "{entry:?}");
            ensure!(entry.origin == edit.entry.origin, "{entry:?}");
        }
        ensure!(log[1].at == row.meta.updated, "the log has another time than the row");
        Ok(())
    }

    /// Where a change came from is kept as it was said: what is absent is not the same as what is empty.
    async fn origins_are_kept(s) {
        let fx = Fixture::open(s).await?;
        let texts = [None, Some(""), Some("2001:db8::1"), Some("'; -- 😀")];
        let mut origins = Vec::new();
        for (n, address) in texts.iter().enumerate() {
            let mut origin = Origin::new("http");
            origin.address = address.map(str::to_owned);
            origin.request = texts[(n + 1) % texts.len()].map(str::to_owned);
            let mut commit = fx.creation(&format!("secret {n}"), false, fx.owner)?;
            commit.entry.origin = origin.clone();
            commit.entry.detail = "né%_\\ \n".repeat(n);
            fx.done(&commit).await?;
            origins.push((origin, commit.entry.detail));
        }
        let log = fx.log().await?;
        verify(&fx, &log)?;
        let kept = log.into_iter().map(|row| (row.origin, row.detail));
        ensure!(kept.eq(origins), "one was kept differently");
        Ok(())
    }

    /// What was refused is not in the log.
    async fn refused_changes_are_not_in_the_log(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let again = fx.creation("a", false, fx.owner)?;
        answered!(fx.catalog.commit(&again).await?, Committed::NameTaken, "a taken name");
        let stale = fx.writing(&row);
        fx.done(&fx.writing(&row)).await?;
        answered!(fx.catalog.commit(&stale).await?, Committed::Refused(_), "a change of old values");
        let log = fx.log().await?;
        ensure!(log.len() == 2, "{} entries", log.len());
        verify(&fx, &log)
    }

    /// The log is read from a number on, in order, at most as many entries as asked for.
    async fn the_log_is_read_in_parts(s) {
        let fx = Fixture::open(s).await?;
        for n in 0..7 {
            fx.create(&format!("secret {n}")).await?;
        }
        for (after, limit, wanted) in
            [(0, 3, vec![1, 2, 3]), (3, 3, vec![4, 5, 6]), (6, 3, vec![7]), (7, 3, vec![])]
        {
            let part = fx.catalog.audit(LOCAL_CHAIN, after, limit).await?;
            let numbers: Vec<_> = part.iter().map(|row| row.sequence).collect();
            ensure!(numbers == wanted, "after {after} come {numbers:?}");
        }
        ensure!(
            fx.catalog.audit("another", 0, 10).await?.is_empty(),
            "a chain that is not there has entries"
        );
        Ok(())
    }

    /// Chains are apart: each counts from 1 and is linked in itself.
    async fn chains_are_apart(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.keys[&KeyKind::Audit];
        let own = Arc::new(Auditor::new("process 1", id, fx.audit_key.clone()));
        for n in 0..6 {
            let mut commit = fx.creation(&format!("secret {n}"), false, fx.owner)?;
            if n % 2 == 0 {
                commit.auditor = own.clone();
            }
            fx.done(&commit).await?;
        }
        let (local, process) = (fx.log().await?, fx.catalog.audit("process 1", 0, 100).await?);
        ensure!(local.len() == 3 && process.len() == 3, "{} and {} entries", local.len(), process.len());
        ensure!(process.iter().all(|row| row.chain == "process 1"), "{process:?}");
        verify(&fx, &local)?;
        verify(&fx, &process)
    }

    /// Changes at the same time extend the chain without gap or fork.
    async fn racing_changes_extend_one_chain(s) {
        let fx = Fixture::open(s).await?;
        let mut commits = Vec::new();
        for n in 0..32 {
            commits.push(fx.creation(&format!("secret {}", n % 24), false, fx.owner)?);
        }
        let answers = together(commits.into_iter().map(|commit: Commit| {
            let catalog = fx.catalog.clone();
            async move { catalog.commit(&commit).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let done = answers.iter().filter(|answer| matches!(answer, Committed::Done(_))).count();
        let log = fx.log().await?;
        ensure!(done == 24 && log.len() == 24, "{done} changes and {} entries", log.len());
        ensure!(log.iter().all(|row| row.revision == Revision(1)), "{log:?}");
        verify(&fx, &log)
    }
}
