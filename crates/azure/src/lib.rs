#![doc = include_str!("../README.md")]

mod backend;
mod client;
mod config;
mod connect;
mod error;
mod login;
mod ours;
mod refusal;
mod scan;
mod tags;
mod transport;

pub use config::PLUGIN;
