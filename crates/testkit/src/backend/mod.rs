//! The suite for `Backend`.

mod awkward;
mod dropping;
mod fixture;
mod keeping;
mod removing;
mod scanning;
mod sharing;
mod timed;

use std::{sync::Arc, time::Duration};
use strongroom_core::{Backend, NamespaceId, ObjectId, Result, async_trait};
use strongroom_engine::EngineOptions;

/// A back-end under test.
#[async_trait]
pub trait BackendSubject: Send + Sync {
    /// Opens it on a namespace, any number of times on the same one; all that one subject opens use one account of
    /// one service.
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>>;

    /// How many versions a case writes to see more than one page of a scan; 7 unless you say otherwise. One case
    /// writes that many objects, another half as many, but 12 at least, with one to three versions each: say more than
    /// two pages of yours.
    fn more_than_a_page(&self) -> usize {
        7
    }

    /// How long one call may take, in both suites; 10 s, as an engine has it, unless you say otherwise. An engine drops what
    /// takes longer, and pauses between calls are its own, so that no throttled call needs more. Say more if your README
    /// has people raise `call_timeout_ms`.
    fn call_timeout(&self) -> Duration {
        EngineOptions::default().call_timeout
    }

    /// Damages an object behind the back-end's back, so that it cannot be what was put: cuts its labels off, say. Answers
    /// whether it did; not unless you say otherwise, and then nothing is asked of the back-end about it.
    async fn damage(&self, _namespace: NamespaceId, _object: ObjectId) -> bool {
        false
    }

    /// Cleans up after a case.
    async fn finish(&self) {}
}

groups! {
    /// One `#[test]` for each promise of a `Backend`: `backend_suite!(MySubject::new())`, or
    /// `backend_suite!(MySubject::new(), ignore = "needs a server")`, whose cases are ignored and not passed
    /// unless asked for.
    macro backend_suite in backend; subject BackendSubject;
    dropping => __backend_dropping,
    keeping => __backend_keeping,
    removing => __backend_removing,
    scanning => __backend_scanning,
    sharing => __backend_sharing,
}
