//! One call of the store.

use crate::{
    client::{Call, Client},
    error::{self, About},
    transport::Message,
};
use reqwest::Method;
use std::time::{Duration, Instant};
use strongroom_core::{Access, Context, Error, ErrorKind, Result, Revision, SecretRef};
use uuid::Uuid;

/// One call of the store: on whose behalf, until when, and where to.
pub(crate) struct Calling<'a> {
    pub(crate) client: &'a Client,
    cx: &'a Context,
    end: Instant,
    /// Whether the server is ours.
    pub(crate) ours: bool,
}

impl<'a> Calling<'a> {
    pub(crate) async fn begin(client: &'a Client, cx: &'a Context) -> Result<Self> {
        if cx.access != Access::full() {
            let text = "a remote store acts with the rights of the account that it logs in with, and cannot narrow them: \
                        give it full access, and that account the rights that are meant";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let end = Instant::now() + cx.timeout;
        let ours = client.server(end).await?.strongroom.is_some();
        Ok(Self { client, cx, end, ours })
    }

    pub(crate) fn message(&self, method: Method, path: impl Into<String>) -> Message {
        let mut message = Message::new(method, path);
        message.request.clone_from(&self.cx.origin.request);
        message
    }

    pub(crate) fn reading(&self, message: Message) -> Call {
        Call { message, about: About::default(), end: self.end }
    }

    /// A change: named, so that it is made once however often it arrives.
    pub(crate) fn writing(&self, mut message: Message, names: bool) -> Call {
        message.key = Some(self.cx.receipt.map_or_else(Uuid::new_v4, |receipt| receipt.id));
        Call { message, about: About { writes: true, names, ..About::default() }, end: self.end }
    }

    /// Whether the caller says how a change is known again.
    pub(crate) fn has_receipt(&self) -> bool {
        self.cx.receipt.is_some()
    }

    /// How much time is left.
    pub(crate) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Refuses what the server has no notion of.
    pub(crate) fn needs_ours(&self, what: &str) -> Result<()> {
        if self.ours { Ok(()) } else { Err(error::unsupported(what)) }
    }

    pub(crate) fn needs_revisions(&self, expected: Option<Revision>) -> Result<()> {
        match expected {
            Some(_) => self.needs_ours("has no revisions: a change cannot be bound to one"),
            None => Ok(()),
        }
    }
}

/// In the words of the local store, by the reference that the caller gave.
pub(crate) fn missing(error: Error, which: &SecretRef) -> Error {
    if error.kind() == ErrorKind::NotFound { error::not_found(which) } else { error }
}
