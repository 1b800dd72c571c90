//! Strongroom to embed: read a [`Config`], pick the back-ends from a [`Registry`] by the type that it names.
//!
//! Everything of the core crate is here too, so that a program depends on this one alone.

mod builtin;
pub mod config;
mod environment;
#[cfg(feature = "sql")]
mod inline;
#[cfg(feature = "sql")]
mod open;
mod registry;
#[cfg(feature = "runtime")]
mod system;

pub use config::Config;
pub use environment::environment;
#[cfg(feature = "sql")]
pub use open::{Open, OpenOptions, Places, RootSource};
pub use registry::Registry;
pub use strongroom_core::*;
pub use strongroom_engine as engine;
#[cfg(feature = "sql")]
pub use strongroom_sql as sql;
#[cfg(feature = "runtime")]
pub use system::System;
