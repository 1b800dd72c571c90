//! Strongroom's HTTP server.
//!
//! The API is wire-compatible with that of a ZenML 0.98 server, so that its client works unmodified, and has routes of
//! its own in the same style for what ZenML lacks: names, versions, many secrets at once, conditional changes.
//!
//! - [`identity`]: accounts, passwords, API keys, tokens, roles, grants; also for command lines that work on the
//!   database itself.
//! - [`audit`]: reads and denials in the audit log; verifying and pruning it.
//! - [`Server`]: listens, answers, and ends in good order.
//!
//! # The way from here
//!
//! The pages and folders that are named here are in Strongroom's repository.
//!
//! - To run one: `strongroom serve`, and `docs/server.md`. A program of your own with more back-ends gets that command from
//!   [`strongroom_cli`](https://docs.rs/strongroom-cli).
//! - What it serves is the [`SecretsStore`](strongroom::SecretsStore) of a [`strongroom::Open`].
//! - Its API describes itself at `/openapi.json`; against whom it protects, with the tests: `docs/threat-model.md`.

pub mod audit;
mod config;
mod http;
pub mod identity;
mod serve;
mod tls;

pub use config::{Plaintext, ServerConfig, Unguarded};
pub use http::Kinds;
pub use serve::Server;
