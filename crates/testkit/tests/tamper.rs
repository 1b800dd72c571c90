//! What was changed behind our back is noticed, named, and can be repaired; never believed.

#[path = "tamper/audit.rs"]
mod audit;
#[path = "tamper/external.rs"]
mod external;
#[path = "tamper/inline.rs"]
mod inline;
#[path = "tamper/keys.rs"]
mod keys;
mod site;

use site::{CANARY, text};
use strongroom_core::{Error, ErrorKind, Revision, Secret, SecretMeta, SecretUpdate, Secrets, ValuesChange};

/// The error is of this kind, says which secret it is about and shows nothing of what it holds.
fn assert_told(answer: Result<Secret, Error>, kinds: &[ErrorKind], about: &SecretMeta, what: &str) {
    let error = answer.expect_err(what);
    assert!(kinds.contains(&error.kind()), "{what}: {error:?}");
    let told = format!("{error} {error:?}");
    assert!(told.contains(&about.id.to_string()), "{what}: it does not say which secret: {told}");
    assert!(told.contains(about.name.as_str()), "{what}: it does not name the secret: {told}");
    assert_hidden(&told);
}

/// Nothing of the canary is shown, not even a piece of it.
fn assert_hidden(told: &str) {
    for piece in CANARY.as_bytes().windows(5) {
        let piece = std::str::from_utf8(piece).unwrap();
        assert!(!told.contains(piece), "a value is shown: {told}");
    }
}

/// A secret with two versions: `CANARY-old`, and `CANARY-new`, the current one.
async fn two_versions(secrets: &Secrets, name: &str) -> SecretMeta {
    let meta = secrets.create(name, [("password", format!("{CANARY}-old"))]).await.unwrap().meta;
    secrets.set(name, "password", format!("{CANARY}-new")).await.unwrap();
    meta
}

/// Rolling back to the intact version makes the secret whole again, and so do new values.
async fn assert_repairable(secrets: &Secrets, meta: &SecretMeta, damage: impl AsyncFn()) {
    damage().await;
    let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
    secrets.update(&meta.id.into(), back).await.expect("it cannot be rolled back");
    let read = secrets.get(meta.name.as_str()).await.expect("it is not whole after the rollback");
    assert_eq!(text(&read, "password"), format!("{CANARY}-old"));
    damage().await;
    assert!(secrets.get(meta.name.as_str()).await.is_err(), "the damage did no harm");
    site::replace(secrets, meta.id, site::one("password", "fresh")).await;
    let read = secrets.get(meta.name.as_str()).await.expect("it is not whole after new values");
    assert_eq!(text(&read, "password"), "fresh");
}
