#![doc = include_str!("../README.md")]

mod auth;
mod aws;
mod backend;
mod client;
mod config;
mod error;
mod hitch;
mod http;
mod index;
mod lease;
mod method;
mod refusals;
mod scan;
mod session;
mod value;

use config::Config;
use strongroom_core::Plugin;

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();
