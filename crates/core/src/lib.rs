//! What everybody who stores, reads or keeps secrets with Strongroom agrees on.
//!
//! - Callers hold a [`Secrets`] handle or a [`SecretsStore`] and speak in the models of this crate.
//! - The author of a back-end implements [`Backend`] (values only) or a whole [`SecretsStore`], and describes
//!   its configuration with [`Configure`]; a [`Plugin`] constant makes it known to a registry.
//! - [`Error`] is the one error type, [`SecretFilter`] the one filter language.
//!
//! There is no cryptography, no runtime and no SDK here, so that depending on this crate costs nothing.
//!
//! # The way from here
//!
//! The pages and folders that are named here are in Strongroom's repository.
//!
//! - To use secrets in a program: the crate [`strongroom`](https://docs.rs/strongroom), which has all of this too, and
//!   `docs/embedding.md`.
//! - To write a back-end: [`Backend`] says what is promised, `docs/adding-a-backend.md` leads from `cargo new` to a program
//!   that serves it, and the suites of [`strongroom_testkit`](https://docs.rs/strongroom-testkit) say whether it is right.
//! - To know what happens between the two: [`strongroom_engine`](https://docs.rs/strongroom-engine), and
//!   `docs/architecture.md`.

mod access;
mod account;
mod backend;
mod calendar;
mod causes;
mod error;
pub mod filter;
mod ids;
mod model;
mod name;
mod path;
mod plugin;
mod prices;
mod reason;
mod secrets;
pub mod settings;
mod store;
mod values;

pub use access::{Access, Context, Glob, Names, Origin, Receipt};
pub use account::{AccountKind, Role, Scope};
pub use async_trait::async_trait;
pub use backend::{
    Backend, BackendInfo, Found, Labels, Limits, NewVersion, Payload, Removal, ScanPage, VersionRef,
};
pub use causes::causes;
pub use error::{Error, ErrorKind, Result, Retry};
pub use filter::{Page, SecretFilter};
pub use ids::{NamespaceId, ObjectId, OwnerId, Revision, SecretId, Timestamp, VersionUid};
pub use model::{NewSecret, Owner, Secret, SecretMeta, SecretRef, SecretUpdate, ValuesChange, Version};
pub use name::SecretName;
pub use path::shown_path;
pub use plugin::{Configure, OpenContext, Opened, Plugin};
pub use prices::Prices;
pub use reason::Reason;
pub use secrets::Secrets;
pub use settings::Settings;
pub use store::{GetOptions, SecretsStore};
pub use values::{DEFAULT_SIZE_LIMIT, SecretValues};
