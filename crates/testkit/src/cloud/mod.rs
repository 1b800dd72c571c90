//! What every back-end of a cloud service is tried with besides the conformance suites: how often it asks its service,
//! what becomes of it when the wire breaks, and what of a database that knows less than the service holds. A
//! [`CloudSubject`] says how to reach the service and what its calls are called; [`call_suite!`](crate::call_suite),
//! [`fault_suite!`](crate::fault_suite), [`restored_suite!`](crate::restored_suite) and
//! [`operator_suite!`](crate::operator_suite) make one `#[test]` of each case.

pub mod calls;
pub mod faults;
mod leaks;
pub mod operator;
mod refused;
pub mod restored;
mod section;
mod site;
mod store;

pub use calls::{CallTable, Counted};
pub use faults::{FaultTable, Hit, Operation};
pub use leaks::{CREDENTIAL, Ear, GIVEN, Kept};
pub use operator::{CloudOperator, Watched};
pub use refused::{OTHER_AUTHORITY, assert_invalid, assert_refuses_everything};
pub use section::Section;
pub use site::{CANARY, Site, all_unknown, everything, quick, replacing, text, uncached};
pub use store::CloudStore;

use crate::{
    Clock,
    wire::{Request, Wire},
};
use std::{path::Path, sync::Arc};
use strongroom_core::{Backend, NamespaceId, ObjectId, async_trait};
use strongroom_engine::Catalog;

/// A service, and one back-end on it.
#[async_trait]
pub trait CloudSubject: Send + Sync {
    /// The `http://HOST:PORT` of the service.
    fn server(&self) -> String;

    /// The back-end straight on the service, or through a proxy. What it asks for once, such as a token, it has asked
    /// for, and the proxy has forgotten.
    async fn open(&self, namespace: NamespaceId, wire: Option<&Wire>) -> Arc<dyn Backend>;

    /// A catalog in this file.
    async fn catalog(&self, file: &Path, clock: &Arc<Clock>) -> Arc<dyn Catalog>;

    /// What the service calls the secret of an object.
    fn object(&self, namespace: NamespaceId, object: ObjectId) -> String;

    /// What the service calls a request.
    fn name(&self, request: &Request) -> String;

    /// What it asks for, and how often.
    fn calls(&self) -> CallTable;

    /// Where its wire is broken, and what it says then.
    fn faults(&self) -> FaultTable;
}
