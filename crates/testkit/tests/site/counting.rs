//! Counts what a service is asked, independently of the engine's own counts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use strongroom_core::Backend;
use strongroom_testkit::faults::{Call, FailBefore, Method};

/// Calls by method since the last look.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<Mutex<BTreeMap<Method, u64>>>);

impl Counter {
    /// What was called since the last look, in the order of the methods.
    pub(crate) fn take(&self) -> Vec<(Method, u64)> {
        std::mem::take(&mut *self.0.lock().unwrap()).into_iter().collect()
    }

    /// How often one method was called since the last look.
    pub(crate) fn of(&self, method: Method) -> u64 {
        self.0.lock().unwrap().get(&method).copied().unwrap_or(0)
    }
}

/// A back-end that does what `inner` does, and counts.
pub(crate) fn counted(inner: impl Backend + 'static) -> (FailBefore, Counter) {
    let counter = Counter::default();
    let counts = counter.clone();
    let count = move |call: Call| {
        *counts.0.lock().unwrap().entry(call.method).or_default() += 1;
        false
    };
    (FailBefore::new(Arc::new(inner), count), counter)
}
