#![doc = include_str!("../README.md")]

mod backend;
mod client;
mod config;
mod error;

pub use backend::AgeBackend;
pub use config::Config;

use strongroom_core::Plugin;

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();
