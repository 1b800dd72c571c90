//! Shared commits on SQLite: one connection writes, and the operations that wait while it does are run in the next
//! transaction together, so that a sync of the disk serves them all.
//!
//! | what goes wrong | what happens |
//! |---|---|
//! | an operation fails or refuses | it is undone to its savepoint; the others are not touched |
//! | a caller goes away | its operation is run all the same; the others are not touched |
//! | an operation panics | it is told so; each of the others is run again alone |
//! | the transaction fails as a whole before COMMIT, or COMMIT is refused | each operation is run again alone |
//! | COMMIT fails in a way that leaves its outcome open | all of the group are told so |
//! | the file is not the one that was opened | nothing is written |
//! | another process writes | the group waits for it, and grows meanwhile; none of it is run again when that took too long, nor are those left that are run alone |

use crate::{
    connection::{Connection, Link, Sent},
    drivers::rusqlite as driver,
    error::{Class, Failure, unknown},
    job::Job,
    opened::Opened,
    thread::{Thread, closed},
    transaction::Transaction,
    value::Record,
};
use futures::{FutureExt, executor::block_on};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result, Retry};
use strongroom_engine::Env;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

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
        how: Tidying,
        /// Where the answer goes.
        done: oneshot::Sender<Result<()>>,
    },
}

/// How thoroughly that is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tidying {
    /// Every page is written anew, too, and whoever else writes is waited for.
    Rewrite,
    /// By a process that ends: only if it wrote, and unless somebody else writes just now. Whoever ends last tidies up.
    Leave,
}

/// Serves requests until all senders are gone.
///
/// # Errors
/// `Unavailable` if the system starts no more threads.
pub(crate) fn start(
    opened: Arc<Opened>,
    env: Arc<dyn Env>,
    sent: Sent,
    requests: mpsc::Receiver<Request>,
) -> Result<JoinHandle<()>> {
    let mut slot = Slot { opened, sent, connection: None };
    let thread = Thread::start("strongroom-writes", move |queue: &std::sync::mpsc::Receiver<Work>| {
        while let Ok(work) = queue.recv() {
            // Whoever asked for it is told by the channel's end. What it did half way goes with the connection.
            if catch_unwind(AssertUnwindSafe(|| work(&mut slot))).is_err() {
                slot.connection = None;
            }
        }
    })?;
    Ok(tokio::spawn(serve(Writer { env, thread }, requests)))
}

async fn serve(mut writer: Writer, mut requests: mpsc::Receiver<Request>) {
    let mut queue = Vec::new();
    while requests.recv_many(&mut queue, MOST).await > 0 {
        let mut group: Vec<Box<dyn Job>> = Vec::new();
        for request in queue.drain(..) {
            match request {
                Request::Run(job) => group.push(job),
                Request::Tidy { how, done } => {
                    writer.run(&mut group).await;
                    drop(done.send(writer.tidy(how).await.map_err(|failure| failure.error)));
                }
            }
        }
        writer.run(&mut group).await;
    }
    writer.thread.end().await;
}

struct Writer {
    env: Arc<dyn Env>,
    thread: Thread<Work>,
}

/// Something to be done with the connection, by the thread that it belongs to.
type Work = Box<dyn FnOnce(&mut Slot) + Send>;

struct Slot {
    opened: Arc<Opened>,
    sent: Sent,
    /// `None` before the first use, and after it was lost.
    connection: Option<Connection>,
}

impl Slot {
    /// Takes the connection out; a new one if there is none. Whoever asks means to write, so the files are looked at: that
    /// takes microseconds, a commit as long as the disk does.
    fn take(&mut self) -> Result<Connection, Failure> {
        self.opened.check()?;
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(Connection::new(Link::File(driver::writer(&self.opened.path)?), self.sent.clone())),
        }
    }
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
    /// This one of them met a defect, and nothing of any took effect.
    Panicked(usize),
}

impl Writer {
    async fn run(&mut self, group: &mut Vec<Box<dyn Job>>) {
        if group.is_empty() {
            return;
        }
        let (again, ended) = match self.together(group).await {
            Ended::Panicked(at) if at < group.len() => {
                let mut broken = vec![group.remove(at)];
                finish(&mut broken, Ended::Panicked(0));
                (true, Ended::Undone(defect().into()))
            }
            ended => (group.len() > 1, ended),
        };
        match ended {
            Ended::Undone(_) if again => {
                while !group.is_empty() {
                    let mut some = vec![group.remove(0)];
                    let ended = self.together(&mut some).await;
                    if matches!(&ended, Ended::NotBegun(failure) if failure.error.retry() == Retry::Exhausted)
                    {
                        // Each of the others would wait for as long once more.
                        some.append(group);
                    }
                    finish(&mut some, ended);
                }
            }
            ended => finish(group, ended),
        }
    }

    async fn together(&mut self, group: &mut Vec<Box<dyn Job>>) -> Ended {
        let start = self.env.monotonic();
        loop {
            let (env, mut jobs) = (Arc::clone(&self.env), std::mem::take(group));
            let done = self.blocking(move |slot| {
                let ended = match slot.take() {
                    Ok(connection) => {
                        let (connection, ended) = block_on(once(connection, env, &mut jobs));
                        slot.connection = connection;
                        ended
                    }
                    Err(failure) => Ended::NotBegun(failure),
                };
                (ended, jobs)
            });
            let ended = match done.await {
                Ok((ended, jobs)) => {
                    *group = jobs;
                    ended
                }
                Err(error) => Ended::NotBegun(error.into()),
            };
            match ended {
                Ended::NotBegun(failure) if failure.class == Class::Again => {
                    if is_over(&*self.env, start, PATIENCE) {
                        // Whoever tries again would wait for as long once more.
                        let error = failure.error.retryable(Retry::Exhausted);
                        return Ended::NotBegun(Failure { error, ..failure });
                    }
                }
                ended => return ended,
            }
            // Short pauses of different lengths: SQLite's own, which grow to 100 ms, would hardly ever meet the
            // moment between two groups of a busy process.
            self.pause().await;
        }
    }

    /// Has something done by the thread.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Slot) -> T + Send + 'static,
    ) -> Result<T> {
        let (done, answer) = oneshot::channel();
        let work = Box::new(move |slot: &mut Slot| {
            let _ = done.send(work(slot));
        });
        if !self.thread.send(work) {
            return Err(closed());
        }
        answer.await.map_err(|_| closed())
    }

    /// Runs one statement, when nobody else writes, who is waited for so long, and answers what it reads.
    async fn alone(&self, sql: &'static str, patience: Duration) -> Result<Vec<Record>, Failure> {
        let start = self.env.monotonic();
        loop {
            let done = self.blocking(move |slot| {
                let mut connection = slot.take()?;
                let answer = block_on(connection.fetch(sql, Vec::new()));
                slot.connection = Some(connection);
                answer
            });
            match done.await? {
                Err(failure) if failure.class == Class::Again && !is_over(&*self.env, start, patience) => {
                    self.pause().await;
                }
                done => return done,
            }
        }
    }

    async fn pause(&self) {
        let jitter = u64::try_from(self.env.random() % 3_000).unwrap_or(0);
        self.env.sleep(Duration::from_micros(500 + jitter)).await;
    }

    async fn tidy(&self, how: Tidying) -> Result<(), Failure> {
        let patience = if how == Tidying::Leave { Duration::ZERO } else { PATIENCE };
        // Who wrote has the connection.
        if how == Tidying::Leave && !self.blocking(|slot| slot.connection.is_some()).await? {
            return Ok(());
        }
        if how == Tidying::Rewrite {
            // Writes every page anew. What is deleted is overwritten where it lies, but when SQLite moves rows from page
            // to page it leaves copies in the free space of pages that it goes on to use.
            self.alone("VACUUM", patience).await?;
        }
        self.alone("PRAGMA incremental_vacuum", patience).await?;
        // Deleted values stay in the log until it is emptied, for which no reader may be using it.
        for _ in 0..200 {
            let records = self.alone("PRAGMA wal_checkpoint(TRUNCATE)", patience).await?;
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

fn is_over(env: &dyn Env, start: Duration, patience: Duration) -> bool {
    env.monotonic().saturating_sub(start) >= patience
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
    for (at, job) in group.iter_mut().enumerate() {
        match AssertUnwindSafe(job.run(&mut tx)).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                // Not even its savepoint could be undone. Without the connection nothing of it remains.
                drop(tx.rollback().await);
                return (None, Ended::Undone(failure));
            }
            Err(_) => {
                drop(tx.rollback().await);
                return (None, Ended::Panicked(at));
            }
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
        Ended::Panicked(_) => Some(defect()),
    };
    for mut job in group.drain(..) {
        job.finish(error.clone());
    }
}

fn defect() -> Error {
    Error::new(ErrorKind::Unexpected, "a defect of this program: nothing was changed; the log tells where")
}
