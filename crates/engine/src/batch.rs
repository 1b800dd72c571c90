//! Reads that share a statement, like a group commit for reads.
//!
//! A read must be answered by a statement that started after the read arrived. Reads that arrive while a statement
//! runs wait together for the next one: under load one statement answers dozens of them.

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use strongroom_core::{Error, ErrorKind, Result};

/// The most keys that one statement asks for.
const LARGEST: usize = 256;

type Answers<K, V> = Result<Arc<BTreeMap<K, V>>>;
type Running<K, V> = Shared<BoxFuture<'static, Answers<K, V>>>;
type Ask<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<Vec<V>>> + Send + Sync;

/// Gathers keys that are asked for at the same time.
pub struct Batch<K, V> {
    ask: Arc<Ask<K, V>>,
    /// Whoever is asked gathers by itself.
    direct: bool,
    last: Mutex<Option<Gathering<K, V>>>,
}

/// The statement that runs last. Its keys can grow until it starts.
struct Gathering<K, V> {
    /// `None` once the statement has started.
    keys: Arc<Mutex<Option<Vec<K>>>>,
    answers: Running<K, V>,
}

impl<K: Ord + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Batch<K, V> {
    /// `ask` answers each key, in order, by one statement.
    pub fn new(ask: impl Fn(Vec<K>) -> BoxFuture<'static, Result<Vec<V>>> + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), direct: false, last: Mutex::new(None) }
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
    /// Those of the statement, the same for everybody who shares it.
    pub async fn read(&self, keys: &[K]) -> Result<Vec<V>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if self.direct {
            return (self.ask)(keys.to_vec()).await;
        }
        let answers = self.join(keys).await?;
        let missing = || Error::new(ErrorKind::Unexpected, "the catalog gave too few answers");
        keys.iter().map(|key| answers.get(key).cloned().ok_or_else(missing)).collect()
    }

    fn join(&self, wanted: &[K]) -> Running<K, V> {
        let mut last = lock(&self.last);
        if let Some(gathering) = &*last
            && let Some(keys) = &mut *lock(&gathering.keys)
            && keys.len() + wanted.len() <= LARGEST
        {
            keys.extend_from_slice(wanted);
            return gathering.answers.clone();
        }
        let keys = Arc::new(Mutex::new(Some(wanted.to_vec())));
        let (mine, before) = (keys.clone(), last.take().map(|gathering| gathering.answers));
        let ask = self.ask.clone();
        let answers = async move {
            if let Some(before) = before {
                // Whoever asked before may be gone: awaiting it here drives it on.
                let _ = before.await;
            }
            let mut keys = lock(&mine).take().unwrap_or_default();
            keys.sort_unstable();
            keys.dedup();
            let values = ask(keys.clone()).await?;
            Ok(Arc::new(keys.into_iter().zip(values).collect()))
        }
        .boxed()
        .shared();
        *last = Some(Gathering { keys, answers: answers.clone() });
        answers
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
