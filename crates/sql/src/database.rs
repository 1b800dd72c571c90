//! One database, whatever it is: connections that read, and transactions that write.

use crate::{
    connection::{Connection, Link, Sent},
    dialect::Dialect,
    error::{Class, Failure},
    release::Release,
    transaction::Operation,
};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use strongroom_core::{Result, Retry};
use strongroom_engine::Env;

/// How often something that can be run again is run.
const TRIES: u32 = 10;

pub(crate) struct Database {
    pub(crate) env: Arc<dyn Env>,
    pub(crate) pools: Pools,
    pub(crate) sent: Sent,
    /// Which release this program is.
    pub(crate) release: Release,
    /// How long a server's answer is waited for.
    pub(crate) patience: Duration,
    /// Whether secrets are made by accounts alone that are there.
    pub(crate) owners_known: AtomicBool,
}

pub(crate) enum Pools {
    #[cfg(feature = "sqlite")]
    Sqlite(crate::file::File),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

impl Database {
    pub(crate) fn dialect(&self) -> Dialect {
        match &self.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Pools::MySql(_) => Dialect::MySql,
        }
    }

    /// The file, if it is one.
    #[cfg(feature = "sqlite")]
    pub(crate) fn file(&self) -> Option<&crate::file::File> {
        match &self.pools {
            Pools::Sqlite(file) => Some(file),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => None,
        }
    }

    /// A connection; on SQLite one that only reads.
    pub(crate) async fn connection(&self) -> Result<Connection, Failure> {
        let link = match &self.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(file) => {
                // It may open the file.
                file.opened.check()?;
                let reader = file.readers.acquire().await;
                Link::Sqlite(reader.map_err(|error| Failure::from(error).at(&file.path))?)
            }
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => Link::Postgres(pool.acquire().await?),
            #[cfg(feature = "mysql")]
            Pools::MySql(pool) => Link::MySql(pool.acquire().await?),
        };
        Ok(Connection::new(link, self.sent.clone()).patient(self.patience))
    }

    /// Runs an operation in a transaction and commits it.
    pub(crate) async fn write<O: Operation>(&self, operation: O) -> Result<O::Answer> {
        match &self.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(file) => file.run(operation).await,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => self.write_alone(&operation).await,
        }
    }

    /// Runs an operation in a transaction of its own, as often as the database asks for.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn write_alone<O: Operation>(&self, operation: &O) -> Result<O::Answer> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.once(operation).await {
                Ok(answer) => return Ok(answer),
                Err((true, _)) => return Err(crate::error::unknown()),
                Err((false, failure)) => self.before_next(tried, failure).await?,
            }
        }
    }

    /// Tries once. The flag tells whether a failure left it open whether it was committed.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn once<O: Operation>(&self, operation: &O) -> Result<O::Answer, (bool, Failure)> {
        use crate::transaction::{Transaction, Verdict};
        let connection = self.connection().await.map_err(|failure| (false, failure))?;
        let tx = Transaction::begin(connection, Arc::clone(&self.env)).await;
        let mut tx = tx.map_err(|(_, failure)| (false, failure))?;
        match operation.run(&mut tx).await {
            Ok(Verdict::Keep(answer)) => tx.commit().await.map(|_| answer),
            Ok(Verdict::Undo(answer)) => {
                // If this fails, the connection is closed, which undoes it as well.
                drop(tx.rollback().await);
                Ok(answer)
            }
            Err(failure) => {
                // On a lost connection nobody would answer.
                if failure.class != Class::Lost {
                    drop(tx.rollback().await);
                }
                Err((false, failure))
            }
        }
    }

    /// Waits before the next try, or says that there is none.
    pub(crate) async fn before_next(&self, tried: u32, failure: Failure) -> Result<()> {
        if !matches!(failure.class, Class::Again | Class::Lost) {
            return Err(failure.error);
        }
        if tried >= TRIES {
            return Err(failure.error.retryable(Retry::Exhausted));
        }
        // Up to 5, 10, 20, ... 320 ms, each time anew, so that two that met do not meet again.
        let most = 5_000_u128 << tried.min(6);
        let micros = u64::try_from(self.env.random() % most).unwrap_or(0);
        self.env.sleep(Duration::from_micros(micros)).await;
        Ok(())
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) -> Result<()> {
        match &self.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(file) => file.close().await,
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => {
                closed(pool.close()).await;
                Ok(())
            }
            #[cfg(feature = "mysql")]
            Pools::MySql(pool) => {
                closed(pool.close()).await;
                Ok(())
            }
        }
    }
}

/// Waits until all connections are closed, but not for a server that does not answer.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn closed(closing: impl Future<Output = ()>) {
    const LIMIT: Duration = Duration::from_secs(10);
    let _ = tokio::time::timeout(LIMIT, closing).await;
}
