//! A thread that may block, and what it is asked for.

use std::sync::mpsc::{Receiver, Sender, channel};
use strongroom_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

/// A thread that serves messages until this is dropped or ended.
pub(crate) struct Thread<M> {
    messages: Sender<M>,
    ended: oneshot::Receiver<()>,
}

impl<M: Send + 'static> Thread<M> {
    /// Starts it; `serve` returns when no message can come any more.
    ///
    /// # Errors
    /// `Unavailable` if the system starts no more threads.
    pub(crate) fn start(name: &str, serve: impl FnOnce(&Receiver<M>) + Send + 'static) -> Result<Self> {
        let (messages, queue) = channel();
        let (end, ended) = oneshot::channel();
        let work = move || {
            serve(&queue);
            let _ = end.send(());
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|_| {
            Error::new(ErrorKind::Unavailable, "the system starts no more threads: raise the limit of tasks")
        })?;
        Ok(Self { messages, ended })
    }

    /// Sends a message; `false` if the thread is gone.
    pub(crate) fn send(&self, message: M) -> bool {
        self.messages.send(message).is_ok()
    }

    /// Waits until what was sent is done, and what the thread held is closed.
    pub(crate) async fn end(self) {
        drop(self.messages);
        let _ = self.ended.await;
    }
}

/// What is said of a catalog that was closed, or whose threads are gone.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the catalog is closed: open it again")
}
