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
    use super::common::engine::{Deployment, deployed};
    use std::sync::{Arc, Mutex};
    use strongroom_core::{
        Access, Context, Error, ErrorKind, Origin, Owner, OwnerId, Result, SecretsStore, async_trait,
    };
    use strongroom_testkit::{StoreSubject, store_suite};
    use uuid::Uuid;

    struct Subject {
        seal: bool,
        others: [Owner; 2],
        last: Mutex<Option<(Deployment, OwnerId)>>,
    }

    impl Subject {
        fn new(seal: bool) -> Self {
            let other = |name: &str| Owner {
                id: OwnerId(Uuid::new_v4()),
                name: name.to_owned(),
                full_name: String::new(),
            };
            Self { seal, others: [other("bo"), other("cy")], last: Mutex::new(None) }
        }

        fn last(&self) -> Result<(Deployment, OwnerId)> {
            let last = self.last.lock().unwrap().clone();
            last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
        }
    }

    #[async_trait]
    impl StoreSubject for Subject {
        async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
            let (_, deployment) = deployed().await;
            let deployment = deployment.seal(self.seal);
            let process = deployment.process().await;
            for other in &self.others {
                process.catalog.add_owner(other).await?;
            }
            *self.last.lock().unwrap() = Some((deployment, process.identity.owner.id));
            Ok(Arc::new(process.engine))
        }

        async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
            Ok(Arc::new(self.last()?.0.process().await.engine))
        }

        async fn context(&self, account: usize, access: Access) -> Result<Context> {
            let owner = self.last()?.1;
            let actor = if account == 0 { owner } else { self.others[account - 1].id };
            Ok(Context::new(actor, access, Origin::new("test")))
        }
    }

    mod plain {
        use super::*;
        store_suite!(Subject::new(false), ignore = "needs OpenBao: cargo xtask test");
    }

    mod sealed {
        use super::*;
        store_suite!(Subject::new(true), ignore = "needs OpenBao: cargo xtask test");
    }
}
