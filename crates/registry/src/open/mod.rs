//! Opening what a configuration describes.

#[cfg(not(unix))]
compile_error!("opening a store needs a Unix, whose modes of files keep a root key to its user");

mod catalog;
mod memory;
mod options;
mod places;
mod process;
mod roots;

pub use options::OpenOptions;
pub use places::Places;
pub use roots::RootSource;

use crate::{
    Config, Registry, System,
    config::{DEFAULT_STORE, StoreEngineSettings},
};
use futures::future::BoxFuture;
use std::{borrow::Cow, fmt, sync::Arc, time::Duration};
use strongroom_core::{
    Context, Error, ErrorKind, NamespaceId, OpenContext, Opened, Owner, OwnerId, Result, Secrets,
    SecretsStore,
};
use strongroom_engine::{Engine, Env, Parts, Store, StoreName, StoreOptions};
use strongroom_sql::SqlCatalog;
use uuid::Uuid;

/// An opened store.
#[non_exhaustive]
pub struct Open {
    /// The store, for callers of all kinds.
    pub store: Arc<dyn SecretsStore>,
    /// The engine behind it; `None` if the configured type is a whole store of its own.
    pub engine: Option<Engine>,
    /// The database of the catalog; `None` if that is in memory, or the type is a whole store.
    pub database: Option<Arc<SqlCatalog>>,
    /// The account that acts locally; over a whole store, which knows itself who calls, nobody.
    pub owner: Owner,
    /// What people should know: that a new database was made, a new root key; or what a store holds that was not loaded
    /// into a catalog in memory.
    pub notices: Vec<String>,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open")
            .field("engine", &self.engine)
            .field("database", &self.database)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Open {
    /// The local account, with every right but to others' private secrets.
    #[must_use]
    pub fn context(&self, channel: &str) -> Context {
        Context::full(self.owner.id, channel)
    }

    /// A handle on behalf of the local account.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.store.clone(), self.context("library"))
    }

    /// Says in the database that this process stays, and goes on saying so in its [`upkeep`](Self::upkeep): while it does, the
    /// root key that it was opened with cannot be dropped, and tables that it works with stay. `at`: what operators find it
    /// by, besides the process and the host, such as the address that it listens on. An upkeep says so by itself if nobody
    /// did before.
    ///
    /// # Errors
    /// `ConfigInvalid` if the root key was dropped since it was opened, `Unsupported` if the tables were narrowed; of the
    /// database.
    pub async fn announce(&self, at: &str) -> Result<()> {
        match &self.engine {
            Some(engine) => engine.announce(&process::named(at)).await,
            None => Ok(()),
        }
    }

    /// Background work, to be driven by the program: removes what crashed writers left, and says that this process runs.
    /// Without it, the former is left to the next process that does, or to `repair`, and nobody knows of the latter.
    #[must_use]
    pub fn upkeep(&self) -> BoxFuture<'static, ()> {
        match self.engine.clone() {
            Some(engine) => Box::pin(async move {
                if !engine.is_announced() {
                    // Whatever is in the way is told, and tried again, by what follows.
                    let _ = engine.announce(&process::named("")).await;
                }
                engine.maintain().await;
            }),
            None => Box::pin(std::future::ready(())),
        }
    }

    /// Closes the database in good order. Where the catalog is in memory, what it still knows to be removed is removed
    /// now, if the store answers.
    ///
    /// # Errors
    /// Of the database.
    pub async fn close(self) -> Result<()> {
        let Self { store, engine, database, .. } = self;
        drop(store);
        if let Some(engine) = &engine {
            // What is not said is believed for a while longer.
            let _ = engine.withdraw().await;
        }
        match (database, engine) {
            (Some(database), _) => database.close().await,
            (None, Some(engine)) => engine.sweep().await.map(drop),
            (None, None) => Ok(()),
        }
    }
}

impl Config {
    /// Opens what is configured: the database first, which holds the namespace; then the root key, the stores, and the
    /// engine over all of them. An SQLite database that is not there is made, with a root key of its own, unless
    /// [`OpenOptions::existing`] says otherwise. A type that is a whole store, such as `remote`, is opened alone, without a
    /// database and a root key. With `memory:` as the database's URL there is none: the store is scanned, and what it holds
    /// is loaded (see [`InMemory`](strongroom_engine::InMemory)).
    ///
    /// ```no_run
    /// use strongroom::{Config, OpenOptions, Places, Registry, Result, environment};
    ///
    /// # async fn example() -> Result<()> {
    /// let config = Config::of_user(&Places::of_user()?, environment()?)?;
    /// let open = config.open(&Registry::builtin(), OpenOptions::default()).await?;
    /// open.secrets().create("db", [("user", "app"), ("password", "hunter2")]).await?;
    /// open.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Runtime
    /// This, and every call of what it opened, needs a tokio runtime with I/O and time enabled. What was opened lives as long
    /// as the runtime that it was opened on, as [`SqlCatalog::open`] says: one that a `block_on` made for the opening
    /// alone is too short.
    ///
    /// # Panics
    /// Outside of such a runtime.
    ///
    /// # Errors
    /// `ConfigInvalid`, naming the key and the remedy; `InvalidInput` for a new address where no store has one; `NotFound` if
    /// the database had to be there and is not; whatever the database and the stores say.
    pub async fn open(&self, registry: &Registry, options: OpenOptions) -> Result<Open> {
        self.check()?;
        if let Some(store) = self.open_whole(registry).await? {
            let owner = Owner { id: OwnerId(Uuid::nil()), name: String::new(), full_name: String::new() };
            return Ok(Open { store, engine: None, database: None, owner, notices: Vec::new() });
        }
        let env: Arc<dyn Env> = Arc::new(System::new());
        let OpenOptions { places, chain, new_address, root_keys, existing } = options;
        let database = self.database()?;
        if database.is_memory() {
            if root_keys.is_some() {
                let text = "database.url: without a database everything follows from the root key's text, which the \
                            configuration must name: root keys of the program's own need a database";
                return Err(Error::new(ErrorKind::ConfigInvalid, text));
            }
            if new_address.is_some() {
                let text = "new address: without a database no address is recorded: leave it out";
                return Err(Error::new(ErrorKind::InvalidInput, text));
            }
            return self.open_in_memory(registry, &database, env, chain).await;
        }
        if database.namespace.is_some() {
            let text = "database.namespace: a database holds its own namespace: remove the key";
            return Err(Error::new(ErrorKind::ConfigInvalid, text));
        }
        let places = places.map_or_else(Places::of_user, Ok)?;
        let catalog = self.open_catalog(registry, &places, &env, existing).await?;
        let (identity, roots, notices) =
            self.open_identity(&catalog, &places, &*env, root_keys, existing).await?;
        let (mut stores, target) = self.open_stores(registry, identity.namespace).await?;
        if let Some(name) = new_address {
            if stores.is_empty() {
                let text =
                    "new address: there is no store besides the database: configure the one that is meant";
                return Err(Error::new(ErrorKind::InvalidInput, text));
            }
            let Some(store) = stores.iter_mut().find(|store| store.name.as_str() == name) else {
                let names: Vec<_> = stores.iter().map(|store| store.name.as_str()).collect();
                let text = format!("new address: there is no such store; use one of: {}", names.join(", "));
                return Err(Error::new(ErrorKind::ConfigInvalid, text));
            };
            store.options.new_address = true;
        }
        let owner = identity.owner.clone();
        let mut options = self.engine()?.options();
        options.chain = chain.unwrap_or(options.chain);
        let parts = Parts { catalog: catalog.clone(), identity, roots, env, stores, target, options };
        let engine = Engine::open(parts).await?;
        let store = Arc::new(engine.clone());
        Ok(Open { store, engine: Some(engine), database: Some(catalog), owner, notices })
    }

    /// The default store, if its type is a whole store.
    async fn open_whole(&self, registry: &Registry) -> Result<Option<Arc<dyn SecretsStore>>> {
        let mut stores = self.stores()?;
        let Some(default) = stores.remove(DEFAULT_STORE) else { return Ok(None) };
        let kind = default.kind.clone();
        let section = default.settings.section().to_owned();
        if !registry.find(&kind).map_err(|error| error.in_section(&section))?.whole {
            return Ok(None);
        }
        if default.seal.is_some() {
            let text = "seal: this type is a whole store, whose values are not sealed here: remove the key";
            return Err(in_store(&section, text));
        }
        if let Some(key) = default.engine.any() {
            let text = "this type is a whole store, which has times and repeats of its own: remove the key";
            return Err(in_store(&section, format!("{key}: {text}")));
        }
        if let Some(other) = stores.values().next() {
            let text = "the default store is a whole store, beside which there can be no other: remove one of the two";
            return Err(in_store(other.settings.section(), text).with("default", kind));
        }
        match registry.open(default, OpenContext::new(NamespaceId(Uuid::nil()))).await? {
            Opened::Store(store) => Ok(Some(store)),
            _ => {
                Err(Error::new(ErrorKind::Unexpected, "this type says that it is a whole store, and is none")
                    .with("section", section)
                    .with("type", kind))
            }
        }
    }

    /// The back-ends, and the one where new values go; `None` for the database itself.
    async fn open_stores(
        &self,
        registry: &Registry,
        namespace: NamespaceId,
    ) -> Result<(Vec<Store>, Option<StoreName>)> {
        let (mut stores, mut target) = (Vec::new(), None);
        let configured = self.stores()?;
        let wanted = Self::target(&configured).to_owned();
        for (name, settings) in configured {
            let store_name = StoreName::new(name.clone())?;
            let (seal, own) = (settings.seal, settings.engine.clone());
            let section = settings.settings.section().to_owned();
            let plugin_seals =
                registry.find(&settings.kind).map_err(|error| error.in_section(&section))?.seal_by_default;
            let opened = registry.open(settings, OpenContext::new(namespace)).await?;
            match opened {
                Opened::Inline if seal == Some(false) => {
                    let text = "seal: values in the database are always sealed: remove the key";
                    return Err(in_store(&section, text));
                }
                Opened::Inline => {
                    if let Some(key) = own.any() {
                        let text = "values in the database need no calls to a service: remove the key, or set it \
                                    in [engine]";
                        return Err(in_store(&section, format!("{key}: {text}")));
                    }
                }
                Opened::Backend(backend) => {
                    if name == wanted {
                        target = Some(store_name.clone());
                    }
                    let store = Store::new(store_name, backend, seal.unwrap_or(plugin_seals));
                    stores.push(store.with(store_options(&own)));
                }
                // Its settings were looked at as those of a back-end.
                Opened::Store(_) if name == DEFAULT_STORE => {
                    let text = "type: it opens to a whole store and does not say so: its `Configure::WHOLE` has to be true";
                    return Err(in_store(&section, text));
                }
                _ => {
                    let text = "type: this is a whole store with names of its own, which can only be the default \
                                store: make it the only one, or choose another type";
                    return Err(in_store(&section, text));
                }
            }
        }
        Ok((stores, target))
    }
}

/// What is wrong with the configuration of a store.
fn in_store(section: &str, text: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text).in_section(section)
}

fn store_options(settings: &StoreEngineSettings) -> StoreOptions {
    let mut options = StoreOptions::default();
    options.cache_bytes = settings.cache_bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    options.cache_max_age = settings.cache_max_age_s.map(Duration::from_secs);
    options.call_timeout = settings.call_timeout_ms.map(Duration::from_millis);
    options.call_attempts = settings.call_attempts;
    options
}
