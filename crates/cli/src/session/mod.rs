//! The open store behind a command: the one place that knows how it is opened and what is around it.

mod configured;
mod credentials;
mod people;
mod status;
mod target;

pub(crate) use configured::{Configured, first_password_file};
pub(crate) use people::{People, account};
pub(crate) use status::{Report, unknown_version};
pub(crate) use target::{Credentials, despite_login};

use crate::{
    args::Global,
    failure::{Exit, Failure, Outcome},
};
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use strongroom_core::{Context, OwnerId, Result, Secrets};
use strongroom_engine::Engine;
use strongroom_remote::RemoteStore;
use strongroom_server::{audit, identity::Identities};
use uuid::Uuid;

/// How long a command that is done goes on removing what is no longer needed.
const TIDYING: Duration = Duration::from_secs(2);

/// Why a command that works on a database cannot go on where the store is a whole one.
const NOT_OURS: &str = "there is no database of ours behind this store: it has no accounts, no keys and nothing to repair or to copy";

/// Where the command line says that secrets are kept; what it does not say is in the configuration.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// The URL of the database, which may hold a password.
    pub database: Option<SecretString>,
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// The URL of a server.
    pub server: Option<String>,
    /// The name of a store that has another address than the database knows.
    pub new_address: Option<String>,
    /// Whether an SQLite database has to be there already; else one is made.
    pub existing: bool,
}

impl Location {
    /// What the options of the whole program say.
    pub(crate) fn of(global: &Global) -> Self {
        Self {
            database: global.database.clone(),
            config: global.config.clone(),
            server: global.server.clone(),
            ..Self::default()
        }
    }
}

/// Opens the store when a command needs it.
pub trait Opener {
    /// Opens it.
    ///
    /// The error is shown to the user, so it holds no value.
    fn open<'a>(&'a self, location: &'a Location) -> BoxFuture<'a, Result<Session>>;

    /// Brings its tables up to date and opens it; with `finish` also removes from them what only older releases need, and
    /// answers whether there was something.
    fn migrate<'a>(&'a self, location: &'a Location, finish: bool) -> BoxFuture<'a, Result<(Session, bool)>> {
        let _ = finish;
        let open = self.open(location);
        Box::pin(async move { Ok((open.await?, false)) })
    }
}

/// An open store.
pub struct Session {
    secrets: Secrets,
    notices: Vec<String>,
    local: Option<Local>,
    remote: Option<RemoteStore>,
}

/// What there is besides secrets if the database is ours.
struct Local {
    open: strongroom::Open,
    /// Which database it is, without a password.
    database: String,
    root_key: configured::RootKeyPlace,
    /// Where a server would keep the first admin's password if it was made up; `None` where no server can be.
    first_password: Option<PathBuf>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("secrets", &self.secrets)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Secrets of whatever store, without anything to administrate.
    #[must_use]
    pub fn over(secrets: Secrets) -> Self {
        Self { secrets, notices: Vec::new(), local: None, remote: None }
    }

    /// The secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What the user has to be told about the opening.
    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The secrets of a server.
    pub(crate) fn on_server(store: RemoteStore) -> Self {
        // Who is calling is what the server makes of the credentials.
        let context = Context::full(OwnerId(Uuid::nil()), configured::CHANNEL);
        let secrets = Secrets::new(Arc::new(store.clone()), context);
        Self { secrets, notices: Vec::new(), local: None, remote: Some(store) }
    }

    /// The engine, for what operators do.
    pub(crate) fn engine(&self) -> Outcome<&Engine> {
        self.local.as_ref().and_then(|local| local.open.engine.as_ref()).ok_or_else(|| self.not_ours())
    }

    /// Accounts, keys and grants, wherever they are.
    pub(crate) fn people(&self) -> Outcome<People> {
        match &self.remote {
            Some(remote) => Ok(People::Remote(remote.accounts())),
            None => Ok(People::Local(self.identities()?, Box::new(self.context()?))),
        }
    }

    /// Removes the file with the first admin's made-up password, since that account has another one now. A server that
    /// keeps its configuration elsewhere notices by itself.
    pub(crate) fn forget_first_password(&self, account: OwnerId) {
        let Some(local) = &self.local else { return };
        let owner = local.open.engine.as_ref().map(|engine| engine.identity().owner.id);
        if let Some(file) = &local.first_password
            && owner == Some(account)
        {
            // Most often there is none.
            let _ = std::fs::remove_file(file);
        }
    }

    /// Accounts, keys and grants of a database of ours.
    pub(crate) fn identities(&self) -> Outcome<Identities> {
        let open = self.local.as_ref().map(|local| &local.open).ok_or_else(|| self.not_ours())?;
        let (Some(engine), Some(catalog)) = (&open.engine, &open.database) else {
            return Err(self.not_ours());
        };
        Ok(Identities::new(catalog.clone(), engine.clone(), Duration::from_secs(3600)))
    }

    /// The local account.
    pub(crate) fn context(&self) -> Outcome<Context> {
        let local = self.local.as_ref().ok_or_else(|| self.not_ours())?;
        Ok(local.open.context(configured::CHANNEL))
    }

    /// Where everything is and how it is doing.
    pub(crate) async fn status(&self, deep: bool) -> Outcome<Report> {
        // A deep one looks into stores, which only those of a database of ours can be.
        if let Some(remote) = &self.remote
            && !deep
        {
            return Ok(status::of_server(remote, &self.secrets).await?);
        }
        let local = self.local.as_ref().ok_or_else(|| self.not_ours())?;
        Ok(status::of(local, self.engine()?, deep).await?)
    }

    /// Writes a consistent copy of the database to a file.
    pub(crate) async fn backup(&self, file: &Path, force: bool) -> Outcome {
        let database = self.local.as_ref().and_then(|local| local.open.database.as_ref());
        Ok(database.ok_or_else(|| self.not_ours())?.backup(file, force).await?)
    }

    /// Removes from services what this and earlier changes left there and what is due. Nobody else may come by for long
    /// where no server runs; but nobody waits for a slow service either.
    pub(crate) async fn tidy(&self) {
        let engine = self.local.as_ref().and_then(|local| local.open.engine.as_ref());
        if let Some(engine) = engine.filter(|engine| engine.has_stores()) {
            // Whatever it could not do, the next one does.
            let _ = tokio::time::timeout(TIDYING, engine.sweep()).await;
        }
    }

    /// Notes in the audit trail what is about to be done to the database itself. Without a database there is none.
    pub(crate) async fn note(&self, action: &'static str, detail: String) -> Result<()> {
        let Some(open) = self.local.as_ref().map(|local| &local.open) else { return Ok(()) };
        let (Some(engine), Some(database)) = (&open.engine, &open.database) else { return Ok(()) };
        audit::note(engine, database, &open.context(configured::CHANNEL), action, detail).await
    }

    /// Overwrites what is left in the database's files of values that were deleted or sealed anew.
    pub(crate) async fn purge(&self) -> Result<()> {
        match self.local.as_ref().and_then(|local| local.open.database.as_ref()) {
            Some(database) => database.purge().await,
            None => Ok(()),
        }
    }

    /// Closes it.
    pub(crate) async fn close(self) -> Result<()> {
        match self.local {
            Some(local) => local.open.close().await,
            None => Ok(()),
        }
    }

    fn not_ours(&self) -> Failure {
        let text = match &self.remote {
            Some(remote) => target::needs_a_database(remote.url()),
            None => NOT_OURS.to_owned(),
        };
        Failure::new(Exit::Other, text)
    }
}
