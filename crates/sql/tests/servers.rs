//! What only servers show.
#![cfg(all(feature = "postgres", feature = "mysql"))]

#[macro_use]
mod common;

use common::{
    claimed, done, new_identity, options,
    server::{Databases, Server},
};
use std::{sync::Arc, time::Duration};
use strongroom_core::ErrorKind;
use strongroom_engine::{Catalog, Committed};
use strongroom_sql::SqlCatalog;

async fn those_that_start_at_once_make_one(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    // The first three at once, the others while those make the tables.
    let starts = (0_u64..20).map(|i| {
        let url = url.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(10 * i.saturating_sub(2))).await;
            let catalog = SqlCatalog::open(options(&url)).await.unwrap();
            let identity = catalog.initialise(&new_identity()).await.unwrap();
            catalog.close().await.unwrap();
            identity
        })
    });
    let identities = futures::future::join_all(starts).await;
    let first = identities[0].as_ref().unwrap();
    assert!(identities.iter().all(|identity| identity.as_ref().unwrap() == first));
    databases.drop_all().await;
}

async fn of_the_racers_of_two_replicas_one_wins(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    let replicas = [Arc::new(claimed(&url).await), Arc::new(claimed(&url).await)];
    let racers = (0..32).map(|i| {
        let of = Arc::clone(&replicas[i % 2]);
        tokio::spawn(async move { of.catalog.commit(&of.create("db", false, b"x")).await.unwrap() })
    });
    let outcomes = futures::future::join_all(racers).await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Committed::Done(_)))).count();
    let lost = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Committed::NameTaken))).count();
    assert_eq!((won, lost), (1, 31));
    for replica in replicas {
        replica.catalog.close().await.unwrap();
    }
    databases.drop_all().await;
}

async fn lost_connections_are_made_anew(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    let claimed = claimed(&url).await;
    let row = claimed.created("a", b"x").await;
    databases.disconnect_all().await;
    let row = done(claimed.catalog.commit(&claimed.update(&row, b"y")).await.unwrap());
    databases.disconnect_all().await;
    assert_eq!(claimed.catalog.stamps(&[row.meta.id]).await.unwrap(), [Some(row.stamp)]);
    claimed.catalog.close().await.unwrap();
    databases.drop_all().await;
}

async fn a_caller_that_goes_away_leaves_nothing_behind(server: Server) {
    let databases = Databases::on(server);
    let claimed = claimed(&databases.fresh().await).await;
    let row = claimed.created("a", b"x").await;
    // Each is dropped a little later in its transaction.
    for micros in (0..40).map(|i| i * 150) {
        let update = claimed.update(&row, b"y");
        let limit = Duration::from_micros(micros);
        if let Ok(committed) = tokio::time::timeout(limit, claimed.catalog.commit(&update)).await {
            drop(committed.unwrap());
            break;
        }
    }
    let current = claimed.catalog.current(&[strongroom_engine::Lookup::Id(row.meta.id)]).await.unwrap();
    let current = current[0].clone().unwrap();
    let entries = claimed.catalog.audit("test", 0, 100).await.unwrap();
    assert_eq!(entries.last().unwrap().revision, current.meta.revision, "row and log agree");
    claimed.created("b", b"x").await;
    claimed.catalog.close().await.unwrap();
    databases.drop_all().await;
}

async fn an_older_database_is_upgraded_only_when_asked(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    claimed(&url).await.catalog.close().await.unwrap();
    databases.run_in(&url, "UPDATE meta SET schema_version = 0").await;
    let error = SqlCatalog::open(options(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("database migrate"), "{error}");
    SqlCatalog::open_and_migrate(options(&url)).await.unwrap().close().await.unwrap();
    SqlCatalog::open(options(&url)).await.unwrap().close().await.unwrap();
    databases.run_in(&url, "UPDATE meta SET min_compatible = 99").await;
    let error = SqlCatalog::open_and_migrate(options(&url)).await.unwrap_err();
    assert!(error.message().contains("upgrade this program"), "{error}");
    databases.drop_all().await;
}

async fn an_initialisation_that_was_interrupted_is_gone_on_with(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    SqlCatalog::open(options(&url)).await.unwrap().close().await.unwrap();
    // As the first script leaves it.
    databases.run_in(&url, "UPDATE meta SET schema_version = 1").await;
    let claimed = claimed(&url).await;
    claimed.created("a", b"x").await;
    claimed.catalog.close().await.unwrap();
    databases.drop_all().await;
}

async fn a_database_with_other_tables_is_left_alone(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    databases.run_in(&url, "CREATE TABLE secret (id INTEGER)").await;
    let error = SqlCatalog::open(options(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("another program"), "{error}");
    databases.drop_all().await;
}

async fn a_backup_names_the_tool(server: Server) {
    let databases = Databases::on(server);
    let claimed = claimed(&databases.fresh().await).await;
    let error = claimed.catalog.backup("backup".as_ref(), false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("dump"), "{error}");
    claimed.catalog.close().await.unwrap();
    databases.drop_all().await;
}

on_both! {
    those_that_start_at_once_make_one
    of_the_racers_of_two_replicas_one_wins
    lost_connections_are_made_anew
    a_caller_that_goes_away_leaves_nothing_behind
    an_older_database_is_upgraded_only_when_asked
    an_initialisation_that_was_interrupted_is_gone_on_with
    a_database_with_other_tables_is_left_alone
    a_backup_names_the_tool
}
