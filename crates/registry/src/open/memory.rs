//! Opening without a database.

use super::{Open, catalog::OWNER, in_store};
use crate::{
    Config, Registry,
    config::{DEFAULT_STORE, Database},
};
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_engine::{Env, InMemory, Left};

impl Config {
    /// The one store, whose labels are the catalog.
    pub(super) async fn open_in_memory(
        &self,
        registry: &Registry,
        database: &Database,
        env: Arc<dyn Env>,
        chain: Option<String>,
    ) -> Result<Open> {
        let Some(roots) = self.configured_root()? else {
            return Err(Error::new(
                ErrorKind::ConfigInvalid,
                "database.url: without a database everything follows from the root key, which must be named: make one \
                 with `strongroom keys generate --output FILE`, keep a copy of it in a safe place, and set \
                 STRONGROOM_KEYS_FILE=FILE",
            ));
        };
        let (default, other): (Vec<_>, Vec<_>) =
            self.stores()?.into_iter().partition(|(name, _)| name == DEFAULT_STORE);
        if let Some((_, other)) = other.first() {
            let text = "with database.url = \"memory:\" there can be one store alone: remove this one";
            return Err(in_store(other.settings.section(), text));
        }
        let derived = roots.derive(database.namespace)?;
        let (mut stores, _) = self.open_stores(registry, derived.namespace()).await?;
        let Some(store) = stores.pop() else {
            let section = default.first().map_or("store", |(_, store)| store.settings.section());
            let text = "type: with database.url = \"memory:\" values need a back-end outside of the database: choose \
                        another type";
            return Err(in_store(section, text));
        };
        let mut options = self.engine()?.options();
        options.chain = chain.unwrap_or(options.chain);
        let opened = InMemory::new(derived, Arc::new(roots), env, store).owner(OWNER).options(options);
        let (engine, loaded) = opened.open().await?;
        let owner = engine.identity().owner.clone();
        let store = Arc::new(engine.clone());
        Ok(Open { store, engine: Some(engine), database: None, owner, notices: notices(&loaded.left) })
    }
}

/// A line for each reason why something was left alone.
fn notices(left: &[Left]) -> Vec<String> {
    let mut by_reason: BTreeMap<String, Vec<&Left>> = BTreeMap::new();
    for one in left {
        by_reason.entry(one.why.to_string()).or_default().push(one);
    }
    let told = by_reason.into_iter().map(|(why, all)| {
        let more =
            if all.len() > 1 { format!(", and {} more like it", all.len() - 1) } else { String::new() };
        let object = all.first().map(|one| one.object.to_string()).unwrap_or_default();
        format!("the store holds {why}: object {object}{more}")
    });
    told.collect()
}
