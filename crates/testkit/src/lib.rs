//! What holds an implementation to its promises.
//!
//! - The suites: [`backend_suite!`], [`catalog_suite!`] and [`store_suite!`] make one `#[test]` of each promise
//!   of [`Backend`](strongroom_core::Backend), [`Catalog`](strongroom_engine::Catalog) and
//!   [`SecretsStore`](strongroom_core::SecretsStore). They use the published interface alone, so that the author
//!   of a back-end runs the same suite as we do, and depend on nothing but this crate:
//!
//! ```
//! use std::sync::Arc;
//! use strongroom_core::{Backend, NamespaceId, Result, async_trait};
//! use strongroom_testkit::{BackendSubject, Held, MemoryBackend};
//!
//! #[derive(Default)]
//! struct Subject(Held);
//!
//! #[async_trait]
//! impl BackendSubject for Subject {
//!     async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
//!         Ok(Arc::new(MemoryBackend::new(&self.0, namespace)))
//!     }
//! }
//!
//! strongroom_testkit::backend_suite!(Subject::default());
//! # fn main() {}
//! ```
//!
//! - [`OverBackend`]: a whole store over a back-end, so that its author can run the suite for stores, too.
//! - [`MemoryBackend`] and [`DirectoryBackend`]: back-ends that need no service.
//! - [`faults`]: wrappers that make a back-end misbehave.
//! - [`wire`]: a proxy that breaks the connection to a real server, and counts.
//! - [`cloud`]: suites for back-ends of services that are asked over HTTP: their calls, and a wire that breaks.
//! - [`Clock`]: the real clocks, which can be put forward. [`TestEnv`]: a clock that moves when told to, and ids from
//!   a seed.
//!
//! # The way from here
//!
//! The pages and folders that are named here are in Strongroom's repository.
//!
//! - `docs/adding-a-backend.md` leads from `cargo new` to a back-end that passes [`backend_suite!`], and
//!   `docs/accepting-a-backend.md` says what one needs besides to be part of the project.
//! - What is tested: the traits of [`strongroom_core`] and [`strongroom_engine`]. How the simulator works:
//!   `docs/architecture.md`.
#![expect(
    missing_debug_implementations,
    reason = "wrappers of back-ends, and what a case works with: nobody's error or log holds one"
)]

#[macro_use]
mod suite;

pub mod backend;
pub mod catalog;
mod clock;
pub mod cloud;
mod directory;
mod env;
pub mod faults;
mod memory;
mod random;
pub mod sim;
pub mod store;
pub mod wire;

pub use backend::BackendSubject;
pub use catalog::CatalogSubject;
pub use clock::Clock;
pub use cloud::{CloudSubject, Section};
pub use directory::{Config as DirectoryConfig, DirectoryBackend, PLUGIN};
pub use env::TestEnv;
pub use memory::{Held, MemoryBackend};
pub use random::Random;
pub use store::{OverBackend, StoreSubject};
pub use suite::{Broken, Case, Outcome, Suite, eventually, refused, run, run_within, together};
