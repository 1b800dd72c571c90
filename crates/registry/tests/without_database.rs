//! `database.url = "memory:"`: no database, and everything is there again.
#![cfg(feature = "_sql")]

use secrecy::ExposeSecret as _;
use std::path::Path;
use strongroom::{
    Config, ErrorKind, Open, OpenOptions, Places, Registry, Result, SecretFilter, engine::crypto::RootKey,
    settings::Vars,
};
use strongroom_testkit::PLUGIN;

const NAMESPACE: &str = "6f1c1d2e-5a54-4b0c-9a55-0c3f1f6b3a11";

/// A configuration with a root key in a file.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let key = RootKey::generate().unwrap().to_text();
        std::fs::write(home.path().join("root.key"), key.expose_secret()).unwrap();
        Self(home)
    }

    fn text(&self, database: &str) -> String {
        let home = self.0.path().display();
        format!(
            "[database]\nurl = 'memory:'\n{database}\n[keys]\nfile = '{home}/root.key'\n[store]\ntype = 'directory'\n\
             path = '{home}/held'\n"
        )
    }

    async fn open(&self, text: &str) -> Result<Open> {
        open(text, self.0.path()).await
    }
}

async fn open(text: &str, home: &Path) -> Result<Open> {
    let config = Config::parse(text, Vars::empty())?;
    let places = Places { config: home.join("config"), data: home.join("data") };
    let options = OpenOptions::default().places(places);
    let opened = config.open(&Registry::builtin().with(PLUGIN), options).await;
    assert!(!home.join("config").exists() && !home.join("data").exists(), "something was made");
    opened
}

async fn names(open: &Open) -> Vec<String> {
    let page = open.secrets().list(&SecretFilter::new().size(100)).await.unwrap();
    page.items.into_iter().map(|meta| meta.name.to_string()).collect()
}

#[tokio::test]
async fn what_was_closed_is_there_again() {
    let home = Home::new();
    let text = home.text("");
    let open = home.open(&text).await.unwrap();
    assert_eq!((open.notices.as_slice(), open.owner.name.as_str()), ([].as_slice(), "admin"));
    assert!(open.database.is_none());
    open.secrets().create("db", [("password", "one")]).await.unwrap();
    open.secrets().set("db", "password", "two").await.unwrap();
    let before = (open.owner.clone(), open.secrets().get("db").await.unwrap().meta);
    open.close().await.unwrap();

    let open = home.open(&text).await.unwrap();
    assert_eq!(open.notices, [""; 0]);
    let db = open.secrets().get("db").await.unwrap();
    assert_eq!((open.owner.clone(), db.meta), before);
    assert_eq!(db.values.get("password").unwrap().expose_secret(), "two");
    assert_eq!(open.secrets().versions("db").await.unwrap().len(), 2);
    open.close().await.unwrap();
}

#[tokio::test]
async fn a_namespace_of_ones_own_is_another_place() {
    let home = Home::new();
    let own = home.text(&format!("namespace = '{NAMESPACE}'"));
    let open = home.open(&home.text("")).await.unwrap();
    open.secrets().create("derived", [("a", "1")]).await.unwrap();
    let open = home.open(&own).await.unwrap();
    assert_eq!(names(&open).await, [""; 0]);
    assert_eq!(open.engine.as_ref().unwrap().identity().namespace.to_string(), NAMESPACE);
    open.secrets().create("named", [("a", "1")]).await.unwrap();
    assert_eq!(names(&home.open(&own).await.unwrap()).await, ["named"]);
    assert_eq!(names(&home.open(&home.text("")).await.unwrap()).await, ["derived"]);
}

#[tokio::test]
async fn what_is_not_ours_is_told_and_not_loaded() {
    let home = Home::new();
    let text = home.text(&format!("namespace = '{NAMESPACE}'"));
    home.open(&text).await.unwrap().secrets().create("db", [("a", "1")]).await.unwrap();
    let key = RootKey::generate().unwrap().to_text();
    std::fs::write(home.0.path().join("root.key"), key.expose_secret()).unwrap();
    let open = home.open(&text).await.unwrap();
    assert_eq!(names(&open).await, [""; 0]);
    let [notice] = &*open.notices else { panic!("{:?}", open.notices) };
    assert!(
        notice.starts_with("the store holds labels that this deployment did not write: object "),
        "{notice}"
    );
}

#[tokio::test]
async fn what_is_damaged_is_told_and_the_rest_is_loaded() {
    let home = Home::new();
    let text = home.text(&format!("namespace = '{NAMESPACE}'"));
    let open = home.open(&text).await.unwrap();
    open.secrets().create("db", [("a", "1")]).await.unwrap();
    let objects = home.0.path().join("held").join(NAMESPACE);
    let damaged = std::fs::read_dir(&objects).unwrap().next().unwrap().unwrap();
    open.secrets().create("web", [("a", "1")]).await.unwrap();
    open.close().await.unwrap();
    std::fs::write(damaged.path().join("labels"), "canary").unwrap();
    let open = home.open(&text).await.unwrap();
    assert_eq!(names(&open).await, ["web"]);
    let object = damaged.file_name().into_string().unwrap();
    let told = format!("the store holds what is damaged, so that a secret may be missing: object {object}");
    assert_eq!(open.notices, [told]);
}

#[tokio::test]
async fn a_wrong_configuration_names_the_key() {
    let home = Home::new();
    let path = home.0.path().display();
    let keys = format!("[keys]\nfile = '{path}/root.key'\n");
    let store = format!("[store]\ntype = 'directory'\npath = '{path}/held'\n");
    let memory = "[database]\nurl = 'memory:'\n";
    for (text, named) in [
        (format!("{memory}{store}"), "STRONGROOM_KEYS_FILE"),
        (format!("{memory}{keys}"), "store.type: with"),
        (format!("{memory}{keys}[stores.default]\ntype = 'sql'\n"), "stores.default.type: with"),
        (
            format!("{memory}{keys}{store}[stores.old]\ntype = 'directory'\npath = '{path}/old'"),
            "stores.old: with",
        ),
        (format!("{memory}{keys}{store}[stores.old]\ntype = 'sql'"), "stores.old: with"),
        (format!("{memory}namespace = 'canary'\n{keys}{store}"), "namespace"),
        (format!("[database]\nnamespace = '{NAMESPACE}'\n{keys}{store}"), "database.namespace"),
    ] {
        let error = home.open(&text).await.expect_err("it must be refused");
        let shown = error.to_string();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{shown}");
        assert!(shown.contains(named) && !shown.contains("canary"), "{text}: {shown}");
    }
}
