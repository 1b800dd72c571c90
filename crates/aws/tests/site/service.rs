//! What the suites that all clouds share need to know of this one.

use super::{Clock, account, sqlite, variable};
use std::{path::Path, sync::Arc};
use strongroom_core::{Backend, NamespaceId, ObjectId, async_trait};
use strongroom_engine::Catalog;
use strongroom_testkit::{
    CloudSubject,
    cloud::{CallTable, FaultTable, Operation},
    wire::{Request, Wire},
};

/// AWS Secrets Manager.
pub(crate) struct Service;

#[async_trait]
impl CloudSubject for Service {
    fn server(&self) -> String {
        variable("ENDPOINT")
    }

    async fn open(&self, namespace: NamespaceId, wire: Option<&Wire>) -> Arc<dyn Backend> {
        let account = account();
        let account = wire.map_or(account.clone(), |wire| account.at(&wire.url()));
        account.open(namespace).await.unwrap()
    }

    async fn catalog(&self, file: &Path, clock: &Arc<Clock>) -> Arc<dyn Catalog> {
        sqlite(file, clock).await
    }

    fn object(&self, namespace: NamespaceId, object: ObjectId) -> String {
        format!("strongroom/{namespace}/{object}")
    }

    fn name(&self, request: &Request) -> String {
        request.path.trim_start_matches('/').to_owned()
    }

    fn calls(&self) -> CallTable {
        CallTable {
            create: &[("CreateSecret", 1)],
            get: &[("GetSecretValue", 1)],
            put: &[("PutSecretValue", 1)],
            delete: &[("DeleteSecret", 1)],
            check: &[("DescribeSecret", 1)],
            hundred: &[("BatchGetSecretValue", 5)],
            after_create: &[("DescribeSecret", 1), ("UpdateSecretVersionStage", 1), ("TagResource", 1)],
            after_rename: &[("DescribeSecret", 1), ("TagResource", 1)],
            trim: &[("DescribeSecret", 1), ("UpdateSecretVersionStage", 1)],
            probe: &[("DescribeSecret", 2), ("TagResource", 1), ("UpdateSecretVersionStage", 3)],
            // 0.05 dollars for 10,000 requests.
            price: |_| 5_000,
        }
    }

    fn faults(&self) -> FaultTable {
        FaultTable {
            kind: "aws",
            service: "AWS",
            credentials: vec![variable("SECRET_ACCESS_KEY"), variable("ACCESS_KEY_ID")],
            operations: vec![
                (Operation::Create, ("POST", "/CreateSecret")),
                (Operation::Get, ("POST", "/GetSecretValue")),
                (Operation::GetMany, ("POST", "/*GetSecretValue")),
                (Operation::Update, ("POST", "/PutSecretValue")),
                (Operation::Rename, ("POST", "/DescribeSecret")),
                (Operation::Rename, ("POST", "/TagResource")),
                (Operation::Rollback, ("POST", "/PutSecretValue")),
                (Operation::Delete, ("POST", "/DeleteSecret")),
                (Operation::AfterCreate, ("POST", "/DescribeSecret")),
                (Operation::AfterCreate, ("POST", "/UpdateSecretVersionStage")),
                (Operation::AfterCreate, ("POST", "/TagResource")),
                (Operation::Trim, ("POST", "/DescribeSecret")),
                (Operation::Trim, ("POST", "/UpdateSecretVersionStage")),
                (Operation::SetRight, ("POST", "/DescribeSecret")),
                (Operation::SetRight, ("POST", "/UpdateSecretVersionStage")),
                (Operation::Rehome, ("POST", "/CreateSecret")),
                (Operation::Rehome, ("POST", "/PutSecretValue")),
                (Operation::Repair, ("POST", "/ListSecrets")),
                (Operation::Repair, ("POST", "/DescribeSecret")),
                (Operation::Repair, ("POST", "/GetSecretValue")),
                (Operation::Repair, ("POST", "/UpdateSecretVersionStage")),
                (Operation::Scan, ("POST", "/ListSecrets")),
                (Operation::Check, ("POST", "/DescribeSecret")),
            ],
            put: ("POST", "/PutSecretValue"),
            cleaning: vec![(("POST", "/DescribeSecret"), 3), (("POST", "/UpdateSecretVersionStage"), 3)],
            any: ("POST", "*"),
        }
    }
}
