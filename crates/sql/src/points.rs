//! Single rows of a SQLite file, read by one thread on a connection of its own.
//!
//! The driver that all databases share hands each row from its thread to the caller's and copies each column on the way,
//! which for a lookup by id costs several times what SQLite takes to find it. Lookups are what a server does thousands of
//! times a second, so they take this way: whatever waits when the thread is free is answered in one read transaction,
//! which began after all of it was asked, and each answer goes back whole.

use crate::{
    connection::{Sent, Statement},
    drivers::rusqlite as driver,
    error::Failure,
    thread::{Thread, closed},
    value::Record,
};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Receiver},
    vec::IntoIter,
};
use strongroom_core::Error;
use tokio::sync::oneshot;

/// How many questions share a transaction at most.
const MOST: usize = 64;

type Answer = Result<Vec<Vec<Record>>, Failure>;

struct Question {
    statements: Arc<[Statement]>,
    answer: oneshot::Sender<Answer>,
}

impl Question {
    fn tell(self, answer: Answer) {
        // Whoever does not wait any more needs none.
        let _ = self.answer.send(answer);
    }
}

/// Asks the thread, which ends when this is closed or dropped.
pub(crate) struct Points {
    thread: Mutex<Option<Thread<Question>>>,
    sent: Sent,
}

impl Points {
    /// Starts the thread; it opens the file when it is first asked.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub(crate) fn new(path: &Path, sent: Sent) -> Result<Self, Error> {
        let reader = Reader { path: path.to_owned(), connection: None };
        let thread = Thread::start("strongroom-reads", |queue| reader.serve(queue))?;
        Ok(Self { thread: Mutex::new(Some(thread)), sent })
    }

    /// The rows of each statement, all from one moment after this was called.
    pub(crate) async fn fetch(&self, statements: Arc<[Statement]>) -> Answer {
        self.sent.add(statements.len());
        let (answer, receiver) = oneshot::channel();
        let question = Question { statements, answer };
        if !self.lock().as_ref().is_some_and(|thread| thread.send(question)) {
            return Err(closed().into());
        }
        receiver.await.unwrap_or_else(|_| Err(closed().into()))
    }

    /// Ends the thread after what waits, and closes its connection.
    pub(crate) async fn close(&self) {
        let thread = self.lock().take();
        if let Some(thread) = thread {
            thread.end().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Thread<Question>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Reader {
    path: PathBuf,
    connection: Option<Connection>,
}

impl Reader {
    fn serve(mut self, queue: &Receiver<Question>) {
        while let Ok(first) = queue.recv() {
            let waiting: Vec<Question> =
                std::iter::once(first).chain(queue.try_iter().take(MOST - 1)).collect();
            let mut waiting = waiting.into_iter();
            // A defect ends what is asked now, whose callers are told by the channel's end, and nothing else.
            if catch_unwind(AssertUnwindSafe(|| self.together(&mut waiting))).is_err() {
                self.connection = None;
            }
        }
    }

    /// Answers all. What fails is as likely to fail for the next one, who may have waited long already: all who are
    /// left are told the same, and ask again on a new connection if that can help.
    fn together(&mut self, waiting: &mut IntoIter<Question>) {
        let failed = match self.connection() {
            Ok(connection) => in_one_transaction(connection, waiting).err(),
            Err(failure) => Some(failure),
        };
        if let Some(failure) = failed {
            self.connection = None;
            waiting.for_each(|question| question.tell(Err(failure.clone())));
        }
    }

    fn connection(&mut self) -> Result<&Connection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => driver::reader(&self.path)?,
        };
        Ok(self.connection.insert(connection))
    }
}

/// Those for whom it fails are still among those who wait, and the connection has to be closed then.
fn in_one_transaction(connection: &Connection, waiting: &mut IntoIter<Question>) -> Result<(), Failure> {
    driver::run(connection, "BEGIN")?;
    while let Some(question) = waiting.as_slice().first() {
        let answer = if question.answer.is_closed() {
            // Whoever asked is gone.
            Vec::new()
        } else {
            let rows = question.statements.iter().map(|statement| driver::fetch(connection, statement));
            rows.collect::<Result<_, Failure>>()?
        };
        if let Some(question) = waiting.next() {
            question.tell(Ok(answer));
        }
    }
    driver::run(connection, "COMMIT")
}
