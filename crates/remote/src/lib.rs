#![doc = include_str!("../README.md")]

mod accounts;
mod buffer;
mod calling;
mod change;
mod client;
mod config;
mod device;
mod error;
mod login;
mod read;
mod store;
mod transport;
mod wire;

pub use accounts::{Account, AccountChange, Accounts, ApiKey, Grant, NewAccount, NewKey};
pub use client::ServerInfo;
pub use config::Config;
pub use device::DeviceLogin;
pub use store::RemoteStore;

use strongroom_core::Plugin;

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();
