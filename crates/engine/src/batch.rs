//! Reads that share a statement, like a group commit for reads.
//!
//! A read must be answered by a statement that started after the read arrived. Reads that arrive while a statement
//! runs wait together for the next one: under load one statement answers dozens of them.

use crate::{Env, caught::caught, compare::is_damage, deadline::within};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result};

/// The most keys that one statement asks for.
const LARGEST: usize = 256;

/// How long a statement waits for the one before. A database that is gone may leave that without an answer for minutes,
/// while another connection leads to the one in its place.
const PATIENCE: Duration = Duration::from_secs(5);

type Answers<K, V> = Result<Arc<BTreeMap<K, V>>>;
type Running<K, V> = Shared<BoxFuture<'static, Answers<K, V>>>;
type Ask<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<Vec<V>>> + Send + Sync;

/// Gathers keys that are asked for at the same time.
pub struct Batch<K, V> {
    env: Arc<dyn Env>,
    ask: Arc<Ask<K, V>>,
    /// Whoever is asked gathers by itself.
    direct: bool,
    last: Mutex<Option<Gathering<K, V>>>,
}

impl<K, V> fmt::Debug for Batch<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("direct", &self.direct).finish_non_exhaustive()
    }
}

/// The statement that runs last. Its keys can grow until it starts.
struct Gathering<K, V> {
    /// `None` once the statement has started.
    keys: Arc<Mutex<Option<Vec<K>>>>,
    /// Nothing once all who wait for it have gone: with them goes the statement, and what that holds.
    answers: WeakShared<BoxFuture<'static, Answers<K, V>>>,
}

impl<K: Ord + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Batch<K, V> {
    /// `ask` answers each key, in order, by one statement.
    pub fn new(
        env: Arc<dyn Env>,
        ask: impl Fn(Vec<K>) -> BoxFuture<'static, Result<Vec<V>>> + Send + Sync + 'static,
    ) -> Self {
        Self { env, ask: Arc::new(ask), direct: false, last: Mutex::new(None) }
    }

    /// Asks at once, whatever else is asked, if whoever is asked shares statements among callers already.
    #[must_use]
    pub fn directly(mut self, direct: bool) -> Self {
        self.direct = direct;
        self
    }

    /// The answers for these keys, in order, from a statement that starts after this call.
    ///
    /// # Errors
    /// Those of the statement, the same for everybody who shares it; but damage is told to those alone who asked for what is
    /// damaged.
    pub async fn read(&self, keys: &[K]) -> Result<Vec<V>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if self.direct {
            return (self.ask)(keys.to_vec()).await;
        }
        let answers = match self.join(keys).await {
            // Perhaps of a row that somebody else asked for.
            Err(error) if is_damage(&error) => return (self.ask)(keys.to_vec()).await,
            answers => answers?,
        };
        let missing = || Error::new(ErrorKind::Unexpected, "the catalog gave too few answers");
        keys.iter().map(|key| answers.get(key).cloned().ok_or_else(missing)).collect()
    }

    fn join(&self, wanted: &[K]) -> Running<K, V> {
        let mut last = lock(&self.last);
        let before = last.as_ref().and_then(|gathering| gathering.answers.upgrade());
        if let (Some(gathering), Some(answers)) = (&*last, &before)
            && let Some(keys) = &mut *lock(&gathering.keys)
            && keys.len() + wanted.len() <= LARGEST
        {
            keys.extend_from_slice(wanted);
            return answers.clone();
        }
        let keys = Arc::new(Mutex::new(Some(wanted.to_vec())));
        let (mine, ask, env) = (keys.clone(), self.ask.clone(), self.env.clone());
        let answers = async move {
            if let Some(before) = before {
                // Whoever asked before may be gone: awaiting it here drives it on.
                let _ = within(&*env, PATIENCE, before).await;
            }
            let mut keys = lock(&mine).take().unwrap_or_default();
            keys.sort_unstable();
            keys.dedup();
            let values = caught(async { ask(keys.clone()).await }).await??;
            Ok(Arc::new(keys.into_iter().zip(values).collect()))
        }
        .boxed()
        .shared();
        // It was made just now, and is not done.
        *last = answers.downgrade().map(|answers| Gathering { keys, answers });
        answers
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
