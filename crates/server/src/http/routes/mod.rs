//! The routes, one file for each kind.

pub(crate) mod accounts;
pub(crate) mod activation;
mod answer;
pub(crate) mod api_keys;
pub(crate) mod audit;
mod change;
pub(crate) mod devices;
pub(crate) mod health;
pub(crate) mod login;
pub(crate) mod many;
pub(crate) mod metrics;
pub(crate) mod ours;
pub(crate) mod secrets;
pub(crate) mod service_accounts;
pub(crate) mod session;
pub(crate) mod users;
