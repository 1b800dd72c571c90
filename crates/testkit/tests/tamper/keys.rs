//! Root keys and wrapped data keys.

use super::assert_hidden;
use crate::site::{Raw, files, quick};
use std::sync::Arc;
use strongroom_core::ErrorKind;
use strongroom_engine::crypto::RootKey;

#[tokio::test]
async fn another_root_key_is_refused_with_both_ids() {
    let (directory, site) = files::file().await;
    let (_other_directory, other) = files::file().await;
    for wrong in [Arc::new(RootKey::generate().unwrap()), other.root.clone()] {
        let error = site.open(wrong.clone(), Vec::new(), quick()).await.expect_err("it opened");
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
        let told = error.to_string();
        assert!(told.contains(&wrong.id().to_string()), "the key that was given is not named: {told}");
        assert!(told.contains(&site.root.id().to_string()), "the key that is needed is not named: {told}");
    }
    assert!(site.open(site.root.clone(), Vec::new(), quick()).await.is_ok());
    drop(directory);
}

#[tokio::test]
async fn a_changed_wrap_is_noticed() {
    let (directory, site) = files::file().await;
    let mut raw = Raw::open(&directory.path().join("strongroom.db")).await;
    let wraps = raw.blobs("SELECT key_id, bytes FROM key_wraps ORDER BY key_id").await;
    let (key, bytes) = (&wraps[0][0], &wraps[0][1]);
    let put = "UPDATE key_wraps SET bytes = ? WHERE key_id = ?";
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        raw.run(put, &[&damaged, key], 1).await;
        let error = site.open(site.root.clone(), Vec::new(), quick()).await.err();
        let error = error.unwrap_or_else(|| panic!("it opened with byte {at} changed"));
        let noticed = matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported);
        assert!(noticed, "byte {at}: {error:?}");
    }
    // Another key's wrap opens nothing but that key.
    raw.run(put, &[&wraps[1][1], key], 1).await;
    let error = site.open(site.root.clone(), Vec::new(), quick()).await.expect_err("it opened");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    raw.run(put, &[bytes, key], 1).await;
    assert!(site.open(site.root.clone(), Vec::new(), quick()).await.is_ok());
}

#[tokio::test]
async fn a_key_of_another_database_is_not_taken_over() {
    // The same root key made both: the wraps are still bound to their databases.
    let (directory, site) = files::file().await;
    let (_other_directory, other) = files::file_with(site.root.clone()).await;
    let secrets = site.secrets(&site.engine(Vec::new(), quick()).await);
    secrets.create("db", [("password", crate::site::CANARY)]).await.unwrap();
    let foreign = other.catalog.keys().await.unwrap();
    let mut raw = Raw::open(&directory.path().join("strongroom.db")).await;
    for wrap in &foreign.wraps {
        let kind = foreign.keys.iter().find(|key| key.id == wrap.key).unwrap().kind;
        let own = site.catalog.keys().await.unwrap();
        let own = own.keys.iter().find(|key| key.kind == kind).unwrap().id;
        let get = format!("SELECT bytes FROM key_wraps WHERE key_id = x'{}'", own.0.simple());
        let before = raw.blobs(&get).await.remove(0).remove(0);
        let put = "UPDATE key_wraps SET bytes = ? WHERE key_id = ?";
        raw.run(put, &[&wrap.bytes, own.0.as_bytes()], 1).await;
        let error = site.open(site.root.clone(), Vec::new(), quick()).await.expect_err("it opened");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{kind}: {error:?}");
        assert_hidden(&error.to_string());
        raw.run(put, &[&before, own.0.as_bytes()], 1).await;
    }
}
