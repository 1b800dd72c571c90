//! Work that ends also if whoever asked for it goes away.

use super::state::App;
use strongroom_core::{Error, ErrorKind};
use tracing::Instrument as _;

/// Runs work to its end, whether or not the caller waits for it; the server's own end does, for some seconds.
pub(crate) async fn detached<T, E, F>(app: &App, work: impl FnOnce(App) -> F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let held = app.detached.clone().read_owned().await;
    let work = work(app.clone());
    let held = async move {
        let _held = held;
        work.await
    };
    let ended = tokio::spawn(held.in_current_span()).await;
    ended.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Unexpected, "the request failed in a way nobody foresaw").into())
    })
}
