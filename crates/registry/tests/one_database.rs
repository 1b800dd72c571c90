//! A program with one database alone. `xtask/tests/features.rs` runs it.
#![cfg(all(feature = "sqlite", not(any(feature = "postgres", feature = "mysql"))))]

use strongroom::{Config, ErrorKind, OpenOptions, Places, Registry, settings::Vars};

#[tokio::test]
async fn another_one_names_its_feature() {
    let home = tempfile::tempdir().unwrap();
    let places = Places { config: home.path().join("config"), data: home.path().join("data") };
    let options = OpenOptions::default().places(places);
    for feature in ["postgres", "mysql"] {
        let text = format!("[database]\nurl = '{feature}://localhost/strongroom'");
        let config = Config::parse(&text, Vars::empty()).unwrap();
        let error = config.open(&Registry::builtin(), options.clone()).await.expect_err("it is not built in");
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("database.url: ") && text.contains(&format!("`{feature}`")), "{text}");
    }
    let config = Config::parse("", Vars::empty()).unwrap();
    config.open(&Registry::builtin(), options).await.unwrap().close().await.unwrap();
}
