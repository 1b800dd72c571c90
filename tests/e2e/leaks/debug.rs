//! `Debug` of what holds values, and whether it can be serialised.

use crate::canary::Canary;
use serde::Serialize;
use std::{fmt::Debug, marker::PhantomData};
use strongroom_core::{
    NewSecret, Owner, OwnerId, Payload, Role, Scope, Secret, SecretId, SecretMeta, SecretName, SecretUpdate,
    SecretValues, Timestamp, ValuesChange,
};
use strongroom_engine::crypto::RootKey;
use strongroom_remote::NewAccount;

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
    hides(
        &canary,
        &NewAccount {
            name: "o".to_owned(),
            full_name: String::new(),
            description: String::new(),
            role: Role::Reader,
            scope: Scope::All,
            password: Some(canary.value().into()),
        },
    );
}

/// A type of which is asked whether it can be serialised: its own constant is there only then, else the trait's is taken.
#[allow(dead_code)]
struct Of<T>(PhantomData<T>);

impl<T: Serialize> Of<T> {
    const SERIALISED: bool = true;
}

trait Otherwise {
    const SERIALISED: bool = false;
}

impl<T> Otherwise for Of<T> {}

macro_rules! serialised {
    ($($name:ty),*) => {{
        let all = [$((stringify!($name), Of::<$name>::SERIALISED)),*];
        all.into_iter().filter_map(|(name, can_be)| can_be.then_some(name)).collect::<Vec<_>>()
    }};
}

#[test]
fn what_holds_values_cannot_be_serialised() {
    let found =
        serialised![String, Secret, SecretValues, NewSecret, SecretUpdate, Payload, RootKey, NewAccount];
    assert_eq!(found, ["String"], "a text alone, which shows that the test can tell");
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
