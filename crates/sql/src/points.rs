//! Single rows of a SQLite file, read where the caller runs.
//!
//! The driver that all databases share hands each row from its thread to the caller's and copies each column on the way,
//! which for a lookup by id costs several times what SQLite takes to find it. Lookups are what a server does thousands of
//! times a second, so they take this way: whoever asks lets others that are ready ask as well, then the first to come back
//! answers all that wait, in one read transaction, which began after all of it was asked. Nobody waits until a thread wakes
//! up, and a transaction's locks are paid for once.
//!
//! This blocks the caller's thread, for some ten microseconds a row where the system has the file in memory. So only
//! [`MOST`] rows are read before others have their turn, and whoever finds the file locked tries again later.

use crate::{
    connection::{Sent, Statement},
    drivers::rusqlite as driver,
    error::Failure,
    opened::Opened,
    thread::closed,
    value::Record,
};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    vec::IntoIter,
};
use tokio::sync::oneshot;

/// How many rows are read in one transaction at most.
pub(crate) const MOST: usize = 32;

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

/// Answers questions, until it is closed.
pub(crate) struct Points {
    opened: Arc<Opened>,
    /// How many connections stay open: as many as can run at a time, since each has a cache of its own.
    kept: usize,
    sent: Sent,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    waiting: VecDeque<Question>,
    idle: Vec<Connection>,
    /// How many connections are in use.
    used: usize,
    closed: bool,
}

impl Points {
    /// For a file, which is opened when something is asked.
    pub(crate) fn new(opened: Arc<Opened>, sent: Sent) -> Self {
        let kept = std::thread::available_parallelism().map_or(1, usize::from);
        Self { opened, kept, sent, desk: Mutex::default() }
    }

    /// The rows of each statement, of which there are at most [`MOST`], all from one moment after this was called.
    pub(crate) async fn fetch(&self, statements: Arc<[Statement]>) -> Answer {
        self.sent.add(statements.len());
        let (answer, receiver) = oneshot::channel();
        {
            let mut desk = self.lock();
            if desk.closed {
                return Err(closed().into());
            }
            desk.waiting.push_back(Question { statements, answer });
        }
        after_others().await;
        // As long as it waits it is served, whoever else stopped asking; if nothing waits, somebody is answering it.
        while receiver.is_empty() && self.serve() {
            if receiver.is_empty() {
                after_others().await;
            }
        }
        receiver.await.unwrap_or_else(|_| Err(closed().into()))
    }

    /// Answers what waits, and closes the connections.
    pub(crate) async fn close(&self) {
        self.lock().closed = true;
        while self.serve() || self.lock().used > 0 {
            after_others().await;
        }
        self.lock().idle.clear();
    }

    /// Answers those who wait longest; `false` if nobody does.
    fn serve(&self) -> bool {
        let Some((connection, waiting)) = self.begin() else { return false };
        let mut waiting = waiting.into_iter();
        // A defect ends what is asked now, whose callers are told by the channel's end, and nothing else.
        let done = catch_unwind(AssertUnwindSafe(|| self.together(connection, &mut waiting)));
        self.end(done.unwrap_or(None));
        true
    }

    /// What is to be asked, and a connection, if one is open that nobody uses.
    fn begin(&self) -> Option<(Option<Connection>, Vec<Question>)> {
        let mut desk = self.lock();
        let (mut taken, mut rows) = (Vec::new(), 0);
        while let Some(next) = desk.waiting.front()
            && (taken.is_empty() || rows + next.statements.len() <= MOST)
        {
            if let Some(question) = desk.waiting.pop_front()
                && !question.answer.is_closed()
            {
                rows += question.statements.len();
                taken.push(question);
            }
        }
        if taken.is_empty() {
            return None;
        }
        desk.used += 1;
        Some((desk.idle.pop(), taken))
    }

    fn end(&self, connection: Option<Connection>) {
        let mut desk = self.lock();
        if !desk.closed && desk.idle.len() < self.kept {
            desk.idle.extend(connection);
        } else {
            // Before it counts as closed.
            drop(connection);
        }
        desk.used -= 1;
    }

    /// Answers all. What fails is as likely to fail for the next one, who may have waited long already: all who are
    /// left are told the same, and ask again on a new connection if that can help.
    fn together(
        &self,
        connection: Option<Connection>,
        waiting: &mut IntoIter<Question>,
    ) -> Option<Connection> {
        let done = connection.map_or_else(|| self.open(), Ok).and_then(|connection| {
            in_one_transaction(&connection, waiting)?;
            Ok(connection)
        });
        match done {
            Ok(connection) => Some(connection),
            Err(failure) => {
                waiting.for_each(|question| question.tell(Err(failure.clone())));
                None
            }
        }
    }

    /// Another file under that name would be read with the log of the one that was opened, which would get into it.
    fn open(&self) -> Result<Connection, Failure> {
        self.opened.check()?;
        driver::reader(&self.opened.path)
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes to the end of the queue of tasks that are ready. Tokio's `yield_now` would ask the system first what else became
/// ready, which costs more than a lookup.
async fn after_others() {
    let mut been_there = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut been_there, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Those for whom it fails are still among those who wait, and the connection has to be closed then.
fn in_one_transaction(connection: &Connection, waiting: &mut IntoIter<Question>) -> Result<(), Failure> {
    driver::run(connection, "BEGIN")?;
    while let Some(question) = waiting.as_slice().first() {
        let rows = question.statements.iter().map(|statement| driver::fetch(connection, statement));
        let answer = rows.collect::<Result<_, Failure>>()?;
        if let Some(question) = waiting.next() {
            question.tell(Ok(answer));
        }
    }
    driver::run(connection, "COMMIT")
}
