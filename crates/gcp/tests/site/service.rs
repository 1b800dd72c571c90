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

/// Google Cloud Secret Manager.
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
        format!("strongroom-{namespace}-{object}")
    }

    fn name(&self, request: &Request) -> String {
        let (method, path) = (request.method.as_str(), request.path.as_str());
        let versions = path.contains("/versions");
        let one = !path.ends_with("/secrets") && !path.ends_with("/versions");
        let name = match (method, path.rsplit_once(':').map(|(_, verb)| verb), versions, one) {
            ("POST", Some("addVersion"), ..) => "AddSecretVersion",
            ("GET", Some("access"), ..) => "AccessSecretVersion",
            ("POST", Some("destroy"), ..) => "DestroySecretVersion",
            ("POST", None, false, false) => "CreateSecret",
            ("GET", None, false, false) => "ListSecrets",
            ("GET", None, false, true) => "GetSecret",
            ("PATCH", None, false, true) => "UpdateSecret",
            ("DELETE", None, false, true) => "DeleteSecret",
            ("GET", None, true, false) => "ListSecretVersions",
            ("GET", None, true, true) => "GetSecretVersion",
            _ => panic!("{method} {path}"),
        };
        name.to_owned()
    }

    fn calls(&self) -> CallTable {
        CallTable {
            create: &[("CreateSecret", 1), ("AddSecretVersion", 1)],
            get: &[("AccessSecretVersion", 1)],
            put: &[("AddSecretVersion", 1)],
            delete: &[("DeleteSecret", 1)],
            check: &[("GetSecret", 1)],
            hundred: &[("AccessSecretVersion", 100)],
            after_create: &[],
            after_rename: &[("GetSecret", 1), ("UpdateSecret", 1)],
            trim: &[("GetSecretVersion", 1), ("DestroySecretVersion", 1)],
            probe: &[
                ("GetSecret", 1),
                ("UpdateSecret", 1),
                ("GetSecretVersion", 1),
                ("DestroySecretVersion", 1),
            ],
            // 0.03 dollars for reading 10,000 values.
            price: |call| if call == "AccessSecretVersion" { 3_000 } else { 0 },
        }
    }

    fn faults(&self) -> FaultTable {
        FaultTable {
            kind: "gcp",
            service: "Google Cloud",
            credentials: vec![variable("ACCESS_TOKEN")],
            operations: vec![
                (Operation::Create, ("POST", "*/secrets")),
                (Operation::Create, ("POST", "*:addVersion")),
                (Operation::Get, ("GET", "*:access")),
                (Operation::GetMany, ("GET", "*:access")),
                (Operation::Update, ("POST", "*:addVersion")),
                (Operation::Rename, ("GET", "*/secrets/*")),
                (Operation::Rename, ("PATCH", "*/secrets/*")),
                (Operation::Rollback, ("POST", "*:addVersion")),
                (Operation::Delete, ("DELETE", "*/secrets/*")),
                (Operation::Trim, ("GET", "*/versions/*")),
                (Operation::Trim, ("POST", "*:destroy")),
                (Operation::SetRight, ("GET", "*/versions")),
                (Operation::SetRight, ("POST", "*:destroy")),
                (Operation::SetRight, ("GET", "*/secrets/*")),
                (Operation::SetRight, ("PATCH", "*/secrets/*")),
                (Operation::SetRight, ("GET", "*:access")),
                (Operation::SetRight, ("POST", "*:addVersion")),
                (Operation::Rehome, ("POST", "*/secrets")),
                (Operation::Rehome, ("POST", "*:addVersion")),
                (Operation::Repair, ("GET", "*/secrets")),
                (Operation::Repair, ("GET", "*/versions")),
                (Operation::Repair, ("GET", "*/versions/*")),
                (Operation::Repair, ("POST", "*:destroy")),
                (Operation::Repair, ("POST", "*:addVersion")),
                (Operation::Scan, ("GET", "*/secrets")),
                (Operation::Scan, ("GET", "*/versions")),
                (Operation::Check, ("GET", "*/secrets/*")),
            ],
            put: ("POST", "*:addVersion"),
            cleaning: vec![
                (("GET", "*/versions"), 2),
                (("GET", "*/versions/*"), 2),
                (("POST", "*:destroy"), 2),
                (("POST", "*:addVersion"), 1),
            ],
            any: ("*", "*"),
        }
    }
}
