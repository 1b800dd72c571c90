//! Panics of what others wait for or go on after.

use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use strongroom_core::{Error, ErrorKind, Result};

/// Makes an error of a panic. A shared future that panicked wakes nobody who waits for it, and panics again whenever it is
/// looked at.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T> {
    let panicked = |_| Error::new(ErrorKind::Unexpected, "a part of the work failed in a way nobody foresaw");
    AssertUnwindSafe(work).catch_unwind().await.map_err(panicked)
}
