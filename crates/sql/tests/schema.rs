//! The tables of a SQLite database.
#![cfg(feature = "sqlite")]

mod common;

use common::{claimed, new_identity, options, place};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::path::Path;
use strongroom_core::ErrorKind;
use strongroom_engine::Catalog;
use strongroom_sql::SqlCatalog;

/// What somebody else does to the file.
async fn behind_our_back(path: &str, sql: &'static str) -> Vec<i64> {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_that_start_at_once_on_an_empty_database_make_one() {
    for _ in 0..5 {
        let (_directory, path) = place();
        let starts = (0..3).map(|_| {
            let path = path.clone();
            tokio::spawn(async move {
                let catalog = SqlCatalog::open(options(&path)).await.unwrap();
                catalog.initialise(&new_identity()).await.unwrap()
            })
        });
        let identities = futures::future::join_all(starts).await;
        let first = identities[0].as_ref().unwrap();
        assert!(identities.iter().all(|identity| identity.as_ref().unwrap() == first));
        let keys = SqlCatalog::open(options(&path)).await.unwrap().keys().await.unwrap();
        assert_eq!((keys.keys.len(), keys.wraps.len()), (5, 5), "only the winner's keys");
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_and_one_that_is_compatible_is_not() {
    let (_directory, path) = place();
    claimed(&path).await.catalog.close().await.unwrap();
    behind_our_back(&path, "UPDATE meta SET schema_version = 99 RETURNING 1").await;
    SqlCatalog::open(options(&path)).await.unwrap().close().await.unwrap();
    behind_our_back(&path, "UPDATE meta SET min_compatible = 98 RETURNING 1").await;
    let error = SqlCatalog::open(options(&path)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("upgrade this program"), "{error}");
}

#[tokio::test]
async fn an_older_database_is_upgraded_after_a_copy_was_made() {
    let (_directory, path) = place();
    let old = claimed(&path).await;
    old.created("a", b"x").await;
    old.catalog.close().await.unwrap();
    behind_our_back(&path, "UPDATE meta SET schema_version = 0 RETURNING 1").await;
    let catalog = SqlCatalog::open(options(&path)).await.unwrap();
    assert_eq!(catalog.summary().await.unwrap().secrets, 1);
    assert_eq!(behind_our_back(&path, "SELECT schema_version FROM meta").await, [4]);
    let copy = format!("{path}.before-4");
    assert_eq!(behind_our_back(&copy, "SELECT schema_version FROM meta").await, [0]);
    assert_eq!(behind_our_back(&copy, "SELECT COUNT(*) FROM secrets").await, [1]);
}

#[tokio::test]
async fn the_copy_before_an_upgrade_is_a_whole_one_whatever_has_its_name() {
    let (_directory, path) = place();
    let old = claimed(&path).await;
    old.created("a", b"x").await;
    old.catalog.close().await.unwrap();
    // What an upgrade left that was ended while it copied.
    std::fs::write(format!("{path}.before-4"), b"").unwrap();
    let copied = |number: &str| format!("{path}.before-4{number}");
    let upgraded = || async {
        behind_our_back(&path, "UPDATE meta SET schema_version = 0 RETURNING 1").await;
        SqlCatalog::open(options(&path)).await.unwrap().close().await.unwrap();
    };
    upgraded().await;
    assert_eq!(std::fs::metadata(copied("")).unwrap().len(), 0, "somebody else's, for all that we know");
    assert_eq!(behind_our_back(&copied("-2"), "SELECT COUNT(*) FROM secrets").await, [1]);
    // One of the very same is there.
    upgraded().await;
    assert!(!Path::new(&copied("-3")).exists());
    // Of an older one that was put back, and changed, there is none.
    behind_our_back(&path, "DELETE FROM pending RETURNING 1").await;
    behind_our_back(&path, "UPDATE secrets SET name = 'b' RETURNING 1").await;
    upgraded().await;
    assert_eq!(behind_our_back(&copied("-3"), "SELECT schema_version FROM meta").await, [0]);
    assert_eq!(behind_our_back(&copied("-3"), "SELECT COUNT(*) FROM secrets WHERE name = 'b'").await, [1]);
    assert_eq!(behind_our_back(&copied("-2"), "SELECT COUNT(*) FROM secrets WHERE name = 'b'").await, [0]);
    let left = std::fs::read_dir(_directory.path()).unwrap().map(|entry| entry.unwrap().path());
    assert!(left.into_iter().all(|file| file.extension().is_none_or(|end| end != "tmp")));
}

#[tokio::test]
async fn the_tables_of_another_program_are_left_alone() {
    let (_directory, path) = place();
    SqlCatalog::open(options(&path)).await.unwrap().close().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::File::create_new(&path).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    behind_our_back(&path, "CREATE TABLE secret (id INTEGER)").await;
    let error = SqlCatalog::open(options(&path)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("another program"), "{error}");
    assert_eq!(behind_our_back(&path, "SELECT COUNT(*) FROM sqlite_master").await, [1]);
}

#[tokio::test]
async fn the_file_is_set_up_to_survive_and_to_forget() {
    let (_directory, path) = place();
    let claimed = claimed(&path).await;
    claimed.created("a", b"x").await;
    let text = std::fs::read(Path::new(&path)).unwrap();
    assert_eq!(&text[18..20], [2, 2], "write-ahead logging");
    assert_eq!(
        behind_our_back(&path, "SELECT auto_vacuum FROM pragma_auto_vacuum").await,
        [2],
        "incremental"
    );
}
