//! A real server over a database of its own, on a socket of this machine.
#![allow(dead_code)] // Each test target uses a part.

pub(crate) mod proxy;

use secrecy::SecretString;
use std::{net::SocketAddr, path::Path, time::Duration};
use strongroom::{Config as Settings, OpenOptions, Places, Registry, settings::Vars};
use strongroom_core::{Access, Context, Error, ErrorKind, Names, OwnerId, Result};
use strongroom_remote::Config;
use strongroom_server::{
    Kinds, Server, ServerConfig,
    identity::{Identities, NewUser, Patch},
};
use strongroom_sql::identities::{AccountKind, AccountRef, Role, Scope};
use tempfile::TempDir;
use uuid::Uuid;

/// The database, and where the first server over it listens.
pub(crate) struct Site {
    directory: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) identities: Identities,
    admin: Context,
}

impl Site {
    /// A fresh database with one server.
    pub(crate) async fn new() -> Result<Self> {
        Self::with("").await
    }

    /// With keys of `[server]`.
    pub(crate) async fn with(server: &str) -> Result<Self> {
        let directory = tempfile::tempdir().map_err(|_| Error::new(ErrorKind::Unexpected, "no directory"))?;
        let (address, identities, admin) = serve(directory.path(), server).await?;
        Ok(Self { directory, address, identities, admin })
    }

    /// One more server over the same database, as another process would be.
    pub(crate) async fn another(&self) -> Result<SocketAddr> {
        Ok(serve(self.directory.path(), "").await?.0)
    }

    /// A program's account with what stands for these rights, and an API key of it.
    pub(crate) async fn account(&self, name: &str, access: &Access) -> Result<(OwnerId, SecretString)> {
        let (role, names) = match (&access.list, &access.read, &access.change) {
            (names, read, change) if read == names && change == names => (Role::Writer, names),
            (names, read, change) if read == names && *change == Names::none() => (Role::Reader, names),
            (names, read, change) if *read == Names::none() && *change == Names::none() => {
                (Role::Auditor, names)
            }
            _ => return Err(Error::new(ErrorKind::Unsupported, "no role says that")),
        };
        let (scope, globs) = match names {
            Names::All => (Scope::All, &[][..]),
            Names::Matching(globs) => (Scope::Granted, &globs[..]),
        };
        let new = NewUser {
            name: name.into(),
            full_name: format!("Program {name}"),
            kind: AccountKind::Service,
            role,
            scope,
            description: String::new(),
            email: None,
            password: None,
            active: true,
        };
        let (account, _) = self.identities.create_account(&self.admin, new).await?;
        for glob in globs {
            self.identities.grant(&self.admin, &account, glob.as_str()).await?;
        }
        let (_, key) = self.identities.create_key(&self.admin, &account, "key", "", None).await?;
        Ok((account.id, key))
    }

    /// Ends all tokens of an account; its keys stay good.
    pub(crate) async fn end_tokens(&self, name: &str) -> Result<()> {
        for active in [false, true] {
            let account = self.identities.catalog().account(AccountRef::Name(name)).await?;
            let account = account.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such account"))?;
            let patch = Patch { active: Some(active), ..Patch::default() };
            self.identities.update_account(&self.admin, &account, patch).await?;
        }
        Ok(())
    }
}

/// What logs in at this address with this key.
pub(crate) fn config(address: SocketAddr, key: SecretString) -> Config {
    let mut config = Config::new(format!("http://{address}"));
    config.api_key = Some(key);
    config
}

async fn serve(directory: &Path, server: &str) -> Result<(SocketAddr, Identities, Context)> {
    let settings = Settings::parse(&format!("[server]\nlisten = '127.0.0.1:0'\n{server}"), Vars::empty())?;
    let places = Places { config: directory.join("config"), data: directory.join("data") };
    let options = OpenOptions::default().places(places).chain(Uuid::new_v4().to_string());
    let open = settings.open(&Registry::builtin(), options).await?;
    let parts = (open.database.clone(), open.engine.clone());
    let (Some(catalog), Some(engine)) = parts else {
        return Err(Error::new(ErrorKind::Unexpected, "there is no database"));
    };
    let admin = open.context("test");
    let config = ServerConfig::read(settings.server())?;
    let identities = Identities::new(catalog, engine, Duration::from_secs(config.token_lifetime_s));
    let kinds = Kinds { secrets_store: "sql", database: "sqlite" };
    let server = Server::bind(config, open, identities.clone(), kinds, false, None).await?;
    let address = server.address()?;
    tokio::spawn(server.run(std::future::pending()));
    Ok((address, identities, admin))
}
