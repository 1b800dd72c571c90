//! Shared commits on SQLite: one connection writes, and the operations that wait while it does are run in the next
//! transaction together, so that a sync of the disk serves them all.
//!
//! | what goes wrong | what happens |
//! |---|---|
//! | an operation fails or refuses | it is undone to its savepoint; the others are not touched |
//! | a caller goes away | its operation is run all the same; the others are not touched |
//! | the transaction fails as a whole before COMMIT, or COMMIT is refused | each operation is run again alone |
//! | COMMIT fails in a way that leaves its outcome open | all of the group are told so |
//! | another process writes | the group waits for it, and grows meanwhile |

use crate::{
    connection::{Connection, Link, Sent},
    drivers::rusqlite as driver,
    error::{Class, Failure, unknown},
    job::Job,
    transaction::Transaction,
    value::Record,
};
use futures::executor::block_on;
use std::{path::PathBuf, sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind, Result, Retry};
use strongroom_engine::Env;
use tokio::sync::{mpsc, oneshot};

/// How many operations share a commit at most, so that other processes get their turn.
const MOST: usize = 256;

/// How long another process's transaction is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the writer is asked for.
pub(crate) enum Request {
    /// To run an operation.
    Run(Box<dyn Job>),
    /// To write the log back into the file and empty it, and to give free pages back.
    Tidy {
        /// Whether to write every page anew, too.
        rewrite: bool,
        /// Where the answer goes.
        done: oneshot::Sender<Result<()>>,
    },
}

/// Serves requests until all senders are gone.
pub(crate) async fn serve(
    path: PathBuf,
    env: Arc<dyn Env>,
    sent: Sent,
    mut requests: mpsc::Receiver<Request>,
) {
    let mut writer = Writer { path, env, sent, connection: None };
    let mut queue = Vec::new();
    while requests.recv_many(&mut queue, MOST).await > 0 {
        let mut group: Vec<Box<dyn Job>> = Vec::new();
        for request in queue.drain(..) {
            match request {
                Request::Run(job) => group.push(job),
                Request::Tidy { rewrite, done } => {
                    writer.run(&mut group).await;
                    drop(done.send(writer.tidy(rewrite).await.map_err(|failure| failure.error)));
                }
            }
        }
        writer.run(&mut group).await;
    }
}

struct Writer {
    path: PathBuf,
    env: Arc<dyn Env>,
    sent: Sent,
    /// `None` before the first use, and after it was lost.
    connection: Option<Connection>,
}

/// How a group ended.
enum Ended {
    Committed,
    /// Nothing took effect, but alone each may succeed.
    Undone(Failure),
    /// Nobody could even begin.
    NotBegun(Failure),
    /// The outcome of the commit is open.
    Unknown,
}

impl Writer {
    async fn run(&mut self, group: &mut Vec<Box<dyn Job>>) {
        if group.is_empty() {
            return;
        }
        match self.together(group).await {
            Ended::Undone(_) if group.len() > 1 => {
                for job in group.drain(..) {
                    let mut one = vec![job];
                    let ended = self.together(&mut one).await;
                    finish(&mut one, ended);
                }
            }
            ended => finish(group, ended),
        }
    }

    async fn together(&mut self, group: &mut Vec<Box<dyn Job>>) -> Ended {
        let start = self.env.monotonic();
        loop {
            let (env, mut jobs) = (Arc::clone(&self.env), std::mem::take(group));
            let done = self.blocking(move |connection| {
                let (connection, ended) = match connection {
                    Ok(connection) => block_on(once(connection, env, &mut jobs)),
                    Err(failure) => (None, Ended::NotBegun(failure)),
                };
                (connection, (ended, jobs))
            });
            let ended = match done.await {
                Ok((ended, jobs)) => {
                    *group = jobs;
                    ended
                }
                Err(failure) => Ended::NotBegun(failure),
            };
            match ended {
                Ended::NotBegun(failure)
                    if failure.class == Class::Again
                        && self.env.monotonic().saturating_sub(start) < PATIENCE => {}
                ended => return ended,
            }
            // Short pauses of different lengths: SQLite's own, which grow to 100 ms, would hardly ever meet the
            // moment between two groups of a busy process.
            self.pause().await;
        }
    }

    /// Does something with the connection, which is opened if there is none, on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(Result<Connection, Failure>) -> (Option<Connection>, T) + Send + 'static,
    ) -> Result<T, Failure> {
        let (path, sent, connection) = (self.path.clone(), self.sent.clone(), self.connection.take());
        let done = tokio::task::spawn_blocking(move || {
            work(match connection {
                Some(connection) => Ok(connection),
                None => driver::writer(&path).map(|link| Connection::new(Link::File(link), sent)),
            })
        });
        // The runtime ends, or something in it panicked.
        let gone = || Error::new(ErrorKind::Unavailable, "the catalog is closed: open it again");
        let (connection, answer) = done.await.map_err(|_| Failure::other(gone()))?;
        self.connection = connection;
        Ok(answer)
    }

    /// Runs one statement and answers what it reads.
    async fn alone(&mut self, sql: &'static str) -> Result<Vec<Record>, Failure> {
        self.blocking(move |connection| match connection {
            Ok(mut connection) => {
                let answer = block_on(connection.fetch(sql, Vec::new()));
                (Some(connection), answer)
            }
            Err(failure) => (None, Err(failure)),
        })
        .await?
    }

    async fn pause(&mut self) {
        let jitter = u64::try_from(self.env.random() % 3_000).unwrap_or(0);
        self.env.sleep(Duration::from_micros(500 + jitter)).await;
    }

    /// Writes every page anew. What is deleted is overwritten where it lies, but when SQLite moves rows from page to page
    /// it leaves copies in the free space of pages that it goes on to use.
    async fn rewrite(&mut self) -> Result<(), Failure> {
        let start = self.env.monotonic();
        loop {
            match self.alone("VACUUM").await {
                Err(failure)
                    if failure.class == Class::Again
                        && self.env.monotonic().saturating_sub(start) < PATIENCE =>
                {
                    self.pause().await;
                }
                done => return done.map(drop),
            }
        }
    }

    async fn tidy(&mut self, rewrite: bool) -> Result<(), Failure> {
        if rewrite {
            self.rewrite().await?;
        }
        self.alone("PRAGMA incremental_vacuum").await?;
        // Deleted values stay in the log until it is emptied, for which no reader may be using it.
        for _ in 0..200 {
            let records = self.alone("PRAGMA wal_checkpoint(TRUNCATE)").await?;
            if records.first().map_or(Ok(0), |record| record.i64(0))? == 0 {
                return Ok(());
            }
            self.pause().await;
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "the database's log could not be emptied, because somebody keeps reading: try again",
        )
        .retryable(Retry::Backoff)
        .into())
    }
}

/// Runs a group in one transaction, on a connection whose calls block; answers the connection if it is still good.
async fn once(
    connection: Connection,
    env: Arc<dyn Env>,
    group: &mut [Box<dyn Job>],
) -> (Option<Connection>, Ended) {
    let mut tx = match Transaction::begin(connection, env).await {
        Ok(tx) => tx,
        Err((connection, failure)) => {
            let good = failure.class == Class::Again;
            return (good.then_some(connection), Ended::NotBegun(failure));
        }
    };
    for job in group.iter_mut() {
        if let Err(failure) = job.run(&mut tx).await {
            // Not even its savepoint could be undone. Without the connection nothing of it remains.
            drop(tx.rollback().await);
            return (None, Ended::Undone(failure));
        }
    }
    match tx.commit().await {
        Ok(connection) => (Some(connection), Ended::Committed),
        Err((true, _)) => (None, Ended::Unknown),
        Err((false, failure)) => (None, Ended::Undone(failure)),
    }
}

fn finish(group: &mut Vec<Box<dyn Job>>, ended: Ended) {
    let error = match ended {
        Ended::Committed => None,
        Ended::Undone(failure) | Ended::NotBegun(failure) => Some(failure.error),
        Ended::Unknown => Some(unknown()),
    };
    for mut job in group.drain(..) {
        job.finish(error.clone());
    }
}
