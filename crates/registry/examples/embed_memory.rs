//! Secrets in a program of yours, without a database: names and sealed values are in memory, as long as it runs.

use std::sync::Arc;
use strongroom::{
    Context, ExposeSecret, Result, Secrets, System,
    engine::{Engine, EngineOptions, Env, MemoryCatalog, Parts, crypto::RootKey, initialise},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let env: Arc<dyn Env> = Arc::new(System::new());
    let (catalog, roots) = (Arc::new(MemoryCatalog::new(env.clone())), Arc::new(RootKey::generate()?));
    let identity = initialise(&*catalog, &*roots, &*env, "app", None).await?;
    let context = Context::full(identity.owner.id, "library");
    // A back-end that is thrown away too would be one of `stores`, and its name the `target`.
    let (stores, target, options) = (Vec::new(), None, EngineOptions::default());
    let engine = Engine::open(Parts { catalog, identity, roots, env, stores, target, options }).await?;

    let secrets = Secrets::new(Arc::new(engine), context);
    secrets.create("db", [("user", "app"), ("password", "hunter2")]).await?;
    let db = secrets.get("db").await?;
    assert_eq!(db.values.get("password").map(ExposeSecret::expose_secret), Some("hunter2"));
    Ok(())
}
