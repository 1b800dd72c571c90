//! Calls to a back-end: bounded in time, repeated where that is safe, counted.

use crate::{
    EngineOptions, Env, Store, StoreName,
    cache::Cache,
    caught::caught,
    deadline::{Deadline, jittered, within},
    silence::is_no_answer,
    stats::Counters,
};
use std::{future::Future, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Found, Labels, NewVersion, ObjectId, Payload, Prices, Reason,
    Result, Retry, VersionRef,
};

/// How many first pauses long a scan waits that a service asks to slow down: 20 seconds, since quotas are for a minute.
const QUOTA: u32 = 200;

/// One configured store.
pub(crate) struct Calls {
    pub(crate) name: StoreName,
    pub(crate) sealed: bool,
    backend: Arc<dyn Backend>,
    env: Arc<dyn Env>,
    counters: Arc<Counters>,
    timeout: Duration,
    attempts: u32,
    backoff: Duration,
    /// The cache of this store's values, if it has one of its own.
    pub(crate) cache: Option<Cache>,
    /// How long a cached value is believed.
    pub(crate) max_age: Option<Duration>,
}

/// What all pages of a scan showed.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) found: Vec<Found>,
    /// Objects that are there and damaged, of which `found` shows nothing.
    pub(crate) damaged: Vec<ObjectId>,
}

/// What became of a put.
pub(crate) struct Put {
    pub(crate) at: Result<VersionRef>,
    /// How often it was sent: more than once, or once without an answer, may have left a twin.
    pub(crate) sends: u32,
}

impl Calls {
    pub(crate) fn new(
        store: Store,
        env: &Arc<dyn Env>,
        counters: &Arc<Counters>,
        options: &EngineOptions,
    ) -> Self {
        let Store { name, backend, seal, options: own } = store;
        Self {
            name,
            sealed: seal,
            backend,
            env: env.clone(),
            counters: counters.clone(),
            timeout: own.call_timeout.unwrap_or(options.call_timeout),
            attempts: own.call_attempts.unwrap_or(options.call_attempts),
            backoff: options.backoff,
            cache: own.cache_bytes.map(Cache::new),
            max_age: own.cache_max_age.or(options.cache_max_age),
        }
    }

    pub(crate) fn info(&self) -> &BackendInfo {
        self.backend.info()
    }

    /// How long a call may take with all its repeats, pauses aside.
    pub(crate) fn longest(&self) -> Duration {
        self.timeout.saturating_mul(self.attempts)
    }

    /// Refuses a payload that the back-end does not take.
    pub(crate) fn check_size(&self, payload: &Payload) -> Result<()> {
        let (size, limit) = (payload.expose().len(), self.info().limits.payload_bytes);
        if size <= limit {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "values: encoded for the store they are too large; split them over several secrets",
        )
        .with("store", &self.name)
        .with("bytes", size)
        .with("limit", limit)
        .because(Reason::BeyondLimit))
    }

    /// Writes a version. Nothing is sent after `deadline`: whoever takes over from then on may rely on it.
    pub(crate) async fn put(&self, version: &NewVersion<'_>, deadline: &Deadline) -> Put {
        let mut sends = 0;
        let bytes = version.payload.expose().len() as u64;
        let at = self
            .repeat("put", deadline, || {
                sends += 1;
                self.put_once(version)
            })
            .await;
        self.counters.call(&self.name, "put", |stats| stats.bytes += bytes * u64::from(sends));
        Put { at, sends }
    }

    /// A name that a catalog has no room for could not be committed.
    async fn put_once(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let at = self.backend.put(version).await?;
        let bytes = at.as_str().len();
        if bytes <= VersionRef::MAX_BYTES {
            return Ok(at);
        }
        let text = "the back-end gave the version too long a name, which is a defect of it: tell its authors";
        Err(Error::new(ErrorKind::Unexpected, text).with("bytes", bytes).with("limit", VersionRef::MAX_BYTES))
    }

    pub(crate) async fn get(
        &self,
        object: ObjectId,
        at: &VersionRef,
        deadline: &Deadline,
    ) -> Result<Payload> {
        let payload = self.repeat("get", deadline, || self.backend.get(object, at)).await?;
        self.counters.call(&self.name, "get", |stats| stats.bytes += payload.expose().len() as u64);
        Ok(payload)
    }

    /// One answer for each, in order; what failed in a bulk read is read again alone.
    pub(crate) async fn get_many(
        &self,
        wanted: &[(ObjectId, VersionRef)],
        deadline: &Deadline,
    ) -> Vec<Result<Payload>> {
        let sent = self.repeat("get_many", deadline, || async {
            let answers = self.backend.get_many(wanted).await;
            if answers.len() == wanted.len() {
                return Ok(answers);
            }
            Err(Error::new(ErrorKind::Unexpected, "the back-end gave another number of answers"))
        });
        let mut answers = match sent.await {
            Ok(answers) => answers,
            Err(error) => return wanted.iter().map(|_| Err(error.clone())).collect(),
        };
        // It answered, but to say of each that it does not work: no call after this may correct that.
        if answers.iter().all(Result::is_err)
            && let Some(Err(error)) = answers.first()
        {
            self.counters.ended(&self.name, Some(error.kind()));
        }
        for (answer, (object, at)) in answers.iter_mut().zip(wanted) {
            if let Err(error) = answer {
                *answer = match repeatable(error) {
                    Some(_) => self.get(*object, at, deadline).await,
                    None => Err(self.named(error.clone(), "get_many")),
                };
            }
        }
        let bytes: usize = answers.iter().flatten().map(|payload| payload.expose().len()).sum();
        self.counters.call(&self.name, "get_many", |stats| stats.bytes += bytes as u64);
        answers
    }

    pub(crate) async fn relabel(&self, object: ObjectId, labels: &Labels, deadline: &Deadline) -> Result<()> {
        self.repeat("relabel", deadline, || self.backend.relabel(object, labels)).await
    }

    pub(crate) async fn remove(&self, object: ObjectId, at: &VersionRef, deadline: &Deadline) -> Result<()> {
        gone_is_fine(self.repeat("remove", deadline, || self.backend.remove(object, at)).await)
    }

    pub(crate) async fn delete(&self, object: ObjectId, deadline: &Deadline) -> Result<()> {
        gone_is_fine(self.repeat("delete", deadline, || self.backend.delete(object)).await)
    }

    /// Everything that the service shows of one object.
    pub(crate) async fn scan(&self, object: ObjectId, deadline: &Deadline) -> Result<Vec<Found>> {
        Ok(self.pages(Some(object), deadline, false).await?.found)
    }

    /// Everything that the service shows in the namespace.
    pub(crate) async fn scan_all(&self, deadline: &Deadline) -> Result<Scanned> {
        self.pages(None, deadline, false).await
    }

    /// The same, for whoever has the time to wait for a quota, and would have to begin anew.
    pub(crate) async fn scan_all_patiently(&self, deadline: &Deadline) -> Result<Scanned> {
        self.pages(None, deadline, true).await
    }

    async fn pages(&self, only: Option<ObjectId>, deadline: &Deadline, patient: bool) -> Result<Scanned> {
        let (mut scanned, mut from) = (Scanned::default(), None::<String>);
        loop {
            let page = loop {
                match self.repeat("scan", deadline, || self.backend.scan(only, from.as_deref())).await {
                    Err(error)
                        if patient
                            && error.kind() == ErrorKind::RateLimited
                            && deadline.left() > self.backoff * QUOTA =>
                    {
                        tracing::warn!(target: "strongroom::engine", %error, "the scan waits and goes on");
                        self.env.sleep(self.backoff * QUOTA).await;
                    }
                    answer => break answer?,
                }
            };
            scanned.found.extend(page.found);
            scanned.damaged.extend(page.damaged);
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        // One that is on two pages is told of twice.
        scanned.damaged.sort_unstable();
        scanned.damaged.dedup();
        Ok(scanned)
    }

    pub(crate) async fn check(&self, deadline: &Deadline) -> Result<()> {
        self.repeat("check", deadline, || self.backend.check()).await
    }

    /// Whether it answers at all, be it with a refusal, in the time that one call may take.
    pub(crate) async fn answers(&self) -> bool {
        let deadline = Deadline::after(self.timeout, &self.env);
        let checked = caught(self.check(&deadline)).await;
        !matches!(&checked, Ok(Err(error)) if is_no_answer(error))
    }

    /// Notes that so many versions were removed that a lost answer left behind.
    pub(crate) fn removed_twins(&self, removed: u64) {
        self.counters.twins(&self.name, removed);
    }

    /// Sends until there is an answer that repeating would not change, the attempts are used up or the time is over.
    async fn repeat<T, F: Future<Output = Result<T>>>(
        &self,
        operation: &'static str,
        deadline: &Deadline,
        mut send: impl FnMut() -> F,
    ) -> Result<T> {
        let mut tries = 0;
        let price = self.info().prices.map(|prices| price(&prices, operation));
        loop {
            if deadline.is_over() {
                return Err(self.named(crate::errors::too_slow(), operation));
            }
            let started = self.env.monotonic();
            let left = deadline.left();
            // About as much as a call may take is all of it: a read has exactly that for all its calls.
            let in_full = left >= self.timeout / 4 * 3;
            let (answer, cut) = match within(&*self.env, self.timeout.min(left), send()).await {
                Some(answer) => (answer, false),
                None => (Err(unanswered(in_full)), !in_full),
            };
            let micros = self.env.monotonic().saturating_sub(started).as_micros() as u64;
            self.counters.call(&self.name, operation, |stats| {
                stats.sent += 1;
                stats.repeated += u64::from(tries > 0);
                stats.micros += micros;
                if let Some(price) = price {
                    *stats.cost.get_or_insert(0) += price;
                }
                if let Err(error) = &answer {
                    *stats.failed.entry(error.kind()).or_default() += 1;
                }
            });
            let error = match answer {
                Ok(answer) => {
                    self.counters.ended(&self.name, None);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            // A caller that waits less than a call may take tells nothing of the store.
            if !cut {
                self.counters.ended(&self.name, Some(error.kind()));
            }
            tries += 1;
            let Some(asked) = repeatable(&error) else { return Err(self.named(error, operation)) };
            let pause = asked.unwrap_or_else(|| jittered(&*self.env, self.backoff, tries - 1));
            if tries >= self.attempts || pause >= deadline.left() {
                return Err(self.named(error.retryable(Retry::Exhausted), operation));
            }
            self.env.sleep(pause).await;
        }
    }

    /// With where it failed.
    pub(crate) fn named(&self, error: Error, operation: &'static str) -> Error {
        error.with("store", &self.name).with("type", self.info().kind).with("operation", operation)
    }
}

/// What a call without an answer is told as: whether it had all the time that a call may take, or its caller had less.
fn unanswered(in_full: bool) -> Error {
    let text = if in_full {
        "the service did not answer in time: try again, or raise call_timeout_ms if it always takes so long"
    } else {
        "the service did not answer in time, of which less was left for the call than call_timeout_ms: it may be down or \
         slow; look at it, then try again"
    };
    Error::new(ErrorKind::Timeout, text).retryable(Retry::Backoff)
}

/// What a call of this name costs.
fn price(prices: &Prices, operation: &str) -> u64 {
    match operation {
        "put" => prices.put,
        "get" => prices.get,
        "get_many" => prices.get_many,
        "relabel" => prices.relabel,
        "remove" => prices.remove,
        "delete" => prices.delete,
        "scan" => prices.scan,
        "check" => prices.check,
        _ => 0,
    }
}

/// Whether sending again can help, and after which pause if the service asked for one.
fn repeatable(error: &Error) -> Option<Option<Duration>> {
    match error.retry() {
        Retry::Backoff => Some(None),
        Retry::After(pause) => Some(Some(pause)),
        _ => None,
    }
}

fn gone_is_fine(answer: Result<()>) -> Result<()> {
    match answer {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
