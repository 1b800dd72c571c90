//! Opening a catalog.

use crate::{
    connection::{Connection, PATIENCE, Sent},
    database::{Database, Pools},
    dialect::Dialect,
    error::Failure,
    release::{NextRelease, Release},
    replicas::ShutOut,
    schema::{self, Found},
    url::{self, Target},
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_engine::Env;

/// How a catalog is opened.
#[derive(Clone)]
pub struct Options {
    url: SecretString,
    /// Clocks, pauses and random ids.
    pub env: Arc<dyn Env>,
    /// How many connections there are at most; on SQLite: that read, besides the one that writes. 8 unless said
    /// otherwise.
    pub max_connections: u32,
    /// Whether a SQLite file that is not there, or has nothing in it, is made a database. Empty databases on servers are
    /// initialised in any case.
    pub create: bool,
    /// How long a server's answer to one statement is waited for; 70 s unless said otherwise, some seconds longer than
    /// PostgreSQL is allowed to work on it. Then its connection counts as lost.
    pub patience: Duration,
    /// Takes the program for the next release, in a test.
    #[doc(hidden)] // As `NextRelease` is.
    pub next: Option<NextRelease>,
}

impl Options {
    /// For a database: `sqlite:PATH`, `sqlite:///absolute/path`, a plain path, `postgres://...`, `postgresql://...`,
    /// `mysql://...` or `mariadb://...`. The URL may hold a password, and is shown nowhere. A file that is not there is made.
    pub fn new(url: impl Into<SecretString>, env: Arc<dyn Env>) -> Self {
        Self { url: url.into(), env, max_connections: 8, create: true, patience: PATIENCE, next: None }
    }

    /// Sets how many connections there are at most.
    #[must_use]
    pub fn max_connections(mut self, most: u32) -> Self {
        self.max_connections = most;
        self
    }

    /// Sets whether a SQLite file that is not there is made.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Sets how long a server's answer to one statement is waited for.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Takes the program for the next release, in a test.
    #[doc(hidden)] // As `NextRelease` is.
    #[must_use]
    pub fn next(mut self, next: Option<NextRelease>) -> Self {
        self.next = next;
        self
    }

    pub(crate) fn release(&self) -> Release {
        Release { next: self.next }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("max_connections", &self.max_connections)
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}

/// The catalog in a SQL database. Cheap to clone: clones share their connections.
#[derive(Clone)]
pub struct SqlCatalog {
    pub(crate) database: Arc<Database>,
}

impl fmt::Debug for SqlCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqlCatalog").field(&self.dialect()).finish()
    }
}

impl SqlCatalog {
    /// Opens a database, initialises it if it is empty, and on SQLite upgrades it, after a copy was made beside it.
    ///
    /// # Runtime
    /// The catalog lives as long as the tokio runtime that it was opened on: on SQLite a task there writes, without which
    /// every change is `Unavailable`, and a server's connections belong to it.
    ///
    /// # Panics
    /// Outside of a tokio runtime, or in one without time, or, for a server, without I/O.
    ///
    /// # Errors
    /// - `ConfigInvalid` for a URL that cannot be used: unreadable, a remote host without verified TLS, a standby,
    ///   tables of another program, files or directories that others can write; or if this build lacks the database.
    /// - `NotFound` if there is no such file, or nothing in it, and none is to be made.
    /// - `Unsupported` if a newer release wrote the database, or if an older one did and it is no SQLite file (call
    ///   [`open_and_migrate`](Self::open_and_migrate)).
    /// - `Unavailable` if the database cannot be reached.
    pub async fn open(options: Options) -> Result<Self> {
        Self::open_and(options, false).await
    }

    /// Opens a database and brings its tables up to date, whatever database it is.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_and_migrate(options: Options) -> Result<Self> {
        Self::open_and(options, true).await
    }

    /// Opens a database, brings its tables up to date, and removes from them what only older releases need, which cannot
    /// open it any more then; on SQLite after a copy was made beside it. The answer is whether something was removed.
    ///
    /// A program of an older release is seen if it stays and [says so](strongroom_engine::Engine::announce), as servers do. A
    /// command of an older release that runs just then can fail half way, which changes nothing.
    ///
    /// # Errors
    /// As for [`open`](Self::open); `Conflict` while programs of an older release run, naming them.
    pub async fn finish(options: Options) -> Result<(Self, bool)> {
        let catalog = Self::open_and(options.clone(), true).await?;
        let release = options.release();
        let mut connection = catalog.database.connection().await?;
        let wide = schema::is_wide(&mut connection, release).await?;
        drop(connection);
        if wide {
            // First nobody can open it any more, then it is removed: the other way round somebody could in between.
            let since = release.narrowing(catalog.dialect()).iter().map(|one| one.since).max().unwrap_or(0);
            catalog.database.write(ShutOut { since }).await??;
            catalog.narrow(&options).await?;
        }
        Ok((catalog, wide))
    }

    #[cfg_attr(not(feature = "sqlite"), expect(unused_variables, reason = "only a file has a path"))]
    async fn narrow(&self, options: &Options) -> Result<()> {
        let mut tried = 0;
        loop {
            tried += 1;
            let narrowed = match &self.database.pools {
                #[cfg(feature = "sqlite")]
                Pools::Sqlite(_) => match url::parse(options.url.expose_secret())? {
                    Target::Sqlite(path) => crate::prepare::narrow(&path, options.release()).await,
                    #[cfg(any(feature = "postgres", feature = "mysql"))]
                    _ => Ok(()),
                },
                #[cfg(any(feature = "postgres", feature = "mysql"))]
                _ => schema::finish(&self.database).await,
            };
            match narrowed {
                Ok(()) => return Ok(()),
                Err(failure) => self.database.before_next(tried, failure).await?,
            }
        }
    }

    async fn open_and(options: Options, upgrade: bool) -> Result<Self> {
        let (sent, release, patience) = (Sent::default(), options.release(), options.patience);
        let pools = match url::parse(options.url.expose_secret())? {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => {
                crate::prepare::prepare(&path, &options).await?;
                let env = Arc::clone(&options.env);
                Pools::Sqlite(crate::file::File::new(&path, env, options.max_connections, sent.clone())?)
            }
            #[cfg(feature = "postgres")]
            Target::Postgres(to) => {
                Pools::Postgres(crate::drivers::postgres::pool(*to, options.max_connections))
            }
            #[cfg(feature = "mysql")]
            Target::MySql(to) => Pools::MySql(crate::drivers::mysql::pool(*to, options.max_connections)),
        };
        let owners_known = AtomicBool::new(false);
        let database = Database { env: options.env, pools, sent, release, patience, owners_known };
        let catalog = Self { database: Arc::new(database) };
        catalog.vet(upgrade).await?;
        #[cfg(feature = "sqlite")]
        if let Some(file) = catalog.database.file() {
            file.opened.remember()?;
        }
        Ok(catalog)
    }

    /// From here on secrets are made by accounts alone that are there. A program with accounts of its own, which the database
    /// first hears of when they make something, does not call this: those are added then.
    pub fn know_owners(&self) {
        self.database.owners_known.store(true, Ordering::Relaxed);
    }

    /// Looks whether the database is still the one that was opened; without asking it, so that this may be done often.
    ///
    /// # Errors
    /// `Unavailable` if it is a SQLite file that was replaced since, or cannot be looked at. Nothing is written then.
    pub fn check_file(&self) -> Result<()> {
        #[cfg(feature = "sqlite")]
        if let Some(file) = self.database.file() {
            file.opened.check()?;
        }
        Ok(())
    }

    /// Brings the tables up to date; on SQLite opening did that.
    ///
    /// # Errors
    /// What the database says.
    pub async fn migrate(&self) -> Result<()> {
        match &self.database.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => Ok(()),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => {
                let mut tried = 0;
                loop {
                    tried += 1;
                    match schema::migrate(&self.database).await {
                        Ok(()) => return Ok(()),
                        Err(failure) => self.database.before_next(tried, failure).await?,
                    }
                }
            }
        }
    }

    /// How many statements went to the database since it was opened, those of transactions included.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.database.sent.count()
    }

    /// The file of a SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.database.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(file) => Some(&file.path),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => None,
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// Ends all connections; on SQLite what was deleted leaves the log with that, or with the end of another process that
    /// uses it just then and is not waited for. Nothing can be asked afterwards.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(&self) -> Result<()> {
        self.database.close().await
    }

    /// Makes values that were deleted or sealed anew unreadable in the files: writes all pages anew, empties the log,
    /// gives free pages back. It takes as long, and as much memory, as the file is large, and writers wait meanwhile.
    /// Does nothing where there are no files of ours.
    ///
    /// # Errors
    /// `Unavailable` if somebody reads or writes all the time: try again.
    pub async fn purge(&self) -> Result<()> {
        match &self.database.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(file) => file.tidy(crate::group::Tidying::Rewrite).await,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => Ok(()),
        }
    }

    /// Looks whether the database may and can be used.
    async fn vet(&self, upgrade: bool) -> Result<()> {
        let mut tried = 0;
        let found = loop {
            tried += 1;
            match self.look().await {
                Ok(found) => break found,
                Err(failure) => self.database.before_next(tried, failure).await?,
            }
        };
        match found {
            Found::Ready => Ok(()),
            Found::Empty => self.migrate().await,
            Found::Older if upgrade => self.migrate().await,
            Found::Older => Err(Error::new(
                ErrorKind::Unsupported,
                "the database's tables are those of an older release: run `strongroom database migrate`",
            )),
        }
    }

    async fn look(&self) -> Result<Found, Failure> {
        match &self.database.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => promptly(crate::drivers::postgres::vet(pool)).await?,
            #[cfg(feature = "mysql")]
            Pools::MySql(pool) => promptly(crate::drivers::mysql::vet(pool)).await?,
        }
        let mut connection: Connection = self.database.connection().await?;
        schema::look(&mut connection, self.database.release).await
    }
}

/// A server that does not answer when it is connected to is not waited for as long as the system would.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn promptly(vet: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    const LIMIT: Duration = Duration::from_secs(20);
    tokio::time::timeout(LIMIT, vet).await.unwrap_or_else(|_| Err(Failure::unreachable()))
}
