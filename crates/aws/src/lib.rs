#![doc = include_str!("../README.md")]

mod backend;
mod bulk;
mod client;
mod config;
mod connect;
mod error;
mod https;
mod labels;
mod passing;
mod remove;
mod scan;
mod unsent;

pub use config::PLUGIN;
