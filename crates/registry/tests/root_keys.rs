//! Root keys that the program has, and not its configuration.
#![cfg(feature = "sqlite")]

use secrecy::ExposeSecret;
use std::{path::Path, sync::Arc};
use strongroom::{
    Config, ErrorKind, Open, OpenOptions, Places, Registry, Result, engine::crypto::RootKey, settings::Vars,
};

async fn open(text: &str, home: &Path, roots: Option<&Arc<RootKey>>) -> Result<Open> {
    let places = Places { config: home.join("config"), data: home.join("data") };
    let mut options = OpenOptions::default().places(places);
    if let Some(roots) = roots {
        options = options.root_keys(roots.clone());
    }
    Config::parse(text, Vars::empty())?.open(&Registry::builtin(), options).await
}

#[tokio::test]
async fn they_open_a_database_in_place_of_what_is_configured_and_no_key_is_made() {
    let home = tempfile::tempdir().unwrap();
    let roots = Arc::new(RootKey::generate().unwrap());
    for (text, held) in [("", None), ("[keys]\nfile = '/nowhere/root.key'", Some("hunter2"))] {
        let open = open(text, home.path(), Some(&roots)).await.unwrap();
        assert_eq!(open.engine.as_ref().unwrap().identity().root, roots.id());
        let told = open.notices.iter().filter(|notice| notice.starts_with("made a new database")).count();
        assert_eq!(told, usize::from(held.is_none()), "once, when it was made: {:?}", open.notices);
        match held {
            None => drop(open.secrets().create("db", [("password", "hunter2")]).await.unwrap()),
            Some(value) => {
                let db = open.secrets().get("db").await.unwrap();
                assert_eq!(db.values.get("password").unwrap().expose_secret(), value);
            }
        }
        open.close().await.unwrap();
    }
    assert!(!home.path().join("config").exists(), "a root key was made");

    let other = Arc::new(RootKey::generate().unwrap());
    assert!(open("", home.path(), Some(&other)).await.is_err());
    let error = open("", home.path(), None).await.expect_err("nobody has its root key");
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(error.to_string().contains(&roots.id().to_string()), "{error}");
}

#[tokio::test]
async fn without_a_database_they_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let roots = Arc::new(RootKey::generate().unwrap());
    let error = open("[database]\nurl = 'memory:'", home.path(), Some(&roots)).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(error.to_string().starts_with("database.url: "), "{error}");
}
