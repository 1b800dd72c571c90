#![doc = include_str!("../README.md")]

mod accounts;
mod body;
mod credentials;
mod emulator;
mod filters;
mod jwt;
mod pages;
mod quotas;
mod refusal;
mod replication;
mod routes;
mod secret;
mod service;
mod settings;
mod store;
mod times;
mod tokens;
mod version;

pub use accounts::{Account, Role};
pub use emulator::{Emulator, Options, PROJECT, PROJECT_NUMBER};
pub use quotas::Quotas;
