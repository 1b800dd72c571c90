//! What the suites that all clouds share need to know of this one.

use super::{Clock, sqlite, variable, vault, warm};
use std::{path::Path, sync::Arc};
use strongroom_core::{Backend, NamespaceId, ObjectId, async_trait};
use strongroom_engine::Catalog;
use strongroom_testkit::{
    CloudSubject,
    cloud::{CallTable, FaultTable, Operation, Section},
    wire::{Request, Wire},
};

/// A vault of Azure Key Vault; calls for tokens are made before anything is counted or broken.
pub(crate) struct Service(Section);

impl Service {
    pub(crate) fn new() -> Self {
        Self::of(vault())
    }

    /// Configured like this.
    pub(crate) fn of(vault: Section) -> Self {
        Self(vault)
    }
}

#[async_trait]
impl CloudSubject for Service {
    fn server(&self) -> String {
        variable("ENDPOINT")
    }

    async fn open(&self, namespace: NamespaceId, wire: Option<&Wire>) -> Arc<dyn Backend> {
        match wire {
            Some(wire) => warm(&self.0, wire, namespace).await,
            None => self.0.open(namespace).await.unwrap(),
        }
    }

    async fn catalog(&self, file: &Path, clock: &Arc<Clock>) -> Arc<dyn Catalog> {
        sqlite(file, clock).await
    }

    fn object(&self, namespace: NamespaceId, object: ObjectId) -> String {
        format!("strongroom-{namespace}-{object}")
    }

    fn name(&self, request: &Request) -> String {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        let name = match (request.method.as_str(), path.as_slice()) {
            ("PUT", ["secrets", _]) => "set",
            ("PATCH", ["secrets", _, _]) => "update",
            ("GET", ["secrets"]) => "list",
            ("GET", ["secrets", _, "versions"]) => "versions",
            ("GET", ["secrets", _, _]) => "get",
            ("GET", ["secrets", _]) => "get the newest",
            ("DELETE", ["secrets", _]) => "delete",
            ("DELETE", ["deletedsecrets", _]) => "purge",
            _ => panic!("nobody asks {request:?}"),
        };
        name.to_owned()
    }

    fn calls(&self) -> CallTable {
        CallTable {
            create: &[("set", 1)],
            get: &[("get", 1)],
            put: &[("set", 1)],
            delete: &[("delete", 1)],
            check: &[("get the newest", 1)],
            hundred: &[("get", 100)],
            after_create: &[],
            after_rename: &[("get the newest", 1), ("update", 1)],
            trim: &[("update", 1)],
            probe: &[("get the newest", 1), ("update", 2)],
            // 0.03 dollars for 10,000 requests.
            price: |_| 3_000,
        }
    }

    fn faults(&self) -> FaultTable {
        FaultTable {
            kind: "azure",
            service: "Azure",
            credentials: vec![variable("CLIENT_SECRET")],
            operations: vec![
                (Operation::Create, ("PUT", "/secrets/*")),
                (Operation::Get, ("GET", "/secrets/*")),
                (Operation::GetMany, ("GET", "/secrets/*")),
                (Operation::Update, ("PUT", "/secrets/*")),
                (Operation::Rename, ("GET", "/secrets/*")),
                (Operation::Rename, ("PATCH", "/secrets/*")),
                (Operation::Rollback, ("PUT", "/secrets/*")),
                (Operation::Delete, ("DELETE", "/secrets/*")),
                (Operation::Trim, ("PATCH", "/secrets/*")),
                (Operation::SetRight, ("GET", "/secrets/*")),
                (Operation::SetRight, ("PATCH", "/secrets/*")),
                (Operation::SetRight, ("PUT", "/secrets/*")),
                (Operation::Rehome, ("PUT", "/secrets/*")),
                (Operation::Repair, ("GET", "/secrets")),
                (Operation::Repair, ("GET", "/secrets/*")),
                (Operation::Repair, ("PATCH", "/secrets/*")),
                (Operation::Repair, ("PUT", "/secrets/*")),
                (Operation::Scan, ("GET", "/secrets")),
                // Of what was put in the same second, the newest is asked for.
                (Operation::Scan, ("GET", "/secrets/*")),
                (Operation::Check, ("GET", "/secrets/*")),
            ],
            put: ("PUT", "*"),
            cleaning: vec![(("GET", "*"), 3), (("PATCH", "*"), 2), (("PUT", "*"), 1)],
            any: ("*", "*"),
        }
    }
}
