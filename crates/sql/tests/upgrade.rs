//! What the first schema's program wrote is read by today's.
//!
//! `upgrade/first.jsonl` holds the rows that the command line of that time left in a SQLite file: creates, updates, a
//! removed key, a rename, a deletion and a rotation. The tables are made as its runner made them, from the migration that has
//! not changed since (the runner compares its checksum).

mod common;
#[path = "upgrade/rows.rs"]
mod rows;

use common::{
    engine::{Deployment, Process, text},
    options,
};
use std::collections::BTreeMap;
use strongroom_core::{GetOptions, Revision, SecretFilter, SecretName, SecretRef};
use strongroom_engine::{Catalog, LOCAL_CHAIN, crypto::KeyKind};
use strongroom_sql::SqlCatalog;

/// The root key of that database. It opens nothing else.
const ROOT: &str = "strongroom-root-key:v1:15638cc1bce6b04ece59d60b825fd731:jyVbUitK6kJgw09i/VkFpng/GzSbYq0kiI71ihwuWy4=:fffa48f4";

async fn values(process: &Process, name: &str, as_of: Option<u64>) -> BTreeMap<String, String> {
    let which = SecretRef::Name { name: SecretName::new(name).unwrap(), private: None };
    let options = as_of.map_or_else(GetOptions::new, |revision| GetOptions::new().as_of(Revision(revision)));
    let secret = process.secrets().get_ref(&which, &options).await.unwrap();
    secret.values.keys().map(|key| (key.to_owned(), text(&secret, key))).collect()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Reads everything, writes beside it, and does with it what an operator does.
async fn assert_whole(catalog: SqlCatalog) {
    let process = Deployment::of(ROOT).process(catalog).await;
    let list = process.secrets().list(&SecretFilter::new()).await.unwrap();
    let names: Vec<&str> = list.items.iter().map(|meta| meta.name.as_str()).collect();
    assert_eq!((names.len(), list.total), (5, 5), "{names:?}");
    let both = map(&[("user", "admin"), ("password", "pässword \"x\"")]);
    assert_eq!(values(&process, "prod/db", Some(1)).await, both);
    let both = map(&[("user", "admin"), ("password", "second")]);
    assert_eq!(values(&process, "prod/db", Some(2)).await, both);
    assert_eq!(values(&process, "prod/db", None).await, map(&[("password", "second")]));
    assert_eq!(values(&process, "Mine", None).await, map(&[("k", "v\n2")]));
    assert_eq!(values(&process, "empty", None).await, map(&[]));
    assert_eq!(values(&process, "Prod/DB ", None).await, map(&[("a", "1")]));
    assert_eq!(values(&process, "after", None).await, map(&[("seal", "new")]));
    let mine = list.items.iter().find(|meta| meta.name.as_str() == "Mine").unwrap();
    assert!(mine.private && mine.owner.id == process.identity.owner.id && mine.owner.name == "admin");
    process.engine.verify_audit(LOCAL_CHAIN).await.unwrap();

    process.secrets().set("prod/db", "password", "third").await.unwrap();
    process.secrets().create("new", [("k", "v")]).await.unwrap();
    let rotated = process.engine.rotate(KeyKind::Seal, false).await.unwrap();
    assert_eq!((rotated.resealed, rotated.kept.len()), (9, 0));
    assert_eq!(values(&process, "prod/db", Some(2)).await, both);
    assert_eq!(values(&process, "prod/db", None).await, map(&[("password", "third")]));
    process.secrets().delete("empty").await.unwrap();
    process.engine.announce("a server of today").await.unwrap();
    // What later schemas added works for what was there before them.
    let accounts = process.catalog.accounts().await.unwrap();
    assert_eq!((accounts.len(), accounts[0].name.as_str()), (1, "admin"));
    let principal = process.catalog.principal(process.identity.owner.id, None).await.unwrap();
    assert!(principal.account.is_some() && principal.grants.is_empty());
    assert!(process.catalog.auth_epoch().await.unwrap() > 0);
    process.assert_whole(None).await;
    process.catalog.close().await.unwrap();
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_what_the_first_schema_holds_is_read() {
    let (_directory, path) = common::place();
    rows::sqlite(&path).await;
    assert_whole(SqlCatalog::open(options(&path)).await.unwrap()).await;
    // The copy that was made before is what it was.
    let copy = std::fs::read_dir(_directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let copy = copy.into_iter().find(|path| path.to_str().unwrap().contains(".before-")).unwrap();
    assert_whole(SqlCatalog::open(options(copy.to_str().unwrap())).await.unwrap()).await;
    let (catalog, removed) = SqlCatalog::finish(options(&path)).await.unwrap();
    assert!(removed && catalog.summary().await.unwrap().secrets == 5);
}

#[cfg(all(feature = "postgres", feature = "mysql"))]
mod servers {
    use super::{SqlCatalog, assert_whole, options, rows};
    use crate::common::server::{Databases, Server};
    use strongroom_core::ErrorKind;
    use strongroom_engine::Catalog;

    async fn what_the_first_schema_holds_is_read(server: Server) {
        let databases = Databases::on(server);
        let url = databases.fresh().await;
        rows::on(server, &url).await;
        let error = SqlCatalog::open(options(&url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_whole(SqlCatalog::open_and_migrate(options(&url)).await.unwrap()).await;
        let (catalog, removed) = SqlCatalog::finish(options(&url)).await.unwrap();
        assert!(removed && catalog.summary().await.unwrap().secrets == 5);
        catalog.close().await.unwrap();
        databases.drop_all().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs PostgreSQL: cargo xtask test"]
    async fn postgres_what_the_first_schema_holds_is_read() {
        what_the_first_schema_holds_is_read(Server::Postgres).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs MariaDB: cargo xtask test"]
    async fn mariadb_what_the_first_schema_holds_is_read() {
        what_the_first_schema_holds_is_read(Server::MariaDb).await;
    }
}
