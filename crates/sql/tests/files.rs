//! Who may touch the files of a SQLite database.
#![cfg(feature = "sqlite")]

mod common;

use common::{claimed, options, place};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};
use strongroom_core::ErrorKind;
use strongroom_sql::SqlCatalog;

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn chmod(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn refusal(url: &str) -> strongroom_core::Error {
    SqlCatalog::open(options(url)).await.unwrap_err()
}

#[tokio::test]
async fn everything_that_is_made_is_for_its_owner_alone() {
    let (directory, _) = place();
    let data = directory.path().join("data/strongroom");
    let path = data.join("strongroom.db");
    let claimed = claimed(&format!("sqlite://{}", path.display())).await;
    claimed.created("a", b"x").await;
    assert_eq!((mode(directory.path().join("data")), mode(&data)), (0o700, 0o700));
    let mut seen = 0;
    for entry in fs::read_dir(&data).unwrap() {
        assert_eq!(mode(entry.unwrap().path()), 0o600);
        seen += 1;
    }
    assert_eq!(seen, 3, "database, log and index");
}

#[tokio::test]
async fn a_link_in_place_of_the_database_is_refused() {
    let (directory, path) = place();
    let elsewhere = directory.path().join("elsewhere");
    symlink(&elsewhere, &path).unwrap();
    let error = refusal(&path).await;
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.message().contains("symbolic link"), "{error}");
    assert!(!elsewhere.exists());
}

#[tokio::test]
async fn a_directory_that_others_can_write_is_refused_with_the_remedy() {
    let (directory, path) = place();
    for mode in [0o770, 0o702] {
        chmod(directory.path(), mode);
        let error = refusal(&path).await;
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        assert!(error.message().contains("chmod go-w"), "{error}");
    }
    assert!(!Path::new(&path).exists());
    chmod(directory.path(), 0o755);
    SqlCatalog::open(options(&path)).await.unwrap();
}

#[tokio::test]
async fn a_directory_of_another_user_is_refused() {
    // The root directory belongs to root, and so to another user unless the test runs as root.
    if fs::write("/.strongroom-test", b"").is_ok() {
        fs::remove_file("/.strongroom-test").unwrap();
        let (directory, path) = place();
        std::os::unix::fs::chown(directory.path(), Some(12_345), None).unwrap();
        assert!(refusal(&path).await.message().contains("another user"));
    } else {
        assert!(refusal("/strongroom.db").await.message().contains("another user"));
    }
}

#[tokio::test]
async fn a_database_that_others_can_read_is_refused() {
    let (_directory, path) = place();
    claimed(&path).await.catalog.close().await.unwrap();
    chmod(&path, 0o640);
    let error = refusal(&path).await;
    assert!(error.message().contains("chmod 600"), "{error}");
}

#[tokio::test]
async fn without_create_a_missing_database_is_not_made() {
    let (_directory, path) = place();
    let error = SqlCatalog::open(options(&path).create(false)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!Path::new(&path).exists());
}

#[tokio::test]
async fn deleted_values_leave_the_files_with_a_purge() {
    let (directory, path) = place();
    let claimed = claimed(&path).await;
    let row = claimed.created("a", b"a sealed value to be looked for").await;
    let holds = || {
        fs::read_dir(directory.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(31).any(|window| window == b"a sealed value to be looked for")
        })
    };
    assert!(holds());
    let mut update = claimed.update(&row, b"another one");
    update.history = 1;
    common::done(strongroom_engine::Catalog::commit(&claimed.catalog, &update).await.unwrap());
    claimed.catalog.purge().await.unwrap();
    assert!(!holds());
}

#[tokio::test]
async fn urls_that_cannot_be_used_are_refused_without_showing_them() {
    let urls = [
        "oracle://u:hunter2@db/x",
        "sqlite:",
        "sqlite://relative/hunter2",
        "sqlite:/tmp/x.db?mode=hunter2",
        ":memory:",
        #[cfg(feature = "postgres")]
        "postgres://u:hunter2@db.example.org/x",
        #[cfg(feature = "postgres")]
        "postgres://u:hunter2@db.example.org/x?sslmode=require",
        "postgres:u:hunter2@localhost/x",
        "mysql:/u:hunter2@localhost/x",
        #[cfg(feature = "postgres")]
        "postgres://u:hunter2@localhost/x?pasword=hunter2",
        #[cfg(feature = "postgres")]
        "postgres://u:hunter2@localhost:hunter2/x",
        #[cfg(feature = "mysql")]
        "mariadb://u:hunter2@10.0.0.1/x",
        #[cfg(feature = "mysql")]
        "mysql://u:hunter2@localhost/",
        // Times are UTC: in a zone with summer time an hour comes twice.
        #[cfg(feature = "mysql")]
        "mysql://u:hunter2@localhost/x?timezone=Europe/Berlin",
    ];
    for url in urls {
        let error = refusal(url).await;
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{url}: {error}");
        assert!(
            error.to_string().contains("database.url") && !error.to_string().contains("hunter2"),
            "{error}"
        );
    }
}
