//! Reads and denials in the audit log.
//!
//! Writes bring their own entries. Reads wait here for at most 100 ms, the same read by the same caller being one entry
//! with a count, and a caller's reads of very many secrets one entry with their ids, so that thousands a second neither
//! wait for a disk nor fill it. Denials are counted for a minute. While entries cannot be written, what would make more
//! of them is refused.

mod buffer;
mod denials;
mod heads;
mod report;

pub use report::{ChainReport, NotedHead, Pruned, parse_head, prune, verify};

use buffer::{Buffer, Key};
use denials::Denials;
use heads::Heads;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Access, Context, Origin, OwnerId, Result, SecretId};
use strongroom_engine::{Auditor, Engine, Noted};
use strongroom_sql::SqlCatalog;
use tokio::sync::Notify;
use uuid::Uuid;

/// How long an entry waits for others.
const TOGETHER: Duration = Duration::from_millis(100);
/// How often the heads of other chains are named.
const MINUTE: Duration = Duration::from_secs(60);

/// Notes at once what goes with no change of a secret or an account: what is about to be done to the database itself.
///
/// # Errors
/// What the database says.
pub async fn note(
    engine: &Engine,
    catalog: &SqlCatalog,
    cx: &Context,
    action: &'static str,
    detail: String,
) -> Result<()> {
    let entry = engine.audit_entry(cx, action, SecretId(Uuid::nil()), detail);
    let append = |auditor| catalog.append_audit(vec![Noted { entry: entry.clone(), auditor }]);
    engine.audited(append).await
}

/// What happened to a secret, with the name of the action.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// It is noted each time.
    Done(&'static str),
    /// It was denied, which is noted as [`Trail::note_denial`] does.
    Denied(&'static str),
}

/// Gathers entries that go with no change.
#[derive(Clone)]
pub(crate) struct Trail(Arc<Inner>);

struct Inner {
    catalog: Arc<SqlCatalog>,
    engine: Engine,
    buffer: Mutex<Buffer>,
    denials: Denials,
    heads: Heads,
    /// Held while entries are written: whoever then finds none that wait knows that its own are written.
    writing: tokio::sync::Mutex<()>,
    /// The last attempt to write failed.
    failing: AtomicBool,
    /// Whether a read waits for its entry.
    sync: bool,
    wake: Notify,
}

impl Trail {
    pub(crate) fn new(catalog: Arc<SqlCatalog>, engine: Engine, sync: bool) -> Self {
        Self(Arc::new(Inner {
            catalog,
            engine,
            buffer: Mutex::default(),
            denials: Denials::default(),
            heads: Heads::default(),
            writing: tokio::sync::Mutex::default(),
            failing: AtomicBool::new(false),
            sync,
            wake: Notify::new(),
        }))
    }

    /// Notes what a caller did with a secret, or was not allowed to; the nil id where none is concerned.
    ///
    /// # Errors
    /// `Unavailable` while the log cannot be written: the caller must not be answered.
    pub(crate) async fn note(
        &self,
        cx: &Context,
        action: &'static str,
        secret: SecretId,
        detail: &str,
    ) -> Result<()> {
        self.note_keys(vec![Key::new(cx, action, secret, detail)], Vec::new()).await
    }

    /// Notes what happened to each of many secrets. Where a read waits for its entry, all of these wait once.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    pub(crate) async fn note_many(&self, cx: &Context, events: &[(Event, SecretId)]) -> Result<()> {
        let (mut done, mut denied) = (Vec::new(), Vec::new());
        for (event, secret) in events {
            match *event {
                Event::Done(action) => done.push(Key::new(cx, action, *secret, "")),
                Event::Denied(action) => denied.push(Key::new(cx, action, *secret, "")),
            }
        }
        self.note_keys(done, denied).await
    }

    async fn note_keys(&self, mut keys: Vec<Key>, denied: Vec<Key>) -> Result<()> {
        if self.0.failing.load(Ordering::Relaxed) {
            return Err(Auditor::unwritable());
        }
        let firsts: Vec<Key> = denied.into_iter().filter_map(|key| self.0.denials.add(key)).collect();
        keys.extend(firsts.iter().cloned());
        let noted = self.add(keys).await;
        if noted.is_err() {
            firsts.iter().for_each(|key| self.0.denials.forget(key));
        }
        noted
    }

    async fn add(&self, keys: Vec<Key>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        if !self.buffer(|buffer| keys.into_iter().all(|key| buffer.add(key))) {
            return Err(Auditor::unwritable());
        }
        if self.0.sync {
            return self.flush().await;
        }
        self.0.wake.notify_one();
        Ok(())
    }

    /// As [`note`](Self::note), where no secret is concerned.
    pub(crate) async fn note_event(&self, cx: &Context, action: &'static str, detail: &str) -> Result<()> {
        self.note(cx, action, SecretId(Uuid::nil()), detail).await
    }

    /// Notes that something was denied. The first of a kind is written as everything is, its repeats with a count at
    /// the end of the minute: a flood makes a few entries.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    pub(crate) async fn note_denial(&self, cx: &Context, action: &'static str, detail: &str) -> Result<()> {
        self.note_keys(Vec::new(), vec![Key::new(cx, action, SecretId(Uuid::nil()), detail)]).await
    }

    /// As [`note_denial`](Self::note_denial), of somebody who did not prove who they are.
    pub(crate) async fn note_stranger(
        &self,
        origin: Origin,
        action: &'static str,
        detail: &str,
    ) -> Result<()> {
        let nobody = Context::new(OwnerId(Uuid::nil()), Access::none(), origin);
        self.note_denial(&nobody, action, detail).await
    }

    /// Whether entries can be written.
    pub(crate) fn works(&self) -> bool {
        !self.0.failing.load(Ordering::Relaxed)
    }

    /// How many entries wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer(|buffer| buffer.len())
    }

    /// Writes what waits. It goes on if the caller goes away: others' entries are in it.
    pub(crate) async fn flush(&self) -> Result<()> {
        let trail = self.clone();
        tokio::spawn(async move { trail.write_all().await })
            .await
            .unwrap_or_else(|_| Err(Auditor::unwritable()))
    }

    async fn write_all(&self) -> Result<()> {
        let _writing = self.0.writing.lock().await;
        let gathered = self.buffer(Buffer::take);
        if gathered.is_empty() {
            return Ok(());
        }
        match self.write(&gathered).await {
            Ok(()) => {
                self.0.failing.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                self.0.failing.store(true, Ordering::Relaxed);
                self.buffer(|buffer| buffer.put_back(gathered));
                // Requests are refused from now on, so that none of them would try again.
                self.0.wake.notify_one();
                tracing::error!(target: "strongroom::server", %error, "the audit log cannot be written; requests are refused");
                Err(error)
            }
        }
    }

    async fn write(&self, gathered: &[(Key, u64)]) -> Result<()> {
        let engine = &self.0.engine;
        let append = |auditor: Arc<Auditor>| {
            let noted = |entry| Noted { entry, auditor: auditor.clone() };
            self.0.catalog.append_audit(buffer::entries(gathered, engine).into_iter().map(noted).collect())
        };
        engine.audited(append).await
    }

    /// Writes every 100 ms what came together, until it is dropped. What fails is tried again.
    pub(crate) async fn run(&self) {
        loop {
            self.0.wake.notified().await;
            tokio::time::sleep(TOGETHER).await;
            while self.flush().await.is_err() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Adds every minute what was denied again and again, until it is dropped.
    pub(crate) async fn count_denials(&self) {
        loop {
            tokio::time::sleep(MINUTE).await;
            self.add_denials();
        }
    }

    fn add_denials(&self) {
        // They were answered already, and are few: they are taken in even where the buffer is full.
        let repeated = self.0.denials.take();
        self.buffer(|buffer| buffer.put_back(repeated));
        self.0.wake.notify_one();
    }

    /// Names the heads of other chains, now and every minute, until it is dropped.
    pub(crate) async fn name_heads(&self) {
        loop {
            if let Err(error) = self.0.heads.name(&self.0.engine, &self.0.catalog).await {
                tracing::warn!(target: "strongroom::server", %error, "the heads of the audit chains will be named later");
            }
            tokio::time::sleep(MINUTE).await;
        }
    }

    /// Writes what waits, and ends the chain.
    pub(crate) async fn close(&self) -> Result<()> {
        self.add_denials();
        self.flush().await?;
        heads::close(&self.0.engine, &self.0.catalog).await
    }

    fn buffer<T>(&self, work: impl FnOnce(&mut Buffer) -> T) -> T {
        work(&mut self.0.buffer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
