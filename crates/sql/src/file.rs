//! The file of a SQLite database: the task that writes it, and the connections that read it.

use crate::{
    connection::Sent,
    drivers::sqlite,
    group::{self, Request, Tidying},
    job::{Waiting, answer},
    opened::Opened,
    points::Points,
    thread::closed,
    transaction::Operation,
};
use sqlx::sqlite::SqlitePool;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use strongroom_core::{ErrorKind, Result};
use strongroom_engine::Env;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// How many operations may wait for the writer before callers wait to be let in.
const QUEUE: usize = 1024;

pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) opened: Arc<Opened>,
    pub(crate) readers: SqlitePool,
    /// What reads single rows.
    pub(crate) points: Points,
    writer: Mutex<Option<JoinHandle<()>>>,
    requests: Mutex<Option<mpsc::Sender<Request>>>,
}

impl File {
    /// Starts the task that writes; it ends when this is dropped or closed.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub(crate) fn new(path: &Path, env: Arc<dyn Env>, readers: u32, sent: Sent) -> Result<Self> {
        let opened = Arc::new(Opened::new(path));
        let points = Points::new(opened.clone(), sent.clone());
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = group::start(opened.clone(), env, sent, queue)?;
        let readers = sqlite::readers(path, readers);
        Ok(Self {
            path: path.to_owned(),
            opened,
            readers,
            points,
            writer: Mutex::new(Some(writer)),
            requests: Mutex::new(Some(requests)),
        })
    }

    /// Runs an operation; others that wait share its commit.
    pub(crate) async fn run<O: Operation>(&self, operation: O) -> Result<O::Answer> {
        let (job, receiver) = Waiting::new(operation);
        self.send(Request::Run(Box::new(job))).await?;
        answer(receiver).await
    }

    /// Empties the log, in which deleted values stay until then, and gives free pages back; when rewriting also
    /// overwrites what is left of deleted values between the rows.
    pub(crate) async fn tidy(&self, how: Tidying) -> Result<()> {
        let (done, receiver) = oneshot::channel();
        self.send(Request::Tidy { how, done }).await?;
        answer(receiver).await
    }

    /// Ends the task after what waits, and closes all connections.
    pub(crate) async fn close(&self) -> Result<()> {
        self.readers.close().await;
        self.points.close().await;
        let tidied = match self.tidy(Tidying::Leave).await {
            // Another process that reads or writes keeps the log; the last one to close empties it.
            Err(error) if error.kind() == ErrorKind::Unavailable => Ok(()),
            other => other,
        };
        drop(self.requests.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // With it goes its connection.
            let _ = writer.await;
        }
        tidied
    }

    async fn send(&self, request: Request) -> Result<()> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        requests.ok_or_else(closed)?.send(request).await.map_err(|_| closed())
    }
}
