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
    value::Record,
};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};
use strongroom_core::{Error, ErrorKind};
use tokio::sync::oneshot;

/// How many questions share a transaction at most.
const MOST: usize = 64;

type Answer = Result<Vec<Vec<Record>>, Failure>;

struct Question {
    statements: Vec<Statement>,
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
    thread: Mutex<Option<Thread>>,
    sent: Sent,
}

struct Thread {
    questions: Sender<Question>,
    /// Answers once the connection is closed.
    ended: oneshot::Receiver<()>,
}

impl Points {
    /// Starts the thread; it opens the file when it is first asked.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub(crate) fn new(path: &Path, sent: Sent) -> Result<Self, Error> {
        let (questions, queue) = channel();
        let (closed, ended) = oneshot::channel();
        let path = path.to_owned();
        std::thread::Builder::new()
            .name("strongroom-reads".to_owned())
            .spawn(move || {
                Reader { path, connection: None }.serve(&queue);
                let _ = closed.send(());
            })
            .map_err(|_| Error::new(ErrorKind::Unavailable, "the system starts no more threads"))?;
        Ok(Self { thread: Mutex::new(Some(Thread { questions, ended })), sent })
    }

    /// The rows of each statement, all from one moment after this was called.
    pub(crate) async fn fetch(&self, statements: Vec<Statement>) -> Answer {
        self.sent.add(statements.len());
        let (answer, receiver) = oneshot::channel();
        let question = Question { statements, answer };
        let asked = self.lock().as_ref().is_some_and(|thread| thread.questions.send(question).is_ok());
        if !asked {
            return Err(closed());
        }
        receiver.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends the thread after what waits, and closes its connection.
    pub(crate) async fn close(&self) {
        let thread = self.lock().take();
        if let Some(Thread { questions, ended }) = thread {
            drop(questions);
            let _ = ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Failure {
    Failure::other(Error::new(ErrorKind::Unavailable, "the catalog is closed: open it again"))
}

struct Reader {
    path: PathBuf,
    connection: Option<Connection>,
}

impl Reader {
    fn serve(mut self, queue: &Receiver<Question>) {
        while let Ok(first) = queue.recv() {
            let waiting: Vec<Question> = std::iter::once(first).chain(queue.try_iter().take(MOST)).collect();
            let mut waiting = waiting.into_iter();
            while waiting.len() > 0 {
                self.together(&mut waiting);
            }
        }
    }

    /// Answers those who wait, up to the first for whom it fails: for the others a new connection is made.
    fn together(&mut self, waiting: &mut std::vec::IntoIter<Question>) {
        let failure = match self.connection() {
            Ok(connection) => match in_one_transaction(connection, waiting) {
                Ok(()) => return,
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        self.connection = None;
        if let Some(question) = waiting.next() {
            question.tell(Err(failure));
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

/// The one for whom it fails is still the first of those who wait, and the connection has to be closed then.
fn in_one_transaction(
    connection: &Connection,
    waiting: &mut std::vec::IntoIter<Question>,
) -> Result<(), Failure> {
    driver::run(connection, "BEGIN")?;
    while let Some(question) = waiting.as_slice().first() {
        let rows = question.statements.iter().map(|statement| driver::fetch(connection, statement));
        let answer = rows.collect::<Result<Vec<_>, Failure>>()?;
        if let Some(question) = waiting.next() {
            question.tell(Ok(answer));
        }
    }
    driver::run(connection, "COMMIT")
}
