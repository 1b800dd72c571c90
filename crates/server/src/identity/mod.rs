//! Who may log in, with what, and what they may do.
//!
//! Passwords, keys and tokens are checked here; the rows are the database's, and every change of them commits together
//! with its audit entry.

mod accounts;
mod api_keys;
mod authenticate;
mod base62;
mod device;
mod first;
mod hasher;
mod keys;
mod limiter;
mod login;
mod name;
mod password;
mod principal;
mod reload;
mod rights;
mod starts;
mod ticket;
mod token;
mod usage;
mod user_code;
mod wait;

pub use accounts::{NewUser, Patch, Removal};
pub(crate) use authenticate::{Claim, Reason, Rejected};
pub(crate) use device::{DEVICE_LIFETIME, DEVICE_PAUSE, Fetched, Refusal, Start};
pub use first::{FIRST_PASSWORD_FILE, FirstAdmin, made_up_password};
pub use keys::API_KEY_PREFIX;
pub(crate) use login::Issued;
pub(crate) use name::check_text;
pub use name::{as_kept, check_name};
pub(crate) use principal::Known;
pub use rights::access;
pub(crate) use user_code::UserCode;

use limiter::Limiter;
use password::Passwords;
pub use password::check as check_password;
use principal::Principals;
use reload::Reload;
use starts::Starts;
use std::{fmt, sync::Arc, time::Duration};
use strongroom_engine::Engine;
use strongroom_sql::SqlCatalog;

/// Accounts, keys and grants of one database, and who is logged in.
#[derive(Clone)]
pub struct Identities(Arc<Inner>);

struct Inner {
    catalog: Arc<SqlCatalog>,
    engine: Engine,
    passwords: Passwords,
    principals: Principals,
    reload: Reload,
    limiter: Limiter,
    starts: Starts,
    /// How long an access token is good for.
    lifetime: Duration,
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").field("catalog", &self.0.catalog).finish_non_exhaustive()
    }
}

impl Identities {
    /// Over an open database.
    #[must_use]
    pub fn new(catalog: Arc<SqlCatalog>, engine: Engine, lifetime: Duration) -> Self {
        let principals = Principals::new(catalog.clone(), engine.clone());
        let reload = Reload::new(engine.clone());
        Self(Arc::new(Inner {
            catalog,
            engine,
            reload,
            passwords: Passwords::new(),
            principals,
            limiter: Limiter::default(),
            starts: Starts::default(),
            lifetime,
        }))
    }

    /// The database.
    #[must_use]
    pub fn catalog(&self) -> &SqlCatalog {
        &self.0.catalog
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }
}
