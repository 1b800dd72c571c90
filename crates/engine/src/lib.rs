//! The engine: the one place with the rules.
//!
//! It turns a [`Catalog`] (rows that commit) and any number of back-ends (versions of values) into a
//! [`SecretsStore`](strongroom_core::SecretsStore). It has no clock, no randomness of its own, spawns no task and does
//! no I/O: everything comes through [`Env`], [`Catalog`] and [`Backend`](strongroom_core::Backend).
//!
//! # The way from here
//!
//! The pages and folders that are named here are in Strongroom's repository.
//!
//! - [`Engine::open`] puts it together from [`Parts`]; [`InMemory`] does so without a database, from what a back-end holds.
//!   Most programs let `Config::open` of the crate [`strongroom`](https://docs.rs/strongroom) do either.
//! - A [`Catalog`] in SQL is [`strongroom_sql`](https://docs.rs/strongroom-sql)'s, one in memory is [`MemoryCatalog`].
//! - [`crypto`]: the sealed format, keys and digests.
//! - The simulator and the suites that hold all of this to its promises are in
//!   [`strongroom_testkit`](https://docs.rs/strongroom-testkit).
//! - `docs/architecture.md` tells rows, invariants, operations and crash windows, and which test shows what.

mod address;
mod audit;
mod batch;
mod cache;
mod calls;
mod catalog;
mod caught;
mod certain;
mod codec;
mod compare;
mod create;
pub mod crypto;
mod deadline;
mod delete;
mod engine;
mod env;
mod errors;
mod external;
mod fetch;
mod garbage;
mod get;
mod host;
mod in_memory;
mod inline;
mod kept;
mod labels;
mod lasting;
mod lines;
mod load;
mod memory;
mod moving;
mod options;
mod probe;
mod refusal;
mod rehome;
mod repair;
mod resolve;
mod ring;
mod rotate;
mod running;
mod setup;
mod silence;
mod spare;
mod stats;
mod status;
mod store;
mod sweep;
mod update;
mod walk;
mod write;

pub use audit::ChainHead;
pub use batch::Batch;
pub use catalog::*;
pub use compare::{Lost, Overlaid};
pub use engine::{Engine, Parts, Store};
pub use env::Env;
pub use in_memory::InMemory;
pub use labels::LabelRecord;
pub use load::{Finding, Left, Loaded};
pub use memory::MemoryCatalog;
pub use moving::{Moved, Stayed};
pub use options::{EngineOptions, StoreOptions};
pub use refusal::Hindrance;
pub use repair::{RepairOptions, RepairReport, Unknown, Unseen};
pub use ring::RootKeys;
pub use rotate::Rotated;
pub use setup::initialise;
pub use spare::Spared;
pub use stats::{CallStats, Stats};
pub use status::{Status, StoreStatus};
pub use sweep::Swept;
