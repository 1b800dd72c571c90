//! Whether the SDK waits for a token that does not come. It asks for one in the background and sets no limit, and whoever
//! answers it may take the connection and say nothing, as a metadata server that hangs does: no call would ever end again.

use google_cloud_auth::{
    credentials::{CacheableResource, Credentials, CredentialsProvider},
    errors::CredentialsError,
};
use http::{Extensions, HeaderMap};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a token takes at the most.
const TOO_LONG: Duration = Duration::from_secs(30);

/// Since when somebody waits for a token. A call that was given up leaves it as it was, since nobody knows what comes of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Arc<Mutex<Option<Instant>>>);

impl Waits {
    /// The same credentials, whose token is waited for here.
    pub(crate) fn watch(&self, credentials: Credentials) -> Credentials {
        Credentials::from(Watched { credentials, waits: self.clone() })
    }

    /// Whether it has taken so long that nothing comes any more. Making the client anew asks again.
    pub(crate) fn are_in_vain(&self) -> bool {
        self.lock().is_some_and(|since| since.elapsed() > TOO_LONG)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Watched {
    credentials: Credentials,
    waits: Waits,
}

impl CredentialsProvider for Watched {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        self.waits.lock().get_or_insert_with(Instant::now);
        let answer = self.credentials.headers(extensions).await;
        *self.waits.lock() = None;
        answer
    }

    async fn universe_domain(&self) -> Option<String> {
        self.credentials.universe_domain().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use google_cloud_auth::credentials::anonymous;
    use std::future::pending;

    #[derive(Debug)]
    struct Silent;

    impl CredentialsProvider for Silent {
        async fn headers(&self, _: Extensions) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
            pending().await
        }

        async fn universe_domain(&self) -> Option<String> {
            None
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_never_comes_is_noticed_though_each_call_is_given_up_before() {
        let waits = Waits::default();
        let silent = waits.watch(Credentials::from(Silent));
        for _ in 0..4 {
            assert!(!waits.are_in_vain());
            let call = silent.headers(Extensions::new());
            assert!(tokio::time::timeout(Duration::from_secs(10), call).await.is_err());
        }
        assert!(waits.are_in_vain());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_came_is_waited_for_no_more() {
        let waits = Waits::default();
        let given = waits.watch(anonymous::Builder::new().build());
        given.headers(Extensions::new()).await.unwrap();
        tokio::time::sleep(TOO_LONG * 2).await;
        assert!(!waits.are_in_vain());
    }
}
