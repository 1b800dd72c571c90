//! `Debug` of what holds values.

use crate::canary::Canary;
use std::fmt::Debug;
use strongroom_core::{
    NewSecret, Owner, OwnerId, Payload, Secret, SecretId, SecretMeta, SecretName, SecretUpdate, SecretValues,
    Timestamp, ValuesChange,
};
use strongroom_engine::crypto::RootKey;

fn hides(canary: &Canary, what: &dyn Debug) {
    canary.is_not_in("Debug", format!("{what:?} {what:#?}").as_bytes());
}

#[test]
fn debug_shows_no_value() {
    let canary = Canary::new("debug");
    let name = SecretName::new("db").unwrap();
    let values = || -> SecretValues { [("key", canary.value())].into_iter().collect() };
    let owner = Owner { id: OwnerId(uuid::Uuid::nil()), name: "o".to_owned(), full_name: String::new() };
    let meta = SecretMeta::new(SecretId(uuid::Uuid::nil()), name.clone(), false, owner, Timestamp(0));
    hides(&canary, &values());
    hides(&canary, &NewSecret::new(name, values()));
    hides(&canary, &Secret::new(meta, values(), strongroom_core::Revision(1)));
    hides(&canary, &SecretUpdate::new().values(ValuesChange::Replace(values())));
    let merge = [("key".to_owned(), Some(canary.value().into()))].into_iter().collect();
    hides(&canary, &SecretUpdate::new().values(ValuesChange::Merge(merge)));
    hides(&canary, &Payload::new(canary.value().as_bytes().to_vec()));
    let config = format!("[store]\ntype = \"x\"\npassword = '''{}'''", canary.value());
    let config = strongroom::Config::parse(&config, strongroom_core::settings::Vars::empty()).unwrap();
    hides(&canary, &config);
    hides(&canary, &config.stores().unwrap());
    let location = strongroom_cli::Location { database: Some(canary.value().into()), ..Default::default() };
    hides(&canary, &location);
}

#[test]
fn debug_shows_no_root_key() {
    use secrecy::ExposeSecret as _;
    let key = RootKey::generate().unwrap();
    let text = key.to_text();
    let shown = format!("{text:?}");
    let encoded = text.expose_secret().split(':').nth(3).unwrap();
    assert!(!shown.contains(encoded));
}
