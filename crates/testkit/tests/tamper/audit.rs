//! The log of what was done.

use crate::site::{Raw, Site, assert_audited, files, quick};
use strongroom_core::{ErrorKind, Secrets};
use strongroom_engine::{Engine, LOCAL_CHAIN};

/// How many entries there are.
const ENTRIES: u64 = 12;

struct Scene {
    directory: tempfile::TempDir,
    site: Site,
    engine: Engine,
    secrets: Secrets,
}

async fn scene() -> Scene {
    let (directory, site) = files::file().await;
    let engine = site.engine(Vec::new(), quick()).await;
    let secrets = site.secrets(&engine);
    for i in 0..ENTRIES / 3 {
        let name = format!("secret-{i}");
        secrets.create(&name, [("key", "value")]).await.unwrap();
        secrets.set(&name, "key", "other").await.unwrap();
        secrets.delete(&name).await.unwrap();
    }
    assert_audited(&engine, ENTRIES).await;
    Scene { directory, site, engine, secrets }
}

impl Scene {
    async fn raw(&self) -> Raw {
        Raw::open(&self.directory.path().join("strongroom.db")).await
    }

    /// The log is found broken, at that place.
    async fn assert_broken_at(&self, sequence: u64, what: &str) {
        let error = self.engine.verify_audit(LOCAL_CHAIN).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error:?}");
        let place = error.context().find(|(key, _)| *key == "entry").map(|(_, value)| value.to_owned());
        assert_eq!(place, Some(sequence.to_string()), "{what}: {error}");
    }
}

#[tokio::test]
async fn a_changed_entry_is_found() {
    let scene = scene().await;
    let mut raw = scene.raw().await;
    raw.run("CREATE TABLE kept AS SELECT * FROM audit WHERE seq = 5", &[], 0).await;
    let changes = [
        "at = at + 1",
        "revision = revision + 1",
        "change_id = zeroblob(16)",
        "actor = zeroblob(16)",
        "action = 'secret.create '",
        "secret = zeroblob(16)",
        "detail = detail || '!'",
        "channel = 'http'",
        "address = ''",
        "request = 'r'",
        "key_id = (SELECT id FROM data_keys WHERE kind = 'digest')",
        "mac = zeroblob(32)",
        "mac = x''",
    ];
    for change in changes {
        raw.run(&format!("UPDATE audit SET {change} WHERE seq = 5"), &[], 1).await;
        scene.assert_broken_at(5, change).await;
        raw.run("DELETE FROM audit WHERE seq = 5", &[], 1).await;
        raw.run("INSERT INTO audit SELECT * FROM kept", &[], 1).await;
        assert_audited(&scene.engine, ENTRIES).await;
    }
}

#[tokio::test]
async fn a_removed_entry_is_found() {
    for place in [1, 5, ENTRIES - 1] {
        let scene = scene().await;
        let mut raw = scene.raw().await;
        raw.run(&format!("DELETE FROM audit WHERE seq = {place}"), &[], 1).await;
        scene.assert_broken_at(place, "removed").await;
        // Closing the gap does not hide it: the one that moved up does not follow the one before.
        raw.run(&format!("UPDATE audit SET seq = -seq WHERE seq > {place}"), &[], ENTRIES - place).await;
        raw.run("UPDATE audit SET seq = -seq - 1 WHERE seq < 0", &[], ENTRIES - place).await;
        scene.assert_broken_at(place, "closed up").await;
    }
}

#[tokio::test]
async fn entries_that_changed_places_are_found() {
    let scene = scene().await;
    let mut raw = scene.raw().await;
    for (from, to) in [(5, -1), (6, 5), (-1, 6)] {
        raw.run(&format!("UPDATE audit SET seq = {to} WHERE seq = {from}"), &[], 1).await;
    }
    scene.assert_broken_at(5, "reordered").await;
}

#[tokio::test]
async fn an_entry_made_up_is_found() {
    let scene = scene().await;
    let mut raw = scene.raw().await;
    let columns = "at, revision, actor, action, secret, detail, channel, address, request, key_id, mac";
    let next = ENTRIES + 1;
    raw.run(
        &format!(
            "INSERT INTO audit (chain, seq, change_id, {columns}) \
             SELECT chain, {next}, randomblob(16), {columns} FROM audit WHERE seq = {ENTRIES}"
        ),
        &[],
        1,
    )
    .await;
    scene.assert_broken_at(next, "made up").await;
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found_by_the_next_entry_and_by_a_noted_head() {
    let scene = scene().await;
    let noted = scene.engine.verify_audit(LOCAL_CHAIN).await.unwrap();
    let mut raw = scene.raw().await;
    raw.run(&format!("DELETE FROM audit WHERE seq = {ENTRIES}"), &[], 1).await;
    // What is left is a whole chain, which is why heads are noted elsewhere.
    assert_ne!(scene.engine.verify_audit(LOCAL_CHAIN).await.ok(), Some(noted));
    scene.secrets.create("another", [("key", "value")]).await.unwrap();
    scene.assert_broken_at(ENTRIES, "cut off").await;
}

#[tokio::test]
async fn a_restart_goes_on_with_the_chain() {
    let scene = scene().await;
    let again = scene.site.engine(Vec::new(), quick()).await;
    scene.site.secrets(&again).create("another", [("key", "value")]).await.unwrap();
    assert_audited(&again, ENTRIES + 1).await;
}
