#![doc = include_str!("../README.md")]

mod book;
mod config;
mod file;
mod store;

pub use config::Config;
pub use store::NotebookStore;

use strongroom_core::Plugin;

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();
