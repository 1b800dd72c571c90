//! Values in the catalog's own rows.

use super::{assert_repairable, assert_told, two_versions};
use crate::site::{Raw, Site, assert_audited, text, uncached};
use std::path::PathBuf;
use strongroom_core::{ErrorKind, Revision, SecretMeta, SecretUpdate, Secrets, ValuesChange};
use strongroom_engine::{
    Engine, Lost, RepairOptions,
    crypto::{KeyKind, OVERHEAD},
};
use tokio::sync::Mutex;

/// Magic, suite, purpose and flags: bytes that say how to read the rest.
const FORMAT: usize = 8;

struct Scene {
    _directory: tempfile::TempDir,
    path: PathBuf,
    engine: Engine,
    secrets: Secrets,
    db: SecretMeta,
}

async fn scene() -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("strongroom.db");
    let site = Site::in_file(&path).await;
    let engine = site.engine(Vec::new(), uncached()).await;
    let secrets = site.secrets(&engine);
    let db = two_versions(&secrets, "prod/db").await;
    Scene { _directory: directory, path, engine, secrets, db }
}

/// The payload of a secret's version, oldest first: its id and its bytes.
async fn payloads(raw: &mut Raw, name: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let sql = format!(
        "SELECT p.id, p.bytes FROM payloads p JOIN versions v ON v.payload = p.id \
         JOIN secrets s ON s.id = v.secret WHERE s.name = '{name}' ORDER BY v.revision"
    );
    let rows = raw.blobs(&sql).await;
    rows.into_iter().map(|mut row| (row.remove(0), row.remove(0))).collect()
}

async fn put_bytes(raw: &mut Raw, id: &[u8], bytes: &[u8]) {
    raw.run("UPDATE payloads SET bytes = ? WHERE id = ?", &[bytes, id], 1).await;
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_noticed() {
    let scene = scene().await;
    let mut raw = Raw::open(&scene.path).await;
    let (id, bytes) = payloads(&mut raw, "prod/db").await.pop().unwrap();
    assert!(bytes.len() > OVERHEAD);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        put_bytes(&mut raw, &id, &damaged).await;
        // What says that it is of another format is not read as ours.
        let kinds: &[_] = if at < FORMAT { &[ErrorKind::Unsupported] } else { &[ErrorKind::Corrupt] };
        assert_told(scene.secrets.get("prod/db").await, kinds, &scene.db, &format!("byte {at}"));
    }
    put_bytes(&mut raw, &id, &bytes).await;
    assert!(scene.secrets.get("prod/db").await.is_ok());
    assert_audited(&scene.engine, 2).await;
}

#[tokio::test]
async fn what_is_damaged_is_found_by_reading_and_keeps_nothing_else_from_a_new_key() {
    let scene = scene().await;
    two_versions(&scene.secrets, "prod/mail").await;
    let mut raw = Raw::open(&scene.path).await;
    // The current version of one, and of the other an older one, which says now that it has another format.
    let (id, bytes) = payloads(&mut raw, "prod/db").await.pop().unwrap();
    put_bytes(&mut raw, &id, &vec![0; bytes.len()]).await;
    let (id, mut bytes) = payloads(&mut raw, "prod/mail").await.swap_remove(0);
    bytes[0] ^= 1;
    put_bytes(&mut raw, &id, &bytes).await;

    let found = |lost: &[Lost]| -> Vec<_> {
        let mut found: Vec<_> = lost
            .iter()
            .map(|lost| (lost.name.clone().unwrap().to_string(), lost.revision, lost.current))
            .collect();
        found.sort();
        assert!(lost.iter().all(|lost| lost.at.is_none()), "{lost:?}");
        found
    };
    let damaged = [("prod/db".to_owned(), Revision(2), true), ("prod/mail".to_owned(), Revision(1), false)];
    assert_eq!(scene.engine.repair(RepairOptions::new()).await.unwrap().lost, [], "it was not read");
    let report = scene.engine.repair(RepairOptions::new().read(true)).await.unwrap();
    assert_eq!(found(&report.lost), damaged);
    let told: Vec<_> = report.lost.iter().filter(|lost| lost.current).map(|lost| &lost.told).collect();
    assert!(told[0].contains("roll back to an older version"), "{told:?}");

    let rotated = scene.engine.rotate(KeyKind::Seal, false).await.unwrap();
    assert_eq!((rotated.resealed, rotated.destroyed.len(), rotated.kept.len()), (2, 0, 1));
    assert_eq!(found(&rotated.damaged), damaged);
    assert!(scene.secrets.get("prod/mail").await.is_ok());
    let error = scene.secrets.get("prod/db").await.unwrap_err();
    assert!(error.to_string().contains("roll back to an older version"), "{error}");

    // Without them nothing keeps the old key.
    let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
    scene.secrets.update(&scene.db.id.into(), back).await.unwrap();
    scene.secrets.delete("prod/db").await.unwrap();
    scene.secrets.delete("prod/mail").await.unwrap();
    let rotated = scene.engine.rotate(KeyKind::Seal, false).await.unwrap();
    assert_eq!((rotated.destroyed.len(), rotated.kept.len(), rotated.damaged), (2, 0, Vec::new()));
}

#[tokio::test]
async fn bytes_cut_off_or_added_are_noticed() {
    let scene = scene().await;
    let mut raw = Raw::open(&scene.path).await;
    let (id, bytes) = payloads(&mut raw, "prod/db").await.pop().unwrap();
    for length in [0, 1, FORMAT, OVERHEAD - 1, OVERHEAD, bytes.len() - 1] {
        put_bytes(&mut raw, &id, &bytes[..length]).await;
        let what = format!("{length} bytes");
        assert_told(scene.secrets.get("prod/db").await, &[ErrorKind::Corrupt], &scene.db, &what);
    }
    put_bytes(&mut raw, &id, &[bytes.as_slice(), b"\0"].concat()).await;
    assert_told(scene.secrets.get("prod/db").await, &[ErrorKind::Corrupt], &scene.db, "one more");
}

#[tokio::test]
async fn payloads_that_changed_places_are_noticed() {
    let scene = scene().await;
    let other = two_versions(&scene.secrets, "prod/mail").await;
    let mut raw = Raw::open(&scene.path).await;
    let (db, db_bytes) = payloads(&mut raw, "prod/db").await.pop().unwrap();
    let (mail, mail_bytes) = payloads(&mut raw, "prod/mail").await.pop().unwrap();
    put_bytes(&mut raw, &db, &mail_bytes).await;
    put_bytes(&mut raw, &mail, &db_bytes).await;
    assert_told(scene.secrets.get("prod/db").await, &[ErrorKind::Corrupt], &scene.db, "swapped");
    assert_told(scene.secrets.get("prod/mail").await, &[ErrorKind::Corrupt], &other, "swapped");

    // The same by pointing at each other's payloads.
    put_bytes(&mut raw, &db, &db_bytes).await;
    put_bytes(&mut raw, &mail, &mail_bytes).await;
    assert!(scene.secrets.get("prod/db").await.is_ok());
    raw.run("UPDATE versions SET payload = ? WHERE payload = ?", &[&mail, &db], 1).await;
    assert_told(scene.secrets.get("prod/db").await, &[ErrorKind::Corrupt], &scene.db, "pointed elsewhere");
}

#[tokio::test]
async fn an_older_payload_put_back_is_noticed() {
    let scene = scene().await;
    let mut raw = Raw::open(&scene.path).await;
    let versions = payloads(&mut raw, "prod/db").await;
    put_bytes(&mut raw, &versions[1].0, &versions[0].1).await;
    assert_told(scene.secrets.get("prod/db").await, &[ErrorKind::Corrupt], &scene.db, "rolled back");
}

#[tokio::test]
async fn another_key_in_the_row_is_noticed() {
    let scene = scene().await;
    let mut raw = Raw::open(&scene.path).await;
    let keys = raw.blobs("SELECT id FROM data_keys WHERE kind <> 'seal'").await;
    for key in keys.iter().map(|row| row[0].as_slice()).chain([[7; 16].as_slice()]) {
        let sql = "UPDATE versions SET key_id = ? WHERE uid IN (SELECT current_version FROM secrets)";
        raw.run(sql, &[key], 1).await;
        assert_told(scene.secrets.get("prod/db").await, &[ErrorKind::Corrupt], &scene.db, "another key");
    }
}

#[tokio::test]
async fn a_damaged_secret_can_be_rolled_back_or_written_anew() {
    let scene = scene().await;
    let raw = Mutex::new(Raw::open(&scene.path).await);
    assert_repairable(&scene.secrets, &scene.db, async || {
        let mut raw = raw.lock().await;
        let (id, mut bytes) = payloads(&mut raw, "prod/db").await.pop().unwrap();
        bytes[100] ^= 1;
        put_bytes(&mut raw, &id, &bytes).await;
    })
    .await;
    // The damage of one secret is no other's.
    let other = two_versions(&scene.secrets, "prod/mail").await;
    assert!(text(&scene.secrets.get(other.name.as_str()).await.unwrap(), "password").ends_with("-new"));
    assert_audited(&scene.engine, 6).await;
}

#[tokio::test]
async fn a_damaged_secret_is_not_merged_into() {
    let scene = scene().await;
    let mut raw = Raw::open(&scene.path).await;
    let (id, mut bytes) = payloads(&mut raw, "prod/db").await.pop().unwrap();
    bytes[100] ^= 1;
    put_bytes(&mut raw, &id, &bytes).await;
    let error = scene.secrets.set("prod/db", "user", "alice").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert_eq!(scene.secrets.versions("prod/db").await.unwrap().len(), 2, "something was written");
}
