//! The back-end and an engine over it keep every promise, with the permissions that the README lists and no more.

mod common;

mod openbao {
    use super::common::{Account, open};
    use std::sync::Arc;
    use strongroom_core::{Backend, NamespaceId, Result, async_trait};
    use strongroom_testkit::{BackendSubject, backend_suite};
    use tokio::sync::OnceCell;

    #[derive(Default)]
    struct Subject(OnceCell<Vec<(&'static str, String)>>);

    #[async_trait]
    impl BackendSubject for Subject {
        async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
            let section = self.0.get_or_init(|| async { Account::new().await.with_token().await }).await;
            open(section, namespace).await
        }

        /// More keys than a page shows.
        fn more_than_a_page(&self) -> usize {
            120
        }
    }

    backend_suite!(Subject::default(), ignore = "needs OpenBao: cargo xtask test");
}

mod openbao_store {
    use super::common::service::Service;
    use strongroom_testkit::{cloud::CloudStore, store_suite};

    mod plain {
        use super::*;
        store_suite!(CloudStore::new(Service::default()), ignore = "needs OpenBao: cargo xtask test");
    }

    mod sealed {
        use super::*;
        store_suite!(
            CloudStore::new(Service::default()).sealing(),
            ignore = "needs OpenBao: cargo xtask test"
        );
    }
}
