//! An operation that waits for its turn, and its answer.

use crate::{
    error::{Class, Failure},
    transaction::{Operation, Transaction, Verdict},
};
use strongroom_core::{Error, ErrorKind, Result, async_trait};
use tokio::sync::oneshot;

/// How often an operation is run again within one transaction when it asks for it.
const LOOKS: u32 = 3;

/// A job without its type.
#[async_trait]
pub(crate) trait Job: Send {
    /// Runs the operation in a transaction of several: undone alone if it is not to be kept.
    async fn run(&mut self, tx: &mut Transaction) -> Result<(), Failure>;

    /// Tells the caller what it became; an error instead of what the operation answered, if there is one.
    fn finish(&mut self, error: Option<Error>);
}

/// An operation and who waits for it.
pub(crate) struct Waiting<O: Operation> {
    operation: O,
    answer: Option<Result<O::Answer>>,
    caller: Option<oneshot::Sender<Result<O::Answer>>>,
}

impl<O: Operation> Waiting<O> {
    /// The job, and where its answer will be.
    pub(crate) fn new(operation: O) -> (Self, oneshot::Receiver<Result<O::Answer>>) {
        let (caller, receiver) = oneshot::channel();
        (Self { operation, answer: None, caller: Some(caller) }, receiver)
    }
}

#[async_trait]
impl<O: Operation> Job for Waiting<O> {
    async fn run(&mut self, tx: &mut Transaction) -> Result<(), Failure> {
        let mut looks = 0;
        loop {
            tx.mark();
            let verdict = self.operation.run(tx).await;
            match verdict {
                Ok(Verdict::Keep(answer)) => {
                    tx.keep();
                    self.answer = Some(Ok(answer));
                    return Ok(());
                }
                Ok(Verdict::Undo(answer)) => {
                    tx.undo().await?;
                    self.answer = Some(Ok(answer));
                    return Ok(());
                }
                // Alone in its transaction, so that only what the operation itself did can have been in the way.
                Err(failure) if failure.class == Class::Again && looks < LOOKS => {
                    if tx.undo().await.is_err() {
                        return Err(failure);
                    }
                    looks += 1;
                }
                Err(failure) => {
                    if tx.undo().await.is_err() {
                        // What fails like this, such as a full disk, ended the whole transaction: it is why.
                        return Err(failure);
                    }
                    self.answer = Some(Err(failure.error));
                    return Ok(());
                }
            }
        }
    }

    fn finish(&mut self, error: Option<Error>) {
        let answer = match (error, self.answer.take()) {
            (Some(error), _) => Err(error),
            (None, Some(answer)) => answer,
            (None, None) => Err(Error::new(ErrorKind::Unexpected, "an operation ended without an answer")),
        };
        // A caller that went away does not hold up the others.
        if let Some(caller) = self.caller.take() {
            drop(caller.send(answer));
        }
    }
}

/// The answer of a job, or why there is none.
pub(crate) async fn answer<T>(receiver: oneshot::Receiver<Result<T>>) -> Result<T> {
    receiver
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Unavailable, "the catalog was closed: open it again")))
}
