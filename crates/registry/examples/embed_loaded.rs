//! Secrets in a program of yours, without a database, that are there again at the next start: the catalog is in memory
//! and is loaded from what the back-end holds.
//!
//! The back-end is the directory of the testkit here; those of `Registry::builtin()`, and yours, are opened in the same way.

use std::{path::Path, sync::Arc};
use strongroom::{
    Context, ExposeSecret, Result, Secrets, Settings, System,
    engine::{
        Engine, InMemory, Store, StoreName,
        crypto::{Derived, RootKey},
    },
};
use strongroom_testkit::PLUGIN;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let directory = std::env::temp_dir().join(format!("strongroom-loaded-{}", std::process::id()));
    // All that has to be kept beside the back-end.
    let kept = RootKey::generate()?.to_text();

    let (engine, secrets) = open(kept.expose_secret(), &directory).await?;
    secrets.create("db", [("user", "app"), ("password", "one")]).await?;
    secrets.set("db", "password", "two").await?;
    // What an interrupted change left in the back-end is removed.
    engine.sweep().await?;
    drop((engine, secrets));

    let (_, secrets) = open(kept.expose_secret(), &directory).await?;
    let db = secrets.get("db").await?;
    assert_eq!(db.values.get("password").map(ExposeSecret::expose_secret), Some("two"));
    assert_eq!(secrets.versions("db").await?.len(), 2);

    // A directory that stays behind in the temporary ones does no harm.
    drop(std::fs::remove_dir_all(directory));
    Ok(())
}

async fn open(root: &str, directory: &Path) -> Result<(Engine, Secrets)> {
    let root = RootKey::parse(root)?;
    let derived = Derived::of(&root, None)?;
    let settings = Settings::of("store", [("path", directory.display().to_string())]);
    let backend = PLUGIN.open_backend(settings, derived.namespace()).await?;
    let store = Store::new(StoreName::new("main")?, backend, true);
    let opened = InMemory::new(derived, Arc::new(root), Arc::new(System::new()), store);
    let (engine, loaded) = opened.owner("app").open().await?;
    // What is not as it should be was left alone: somebody should be told.
    assert_eq!(loaded.left, []);
    let context = Context::full(engine.identity().owner.id, "library");
    Ok((engine.clone(), Secrets::new(Arc::new(engine), context)))
}
