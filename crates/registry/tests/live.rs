//! A back-end that the program has, and no configuration describes.
#![cfg(feature = "sqlite")]

use secrecy::ExposeSecret;
use std::{path::Path, sync::Arc};
use strongroom::{Config, ErrorKind, Open, OpenOptions, Places, Registry, Result, settings::Vars};
use strongroom_testkit::{Held, MemoryBackend};

fn registry(held: &Held) -> Registry {
    let held = held.clone();
    Registry::builtin().with_backend("mine", move |namespace| Arc::new(MemoryBackend::new(&held, namespace)))
}

async fn open(text: &str, home: &Path, registry: &Registry) -> Result<Open> {
    let places = Places { config: home.join("config"), data: home.join("data") };
    Config::parse(text, Vars::empty())?.open(registry, OpenOptions::default().places(places)).await
}

#[tokio::test]
async fn it_holds_the_values_of_a_store_of_its_type() {
    let (home, held) = (tempfile::tempdir().unwrap(), Held::default());
    let registry = registry(&held);
    let text = "[store]\ntype = 'mine'\nseal = false\ncall_attempts = 2";
    let first = open(text, home.path(), &registry).await.unwrap();
    first.secrets().create("db", [("password", "hunter2")]).await.unwrap();
    first.close().await.unwrap();

    let again = open(text, home.path(), &registry).await.unwrap();
    let db = again.secrets().get("db").await.unwrap();
    assert_eq!(db.values.get("password").unwrap().expose_secret(), "hunter2");
    again.close().await.unwrap();

    let emptied = self::registry(&Held::default());
    let elsewhere = open(text, home.path(), &emptied).await.unwrap();
    assert!(elsewhere.secrets().get("db").await.is_err(), "the values were not in the back-end");
}

#[tokio::test]
async fn it_has_no_keys_and_takes_no_type_that_is_there() {
    let (home, held) = (tempfile::tempdir().unwrap(), Held::default());
    for (registry, text, told) in [
        (registry(&held), "[store]\ntype = 'mine'\nregion = 'x'", "store: unknown key `region`"),
        (registry(&held).with_backend("mine", |_| panic!("opened")), "[store]\ntype = 'mine'", "two plugins"),
    ] {
        let error = open(text, home.path(), &registry).await.expect_err("it must be refused");
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
}
