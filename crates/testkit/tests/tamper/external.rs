//! Values at a service that somebody else can write.

use super::{assert_repairable, assert_told, two_versions};
use crate::site::{Site, assert_audited, main_store, text, uncached};
use std::time::Duration;
use strongroom_core::{
    Backend as _, ErrorKind, GetOptions, Limits, Payload, Removal, SecretMeta, Secrets, SecretsStore as _,
};
use strongroom_engine::Engine;
use strongroom_testkit::{Held, MemoryBackend};

struct Scene {
    site: Site,
    held: Held,
    service: MemoryBackend,
    engine: Engine,
    secrets: Secrets,
    db: SecretMeta,
}

async fn scene(seal: bool) -> Scene {
    let (site, held) = (Site::in_memory().await, Held::new());
    let limits = Limits::new(100_000, Removal::Destroys).bulk_read(20);
    let engine = site.engine(vec![main_store(site.service(&held).limits(limits), seal)], uncached()).await;
    let secrets = site.secrets(&engine);
    let db = two_versions(&secrets, "prod/db").await;
    let service = site.service(&held);
    Scene { site, held, service, engine, secrets, db }
}

impl Scene {
    /// The bytes of a secret's current version, as the service holds them.
    async fn bytes(&self, of: &SecretMeta) -> Vec<u8> {
        let (object, at) = self.site.place(of.id).await;
        self.service.get(object, &at).await.unwrap().expose().to_vec()
    }

    /// Puts bytes in place of them.
    async fn tamper(&self, with: &SecretMeta, bytes: Vec<u8>) {
        let (object, at) = self.site.place(with.id).await;
        assert!(self.held.tamper(self.site.identity.namespace, object, &at, Payload::new(bytes)));
    }

    async fn assert_read_as(&self, kinds: &[ErrorKind], what: &str) {
        assert_told(self.secrets.get("prod/db").await, kinds, &self.db, what);
    }

    /// The bytes of the version before the current one.
    async fn older(&self) -> Vec<u8> {
        let row = self.site.catalog.version(self.db.id, strongroom_core::Revision(1)).await.unwrap().unwrap();
        let strongroom_engine::Place::External { object, at, .. } = row.version.place else { panic!() };
        self.service.get(object, &at).await.unwrap().expose().to_vec()
    }
}

/// Runs a case with plain and with sealed values.
macro_rules! both {
    ($($case:ident)*) => {
        mod plain {
            $(#[tokio::test] async fn $case() { super::$case(false).await; })*
        }
        mod sealed {
            $(#[tokio::test] async fn $case() { super::$case(true).await; })*
        }
    };
}

both! {
    a_changed_byte_is_noticed
    other_bytes_are_noticed
    payloads_that_changed_places_are_noticed
    an_older_version_put_back_is_noticed
    what_is_gone_is_not_there_yet_and_later_lost
    a_damaged_secret_can_be_rolled_back_or_written_anew
    damage_of_one_is_told_of_that_one_alone
    a_damaged_secret_does_not_move
}

async fn a_changed_byte_is_noticed(seal: bool) {
    let scene = scene(seal).await;
    let bytes = scene.bytes(&scene.db).await;
    // Eight bytes that tell the format, in base64.
    let format = if seal { 11 } else { 0 };
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        scene.tamper(&scene.db, damaged).await;
        let kinds: &[_] =
            if at < format { &[ErrorKind::Corrupt, ErrorKind::Unsupported] } else { &[ErrorKind::Corrupt] };
        scene.assert_read_as(kinds, &format!("byte {at}")).await;
    }
    scene.tamper(&scene.db, bytes).await;
    assert!(scene.secrets.get("prod/db").await.is_ok());
    assert_audited(&scene.engine, 2).await;
}

async fn other_bytes_are_noticed(seal: bool) {
    let scene = scene(seal).await;
    let bytes = scene.bytes(&scene.db).await;
    let others: [&[u8]; 9] = [
        b"",
        b"{}",
        b"null",
        b"\xff\xfe",
        br#"{"password":"guessed"}"#,
        br#"{"password":1}"#,
        br#"{"password":"a","password":"b"}"#,
        br#"{"password":{"nested":"c4n4ry-v4lue-new"}}"#,
        &bytes[..bytes.len() - 1],
    ];
    for other in others {
        scene.tamper(&scene.db, other.to_vec()).await;
        scene.assert_read_as(&[ErrorKind::Corrupt], &String::from_utf8_lossy(other)).await;
    }
}

async fn payloads_that_changed_places_are_noticed(seal: bool) {
    let scene = scene(seal).await;
    // Even one with the very same values.
    let twin = two_versions(&scene.secrets, "prod/mail").await;
    let (db, mail) = (scene.bytes(&scene.db).await, scene.bytes(&twin).await);
    scene.tamper(&scene.db, mail).await;
    scene.tamper(&twin, db).await;
    if seal {
        scene.assert_read_as(&[ErrorKind::Corrupt], "swapped").await;
        assert_told(scene.secrets.get("prod/mail").await, &[ErrorKind::Corrupt], &twin, "swapped");
    } else {
        // Plain values that are the same are the same.
        assert!(scene.secrets.get("prod/db").await.is_ok());
        crate::site::replace(&scene.secrets, twin.id, crate::site::one("password", "another")).await;
        let (db, mail) = (scene.bytes(&scene.db).await, scene.bytes(&twin).await);
        scene.tamper(&scene.db, mail).await;
        scene.tamper(&twin, db).await;
        scene.assert_read_as(&[ErrorKind::Corrupt], "swapped").await;
        assert_told(scene.secrets.get("prod/mail").await, &[ErrorKind::Corrupt], &twin, "swapped");
    }
}

async fn an_older_version_put_back_is_noticed(seal: bool) {
    let scene = scene(seal).await;
    let older = scene.older().await;
    scene.tamper(&scene.db, older).await;
    scene.assert_read_as(&[ErrorKind::Corrupt], "rolled back").await;
}

async fn what_is_gone_is_not_there_yet_and_later_lost(seal: bool) {
    let scene = scene(seal).await;
    let (object, at) = scene.site.place(scene.db.id).await;
    scene.service.remove(object, &at).await.unwrap();
    scene.assert_read_as(&[ErrorKind::Unavailable], "young").await;
    scene.site.clock.skip(Duration::from_secs(3600));
    scene.assert_read_as(&[ErrorKind::Lost], "removed").await;
    scene.service.delete(object).await.unwrap();
    scene.assert_read_as(&[ErrorKind::Lost], "deleted with its object").await;
    // There is nothing to roll back to now, but new values can be written.
    crate::site::replace(&scene.secrets, scene.db.id, crate::site::one("password", "fresh")).await;
    assert_eq!(text(&scene.secrets.get("prod/db").await.unwrap(), "password"), "fresh");
}

async fn a_damaged_secret_can_be_rolled_back_or_written_anew(seal: bool) {
    let scene = scene(seal).await;
    assert_repairable(&scene.secrets, &scene.db, async || {
        scene.tamper(&scene.db, b"{\"password\":\"guessed\"}".to_vec()).await;
    })
    .await;
    assert_repairable(&scene.secrets, &scene.db, async || {
        let (object, at) = scene.site.place(scene.db.id).await;
        scene.service.remove(object, &at).await.unwrap();
        scene.site.clock.skip(Duration::from_secs(3600));
    })
    .await;
    assert_audited(&scene.engine, 6).await;
}

async fn damage_of_one_is_told_of_that_one_alone(seal: bool) {
    let scene = scene(seal).await;
    let mail = two_versions(&scene.secrets, "prod/mail").await;
    scene.tamper(&scene.db, b"{}".to_vec()).await;
    let both = [scene.db.id.into(), mail.id.into()];
    let mut answers = scene.engine.get(&scene.site.context(), &both, &GetOptions::new()).await;
    assert!(answers.pop().unwrap().is_ok(), "the whole one");
    assert_told(answers.pop().unwrap(), &[ErrorKind::Corrupt], &scene.db, "the damaged one");
}

async fn a_damaged_secret_does_not_move(seal: bool) {
    let scene = scene(seal).await;
    scene.tamper(&scene.db, b"{}".to_vec()).await;
    let moved = scene.engine.move_all(None).await.unwrap();
    assert_eq!(moved.stayed.iter().map(|stayed| stayed.secret).collect::<Vec<_>>(), [scene.db.id]);
    let error = moved.whole().expect_err("damaged values were moved");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.to_string().contains("prod/db"), "{error}");
    scene.assert_read_as(&[ErrorKind::Corrupt], "still where it was").await;
}
