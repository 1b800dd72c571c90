//! Copies of a SQLite database.
#![cfg(feature = "sqlite")]

mod common;

use common::{claimed, options, place};
use std::{fs, os::unix::fs::PermissionsExt, time::Duration};
use strongroom_core::{ErrorKind, ObjectId, SecretId, VersionUid};
use strongroom_engine::{Attempt, Begun, Catalog, StoreName};
use strongroom_sql::SqlCatalog;
use uuid::Uuid;

#[tokio::test]
async fn a_backup_holds_what_is_committed_and_nothing_that_is_pending() {
    let (directory, path) = place();
    let claimed = claimed(&path).await;
    claimed.created("a", b"x").await;
    let attempt = Attempt {
        uid: VersionUid(Uuid::new_v4()),
        version: VersionUid(Uuid::new_v4()),
        secret: SecretId(Uuid::new_v4()),
        base: None,
        store: StoreName::new("aws").unwrap(),
        object: ObjectId(Uuid::new_v4()),
        fresh: true,
        key: Some(claimed.seal),
        digest: vec![1; 8],
        lease: Duration::from_secs(60),
    };
    assert_eq!(claimed.catalog.begin(&attempt).await.unwrap(), Begun::Open);
    let to = directory.path().join("backup.db");
    claimed.catalog.backup(&to, false).await.unwrap();
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(claimed.catalog.pending(10).await.unwrap().len(), 1, "the database itself is as it was");

    let copy = SqlCatalog::open(options(to.to_str().unwrap())).await.unwrap();
    assert_eq!(copy.summary().await.unwrap().secrets, 1);
    assert_eq!(copy.pending(10).await.unwrap(), []);
    assert_eq!(copy.identity().await.unwrap(), claimed.catalog.identity().await.unwrap());
}

/// Whoever has it open would go on with a file that has no name any more.
#[tokio::test]
async fn the_database_itself_is_not_replaced_by_its_copy() {
    let (directory, path) = place();
    let claimed = claimed(&path).await;
    claimed.created("a", b"x").await;
    let link = directory.path().join("link.db");
    fs::hard_link(&path, &link).unwrap();
    let beside = ["", "-wal", "-shm", "-journal"].map(|end| format!("{path}{end}"));
    for to in beside.into_iter().chain([link.to_str().unwrap().to_owned()]) {
        let error = claimed.catalog.backup(to.as_ref(), true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{to}");
    }
    claimed.created("b", b"x").await;
    assert_eq!(SqlCatalog::open(options(&path)).await.unwrap().summary().await.unwrap().secrets, 2);
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_by_force() {
    let (directory, path) = place();
    let claimed = claimed(&path).await;
    let to = directory.path().join("backup.db");
    fs::write(&to, b"precious").unwrap();
    let error = claimed.catalog.backup(&to, false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    claimed.catalog.backup(&to, true).await.unwrap();
    assert!(fs::read(&to).unwrap().starts_with(b"SQLite format 3"));
    let left = fs::read_dir(directory.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().contains("tmp"));
    assert_eq!(left.count(), 0, "no half copy is left");
}
