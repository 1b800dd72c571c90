//! Strongroom to embed: read a [`Config`], pick the back-ends from a [`Registry`] by the type that it names.
//!
//! - `Config::open`, with the feature of a database, opens what is configured, and hands out [`Secrets`] and a [`SecretsStore`].
//! - [`Registry::with`] adds a back-end of your own, [`Registry::with_backend`] one that is open already; how one is written
//!   is told by `docs/adding-a-backend.md`, and what it promises by [`Backend`].
//! - Each type is a cargo feature: `aws`, `azure`, `gcp`, `hashicorp`, `remote`, `sql` (default), or `full`. `sql` is
//!   `sqlite`, `postgres` and `mysql`, of which one is enough. `runtime`, a part of each of them, has the clocks for an
//!   [`engine`] that is put together without a database ([`engine::InMemory`]).
//!
//! Everything of the core crate is here too, each back-end's crate under the name of its feature, and [`secrecy`] and
//! [`uuid`], of which values and ids are made: a program depends on this one alone, and on tokio. `docs/embedding.md`
//! shows how.
//!
//! # Runtime
//!
//! What is opened needs a tokio runtime with I/O and time enabled, and lives as long as the one that it was opened on.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builtin;
pub mod config;
mod environment;
#[cfg(feature = "_sql")]
mod inline;
mod live;
#[cfg(feature = "_sql")]
mod open;
mod registry;
#[cfg(feature = "runtime")]
mod system;

#[allow(unreachable_pub, unused_imports, reason = "without features there is none")]
pub use builtin::*;
pub use config::Config;
pub use environment::environment;
#[cfg(feature = "_sql")]
pub use open::{Open, OpenOptions, Places, RootSource};
pub use registry::Registry;
pub use secrecy::{self, ExposeSecret, SecretString};
pub use strongroom_core::*;
pub use strongroom_engine as engine;
#[cfg(feature = "_sql")]
pub use strongroom_sql as sql;
#[cfg(feature = "runtime")]
pub use system::System;
pub use uuid;
