#![doc = include_str!("../README.md")]

mod applications;
mod body;
mod emulator;
mod entra;
mod identity;
mod pages;
mod quotas;
mod refusal;
mod routes;
mod secret;
mod service;
mod tls;
mod vault;
mod version;

pub use applications::{Application, Role};
pub use emulator::{Emulator, Options, TENANT};
pub use quotas::Quotas;
