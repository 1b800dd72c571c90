//! The database, whose it is, and the root key that opens it.

use super::{Places, RootSource};
use crate::{Config, Registry};
use std::{io::ErrorKind::NotFound, path::PathBuf, sync::Arc};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_engine::{Catalog, Env, Identity, RootKeys, crypto::RootId, initialise};
use strongroom_sql::{Dialect, Options, SqlCatalog};

/// The account that a local command line acts as.
pub(super) const OWNER: &str = "admin";

type Identified = (Identity, Arc<dyn RootKeys>, Vec<String>);

impl Config {
    /// The configured database; by default the embedded one in the user's data directory.
    pub(super) async fn open_catalog(
        &self,
        registry: &Registry,
        places: &Places,
        env: &Arc<dyn Env>,
        existing: bool,
    ) -> Result<Arc<SqlCatalog>> {
        let database = self.database()?;
        let url = database.url.unwrap_or_else(|| places.database_url().into());
        let mut options = Options::new(url, env.clone()).next(registry.next_release()).create(!existing);
        if let Some(connections) = database.max_connections {
            options.max_connections = connections;
        }
        Ok(Arc::new(SqlCatalog::open(options).await?))
    }

    /// Whose the database is; an empty one is claimed, unless it has to be an `existing` one. `given`: root keys that the
    /// program has.
    pub(super) async fn open_identity(
        &self,
        catalog: &Arc<SqlCatalog>,
        places: &Places,
        env: &dyn Env,
        given: Option<Arc<dyn RootKeys>>,
        existing: bool,
    ) -> Result<Identified> {
        let named = match given {
            Some(roots) => Some(roots),
            None => self.configured_root()?.map(shared),
        };
        if let Some(identity) = catalog.identity().await? {
            let roots = match named {
                Some(roots) => roots,
                None => shared(stored_root(&**catalog, &identity, places).await?),
            };
            return Ok((identity, roots, Vec::new()));
        }
        if existing && catalog.dialect() == Dialect::Sqlite {
            return Err(Error::new(
                ErrorKind::NotFound,
                "database.url: this database was never used, and this command begins none: check the path; `strongroom \
                 secret create` or `strongroom serve` begins it",
            ));
        }
        let (roots, made) = match named {
            Some(roots) => (roots, None),
            None if catalog.dialect() == Dialect::Sqlite => {
                let (roots, path) = RootSource::create(&places.keys())?;
                (shared(roots), Some(path))
            }
            None => {
                return Err(Error::new(
                    ErrorKind::ConfigInvalid,
                    "the database is empty and needs a root key, which is made by itself for SQLite only: make one with \
                     `strongroom keys generate --output FILE`, keep a copy of it in a safe place, and set \
                     STRONGROOM_KEYS_FILE=FILE",
                ));
            }
        };
        let identity = initialise(&**catalog, &*roots, env, OWNER, None).await?;
        let mut notices = Vec::new();
        let own = roots.id() == identity.root;
        let roots = match made {
            Some(path) if own => {
                notices.push(format!(
                    "made a new database and its root key {}: keep a copy of that file in a safe place, without it the \
                     secrets cannot be read",
                    path.display()
                ));
                roots
            }
            // Another process was faster: its key counts, and this one opens nothing.
            Some(path) => {
                discard(path);
                shared(stored_root(&**catalog, &identity, places).await?)
            }
            None => {
                if own {
                    let file = catalog.file().map(|file| format!(" {}", file.display())).unwrap_or_default();
                    notices.push(format!(
                        "made a new database{file}, which the root key {} opens: if there was one before, check \
                         database.url",
                        identity.root
                    ));
                }
                roots
            }
        };
        Ok((identity, roots, notices))
    }

    pub(super) fn configured_root(&self) -> Result<Option<RootSource>> {
        let keys = self.keys()?;
        match (keys.root_key, keys.file) {
            (Some(text), _) => RootSource::text(text).map(Some),
            (None, Some(file)) => RootSource::file(&file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// The first root key that opens the database whose file is in the user's directory.
async fn stored_root(catalog: &dyn Catalog, identity: &Identity, places: &Places) -> Result<RootSource> {
    let mut roots: Vec<RootId> = catalog.keys().await?.roots_of_all().collect();
    roots.sort_by_key(|root| *root != identity.root);
    let files = roots.iter().map(|root| places.key_file(*root));
    // A link that leads nowhere and what cannot be looked at are no missing files: reading says what is wrong.
    let is_there = |file: &PathBuf| !file.symlink_metadata().is_err_and(|error| error.kind() == NotFound);
    let found = files.clone().find(|file| file.exists()).or_else(|| files.clone().find(is_there));
    if let Some(file) = found {
        return RootSource::file(&file);
    }
    let root = roots.first().copied().unwrap_or(identity.root);
    Err(Error::new(
        ErrorKind::ConfigInvalid,
        "the root key of this database is not here: put its file back, or name it with STRONGROOM_KEYS_FILE; no new key \
         is made, since it could not open what is there",
    )
    .with("root key", root)
    .with("expected", files.map(|file| file.display().to_string()).collect::<Vec<_>>().join(" or ")))
}

fn shared(root: RootSource) -> Arc<dyn RootKeys> {
    Arc::new(root)
}

fn discard(path: PathBuf) {
    // Left behind it would do no harm: it opens nothing.
    let _unused = std::fs::remove_file(path);
}
