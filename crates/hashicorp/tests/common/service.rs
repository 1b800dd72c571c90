//! What the suites that all clouds share need to know of this one.

use super::{
    Account, Server, open,
    server::{MOUNT, variable},
    through,
};
use serde_json::Value;
use std::{path::Path, process::Command, sync::Arc, time::Duration};
use strongroom_core::{Backend, NamespaceId, ObjectId, async_trait};
use strongroom_engine::{Catalog, Env};
use strongroom_sql::{Options, SqlCatalog};
use strongroom_testkit::{
    Clock, CloudSubject,
    cloud::{CallTable, CloudOperator, FaultTable, Operation},
    wire::{Request, Wire},
};
use tokio::sync::OnceCell;

/// Where a sealed value is.
const SEALED: &str = "strongroom_sealed";

/// A prefix of its own in the tests' mount, with the policy of the README.
#[derive(Default)]
pub(crate) struct Service(OnceCell<(Account, Vec<(&'static str, String)>)>);

impl Service {
    async fn section(&self) -> &[(&'static str, String)] {
        let made = self.0.get_or_init(|| async {
            let account = Account::new().await;
            let section = account.with_token().await;
            (account, section)
        });
        &made.await.1
    }

    /// What the service's own command line prints.
    #[track_caller]
    fn says(&self, arguments: &[&str], name: &str, more: &[String]) -> String {
        let mut command = Command::new(variable("STRONGROOM_TEST_VAULT_BIN"));
        command.arg("kv").args(arguments).arg(format!("-mount={MOUNT}")).arg(name).args(more);
        let server = Server::given();
        for prefix in ["BAO", "VAULT"] {
            command.env(format!("{prefix}_ADDR"), &server.url).env(format!("{prefix}_TOKEN"), &server.token);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[async_trait]
impl CloudSubject for Service {
    fn server(&self) -> String {
        Server::given().url
    }

    async fn open(&self, namespace: NamespaceId, wire: Option<&Wire>) -> Arc<dyn Backend> {
        let section = self.section().await;
        let Some(wire) = wire else { return open(section, namespace).await.unwrap() };
        let backend = open(&through(section, &wire.url()), namespace).await.unwrap();
        backend.check().await.unwrap();
        // What a token is, is looked at once, in the background.
        for _ in 0..100 {
            if wire.count("GET", "/v1/auth/token/lookup-self") > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        wire.forget();
        backend
    }

    async fn catalog(&self, file: &Path, clock: &Arc<Clock>) -> Arc<dyn Catalog> {
        let env: Arc<dyn Env> = clock.clone();
        Arc::new(SqlCatalog::open(Options::new(file.to_str().unwrap(), env)).await.unwrap())
    }

    fn object(&self, namespace: NamespaceId, object: ObjectId) -> String {
        self.0.get().expect("nothing was opened yet").0.key(namespace, object)
    }

    fn name(&self, request: &Request) -> String {
        let what = request.path.strip_prefix(&format!("/v1/{MOUNT}/")).unwrap_or("mount");
        let name = match (request.method.as_str(), what.split('/').next().unwrap_or_default()) {
            ("POST", "data") => "write",
            ("GET", "data") => "read",
            ("POST", "metadata") => "set up",
            ("GET", "metadata") => "describe",
            ("LIST", "metadata") => "list",
            ("PATCH", "metadata") => "label",
            ("DELETE", "metadata") => "delete",
            ("POST" | "PUT", "destroy") => "destroy",
            ("GET", "mount") if request.path.starts_with("/v1/sys/internal/ui/mounts/") => "mount",
            _ => panic!("nobody asks {request:?}"),
        };
        name.to_owned()
    }

    fn calls(&self) -> CallTable {
        CallTable {
            create: &[("set up", 1), ("write", 1)],
            get: &[("read", 1)],
            put: &[("write", 1)],
            delete: &[("delete", 1)],
            check: &[("mount", 1)],
            hundred: &[("read", 100)],
            after_create: &[],
            after_rename: &[("label", 1)],
            trim: &[("describe", 1), ("destroy", 1)],
            probe: &[("label", 1), ("describe", 1), ("destroy", 1)],
            // Vault charges for clients.
            price: |_| 0,
        }
    }

    fn faults(&self) -> FaultTable {
        let token = self.0.get().and_then(|(_, section)| section.iter().find(|(key, _)| *key == "token"));
        FaultTable {
            kind: "hashicorp",
            service: "HashiCorp Vault",
            credentials: token.map(|(_, token)| token.clone()).into_iter().collect(),
            operations: vec![
                (Operation::Create, ("POST", "*/metadata/*")),
                (Operation::Create, ("POST", "*/data/*")),
                (Operation::Get, ("GET", "*/data/*")),
                (Operation::GetMany, ("GET", "*/data/*")),
                (Operation::Update, ("POST", "*/data/*")),
                (Operation::Rename, ("PATCH", "*/metadata/*")),
                (Operation::Rollback, ("POST", "*/data/*")),
                (Operation::Delete, ("DELETE", "*/metadata/*")),
                (Operation::Trim, ("GET", "*/metadata/*")),
                (Operation::Trim, ("*", "*/destroy/*")),
                (Operation::SetRight, ("GET", "*/metadata/*")),
                (Operation::SetRight, ("*", "*/destroy/*")),
                (Operation::SetRight, ("PATCH", "*/metadata/*")),
                (Operation::SetRight, ("GET", "*/data/*")),
                (Operation::SetRight, ("POST", "*/data/*")),
                (Operation::Rehome, ("POST", "*/metadata/*")),
                (Operation::Rehome, ("POST", "*/data/*")),
                (Operation::Repair, ("LIST", "*/metadata/*")),
                (Operation::Repair, ("GET", "*/metadata/*")),
                (Operation::Repair, ("*", "*/destroy/*")),
                (Operation::Repair, ("GET", "*/data/*")),
                (Operation::Repair, ("POST", "*/data/*")),
                (Operation::Scan, ("LIST", "*/metadata/*")),
                (Operation::Scan, ("GET", "*/metadata/*")),
                (Operation::Check, ("GET", "*/mounts/*")),
            ],
            put: ("POST", "*/data/*"),
            cleaning: vec![
                (("GET", "*/metadata/*"), 2),
                // The second put is refused: there is one twin.
                (("*", "*/destroy/*"), 1),
                (("PATCH", "*/metadata/*"), 1),
                (("POST", "*/data/*"), 1),
            ],
            any: ("*", "*"),
        }
    }
}

#[async_trait]
impl CloudOperator for Service {
    async fn staging(&self, namespace: NamespaceId) -> Arc<dyn Backend> {
        open(&Account::new().await.with_token().await, namespace).await.unwrap()
    }

    fn value(&self, name: &str) -> String {
        let told: Value = serde_json::from_str(&self.says(&["get", "-format=json"], name, &[])).unwrap();
        let data = &told["data"]["data"];
        data[SEALED].as_str().map_or_else(|| data.to_string(), str::to_owned)
    }

    fn add(&self, name: &str, value: &str) {
        let value: serde_json::Map<String, Value> = serde_json::from_str(value).unwrap();
        let pairs: Vec<_> =
            value.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
        self.says(&["put"], name, &pairs);
    }

    fn shown(&self, name: &str) -> String {
        self.says(&["metadata", "get", "-format=json"], name, &[])
    }

    fn delete(&self, name: &str) {
        self.says(&["metadata", "delete"], name, &[]);
    }
}
