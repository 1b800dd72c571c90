//! The catalog of Strongroom's engine on SQLite, PostgreSQL and MySQL or MariaDB: one set of queries, three dialects.
//!
//! [`SqlCatalog::open`] takes a URL. SQLite is a file that only its owner can touch, written by one connection whose
//! concurrent writers share commits, and read by several, on which whoever looks up single rows does so for all who wait;
//! other processes may use it at the same time. On PostgreSQL and MySQL each operation is one READ COMMITTED transaction, run again as a whole when the database says that it
//! may be, and no advisory lock or session state is relied on.
//!
//! Features: `sqlite`, `postgres`, `mysql`, all on by default, each enough by itself.
//!
//! # The way from here
//!
//! The pages and folders that are named here are in Strongroom's repository.
//!
//! - What a catalog promises: [`Catalog`](strongroom_engine::Catalog); the suite that asks for it is
//!   `catalog_suite!` of [`strongroom_testkit`](https://docs.rs/strongroom-testkit).
//! - Which database a program uses is `[database]` of its configuration, which the crate
//!   [`strongroom`](https://docs.rs/strongroom) reads: see `docs/cli.md`.
//! - The tables are told in `docs/architecture.md` and made in `crates/sql/migrations`.

#[cfg(all(feature = "sqlite", not(unix)))]
compile_error!("SQLite needs a Unix, whose owners and modes of files keep a database to its user");

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("strongroom-sql needs a database: one of the features `sqlite`, `postgres` and `mysql`");

mod accounts;
mod attempt;
mod audit;
mod backup;
mod catalog;
mod codes;
mod commit;
mod connection;
mod database;
mod delete;
mod dialect;
mod drivers;
mod error;
#[cfg(feature = "sqlite")]
mod file;
#[cfg(feature = "sqlite")]
mod files;
#[cfg(feature = "sqlite")]
mod group;
pub mod identities;
mod identity;
#[cfg(feature = "sqlite")]
mod job;
mod keys;
mod list;
mod open;
#[cfg(feature = "sqlite")]
mod opened;
mod pending;
#[cfg(feature = "sqlite")]
mod points;
#[cfg(feature = "sqlite")]
mod prepare;
mod read;
mod receipts;
mod rehome;
mod release;
mod replicas;
mod rows;
mod schema;
mod summary;
mod sweep;
#[cfg(feature = "sqlite")]
mod thread;
mod trail;
mod transaction;
mod url;
mod value;
mod versions;

pub use accounts::name_key;
pub use dialect::Dialect;
pub use open::{Options, SqlCatalog};
pub use receipts::Received;
pub use release::NextRelease;
pub use trail::{Anchor, Chain, TrailFilter};
