#![doc = include_str!("../README.md")]

mod backend;
mod client;
mod config;
mod credentials;
mod error;
mod labels;
mod scan;
mod session;
mod waits;

pub use config::PLUGIN;
