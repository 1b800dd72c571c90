//! Whether the SDK waits for a token that does not come. It asks for one in the background and sets no limit, and whoever
//! answers it may take the connection and say nothing, as a metadata server that hangs does: no call would ever end again.

use futures::FutureExt as _;
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

/// Longer than a token may take: the SDK gives a program that a file of credentials names two minutes (AIP-4117).
const TOO_LONG: Duration = Duration::from_secs(130);

/// Credentials, and since when somebody waits for their token.
#[derive(Clone, Debug)]
pub(crate) struct Waits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    credentials: Credentials,
    /// A call that was given up leaves it as it was, since nobody knows what comes of it.
    since: Mutex<Option<Instant>>,
}

impl Waits {
    pub(crate) fn over(credentials: Credentials) -> Self {
        Self(Arc::new(Inner { credentials, since: Mutex::new(None) }))
    }

    /// The same credentials, whose token is waited for here.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::from(self.clone())
    }

    /// Whether it has taken so long that nothing comes any more. Making the client anew asks again.
    pub(crate) fn are_in_vain(&self) -> bool {
        if self.since().is_none_or(|since| since.elapsed() <= TOO_LONG) {
            return false;
        }
        // It may have come after the call that waited for it was given up.
        self.headers(Extensions::new()).now_or_never().is_none()
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialsProvider for Waits {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        self.since().get_or_insert_with(Instant::now);
        let answer = self.0.credentials.headers(extensions).await;
        *self.since() = None;
        answer
    }

    async fn universe_domain(&self) -> Option<String> {
        self.0.credentials.universe_domain().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use google_cloud_auth::credentials::EntityTag;
    use std::{
        future::pending,
        sync::atomic::{AtomicBool, Ordering},
    };

    /// A token that comes when it likes.
    #[derive(Clone, Debug, Default)]
    struct Late(Arc<AtomicBool>);

    impl CredentialsProvider for Late {
        async fn headers(&self, _: Extensions) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
            if !self.0.load(Ordering::Relaxed) {
                return pending().await;
            }
            Ok(CacheableResource::New { entity_tag: EntityTag::new(), data: HeaderMap::new() })
        }

        async fn universe_domain(&self) -> Option<String> {
            None
        }
    }

    async fn give_up(credentials: &Credentials) {
        let call = credentials.headers(Extensions::new());
        assert!(tokio::time::timeout(Duration::from_secs(10), call).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_never_comes_is_noticed_though_each_call_is_given_up_before() {
        let waits = Waits::over(Credentials::from(Late::default()));
        for _ in 0..14 {
            assert!(!waits.are_in_vain());
            give_up(&waits.credentials()).await;
        }
        assert!(waits.are_in_vain());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_came_is_waited_for_no_more() {
        let late = Late::default();
        let waits = Waits::over(Credentials::from(late.clone()));
        give_up(&waits.credentials()).await;
        late.0.store(true, Ordering::Relaxed);
        tokio::time::sleep(TOO_LONG).await;
        assert!(!waits.are_in_vain(), "though nobody was there when it came");
        waits.credentials().headers(Extensions::new()).await.unwrap();
        tokio::time::sleep(TOO_LONG * 2).await;
        assert!(!waits.are_in_vain());
    }
}
