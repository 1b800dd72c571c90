//! One connection, whatever the database.

use crate::{
    dialect::Dialect,
    error::Failure,
    value::{Record, Value},
};
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Either, Executor};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A statement with its arguments, in the order of its `?`.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: std::borrow::Cow<'static, str>,
    pub(crate) args: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<std::borrow::Cow<'static, str>>, args: Vec<Value>) -> Self {
        Self { sql: sql.into(), args }
    }
}

/// How many statements went to a database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent(Arc<AtomicU64>);

impl Sent {
    pub(crate) fn add(&self, statements: usize) {
        self.0.fetch_add(statements as u64, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The connection of a pool.
pub(crate) enum Link {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::pool::PoolConnection<sqlx::Sqlite>),
    /// A file, without a thread of the driver in between: what is asked of it blocks.
    #[cfg(feature = "sqlite")]
    File(rusqlite::Connection),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::pool::PoolConnection<sqlx::Postgres>),
    #[cfg(feature = "mysql")]
    MySql(sqlx::pool::PoolConnection<sqlx::MySql>),
}

/// How long a server's answer is waited for: some seconds longer than it may take for a statement itself. A server that
/// is gone without a word, as after a failover, never answers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(70);

/// How long a server may take to say that it is there.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const PROMPT: Duration = Duration::from_secs(2);

/// What a server says before its connection is used; one that says nothing in time is lost.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) async fn promptly<T>(
    said: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let said = tokio::time::timeout(PROMPT, said).await;
    said.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))?
}

/// A connection. One that is dropped within a transaction is closed, and not used again; so is one that is dropped before
/// its server has answered, unless that comes soon.
pub(crate) struct Connection {
    link: Link,
    in_transaction: bool,
    /// A server's answer is under way.
    asked: bool,
    /// It is closed in any case.
    used_once: bool,
    patience: Duration,
    sent: Sent,
}

/// What a run of statements gave: how many rows each changed, and the rows that were read.
type Outcome = (Vec<u64>, Vec<Record>);

/// A statement of a batch failed: which one, and why.
pub(crate) struct BatchFailure {
    /// Its place in the batch.
    pub(crate) at: usize,
    pub(crate) failure: Failure,
}

impl From<BatchFailure> for Failure {
    fn from(batch: BatchFailure) -> Self {
        batch.failure
    }
}

macro_rules! run {
    ($link:expr, $sql:expr, $args:expr, $driver:ident) => {{
        let mut query = sqlx::query::<_>(AssertSqlSafe($sql));
        for arg in $args {
            query = crate::drivers::$driver::bind(query, arg);
        }
        let (mut changed, mut records) = (Vec::new(), Vec::new());
        let mut steps = (&mut **$link).fetch_many(query);
        loop {
            match steps.try_next().await {
                Ok(Some(Either::Left(done))) => changed.push(done.rows_affected()),
                Ok(Some(Either::Right(row))) => match crate::drivers::$driver::record(&row) {
                    Ok(record) => records.push(record),
                    Err(failure) => return Err(BatchFailure { at: changed.len(), failure }),
                },
                Ok(None) => break Ok((changed, records)),
                Err(error) => return Err(BatchFailure { at: changed.len(), failure: error.into() }),
            }
        }
    }};
}

impl Connection {
    pub(crate) fn new(link: Link, sent: Sent) -> Self {
        Self { link, in_transaction: false, asked: false, used_once: false, patience: PATIENCE, sent }
    }

    /// Sets how long a server's answer is waited for.
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What the other end is.
    pub(crate) fn dialect(&self) -> Dialect {
        match &self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(_) | Link::File(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Link::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Link::MySql(_) => Dialect::MySql,
        }
    }

    /// Says whether a transaction is open from now on.
    pub(crate) fn set_in_transaction(&mut self, open: bool) {
        self.in_transaction = open;
    }

    /// Has it closed when it is dropped.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn use_once(&mut self) {
        self.used_once = true;
    }

    /// Runs a statement and answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: Vec<Value>) -> Result<u64, Failure> {
        let (changed, _) = self.run(self.dialect().render(sql).into_owned(), args, 1).await?;
        Ok(changed.iter().sum())
    }

    /// Runs a statement and answers the rows that it reads.
    pub(crate) async fn fetch(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<Record>, Failure> {
        Ok(self.run(self.dialect().render(sql).into_owned(), args, 1).await?.1)
    }

    /// Runs statements one after the other, on SQLite in one go: how many rows each changed, and what they read.
    pub(crate) async fn batch(&mut self, statements: Vec<Statement>) -> Result<Outcome, BatchFailure> {
        let dialect = self.dialect();
        #[cfg(feature = "sqlite")]
        if let Link::File(link) = &self.link {
            self.sent.add(statements.len());
            let rendered = |Statement { sql, args }| match dialect.render(&sql) {
                std::borrow::Cow::Borrowed(_) => Statement { sql, args },
                std::borrow::Cow::Owned(sql) => Statement::new(sql, args),
            };
            let statements: Vec<_> = statements.into_iter().map(rendered).collect();
            return crate::drivers::rusqlite::batch(link, &statements);
        }
        if dialect == Dialect::Sqlite {
            let mut text = String::new();
            let mut args = Vec::new();
            let count = statements.len();
            for statement in statements {
                text.push_str(&dialect.render(&statement.sql));
                text.push(';');
                args.extend(statement.args);
            }
            return self.run(text, args, count).await;
        }
        let (mut changed, mut records) = (Vec::new(), Vec::new());
        for (at, statement) in statements.into_iter().enumerate() {
            let done = self.run(dialect.render(&statement.sql).into_owned(), statement.args, 1).await;
            let (rows, read) = done.map_err(|batch| BatchFailure { at, ..batch })?;
            changed.push(rows.iter().sum());
            records.extend(read);
        }
        Ok((changed, records))
    }

    /// Runs text of several statements without arguments, which are not kept prepared.
    pub(crate) async fn raw(&mut self, sql: &str) -> Result<(), Failure> {
        self.sent.add(1);
        #[cfg(feature = "sqlite")]
        if let Link::File(link) = &self.link {
            return Ok(link.execute_batch(sql)?);
        }
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let limit = self.begin();
        let link = &mut self.link;
        let done = within(limit, async move {
            match link {
                #[cfg(feature = "sqlite")]
                Link::Sqlite(link) => sql.execute(&mut **link).await.map(drop),
                // Done above.
                #[cfg(feature = "sqlite")]
                Link::File(_) => Ok(()),
                #[cfg(feature = "postgres")]
                Link::Postgres(link) => sql.execute(&mut **link).await.map(drop),
                #[cfg(feature = "mysql")]
                Link::MySql(link) => sql.execute(&mut **link).await.map(drop),
            }
        });
        let done = done.await.ok_or_else(Failure::silent)?;
        self.asked = false;
        Ok(done?)
    }

    /// The driver's connection, for what only it can do.
    pub(crate) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    async fn run(&mut self, sql: String, args: Vec<Value>, count: usize) -> Result<Outcome, BatchFailure> {
        self.sent.add(count);
        let limit = self.begin();
        let link = &mut self.link;
        let done = within(limit, async move {
            match link {
                #[cfg(feature = "sqlite")]
                Link::Sqlite(link) => run!(link, sql, args, sqlite),
                #[cfg(feature = "sqlite")]
                Link::File(link) => crate::drivers::rusqlite::batch(link, &[Statement::new(sql, args)]),
                #[cfg(feature = "postgres")]
                Link::Postgres(link) => run!(link, sql, args, postgres),
                #[cfg(feature = "mysql")]
                Link::MySql(link) => run!(link, sql, args, mysql),
            }
        });
        let done = done.await.ok_or_else(|| BatchFailure { at: 0, failure: Failure::silent() })?;
        self.asked = false;
        done
    }

    /// Notes that a server is asked; how long its answer is waited for.
    fn begin(&mut self) -> Option<Duration> {
        self.asked = self.dialect() != Dialect::Sqlite;
        self.asked.then_some(self.patience)
    }
}

/// What comes of it; `None` if that takes too long.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        None => Some(work.await),
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Its caller went away half way: what is left of a transaction must not become part of another one.
        let close = self.in_transaction || self.used_once;
        match &mut self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(link) if close => link.close_on_drop(),
            // Closed when it is dropped.
            #[cfg(feature = "sqlite")]
            Link::Sqlite(_) | Link::File(_) => {}
            #[cfg(feature = "postgres")]
            Link::Postgres(link) if close => link.close_on_drop(),
            // What is left of an answer is read: the server works on it all the same.
            #[cfg(feature = "postgres")]
            Link::Postgres(link) => give_back(link),
            // Its protocol does not tell where half an answer ends.
            #[cfg(feature = "mysql")]
            Link::MySql(link) if close || self.asked => link.close_on_drop(),
            #[cfg(feature = "mysql")]
            Link::MySql(link) => give_back(link),
        }
    }
}

/// Back to the pool, if the server says in time that it is still there: the pool by itself would wait for ever, and keep
/// the connection's place.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn give_back<D: sqlx::Database>(link: &mut sqlx::pool::PoolConnection<D>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        drop(runtime.spawn(tokio::time::timeout(PROMPT, link.return_to_pool())));
    }
}
