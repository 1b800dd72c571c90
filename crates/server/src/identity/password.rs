//! Passwords: argon2id on threads of their own, so that a storm of logins leaves requests alone.

use super::hasher::Hasher;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, OnceLock};
use strongroom_core::{Error, ErrorKind, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many may wait beside those that are computed.
const QUEUE: usize = 64;

/// Longer ones are refused: nobody types them, and they cost time.
const LONGEST: usize = 1024;

/// Computes and checks password hashes, at most on half of the cores at once.
#[derive(Clone)]
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A place among those that are computed or wait for it.
pub(crate) struct Place(#[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let running = (cores / 2).max(1);
        Self {
            running: Arc::new(Semaphore::new(running)),
            waiting: Arc::new(Semaphore::new(running + QUEUE)),
        }
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<SecretString> {
        check(&password)?;
        self.run(self.place()?, move || {
            let hash = Hasher::new()
                .map_err(|_| broken())?
                .hash_password(password.expose_secret().as_bytes())
                .map_err(|_| broken())?;
            Ok(SecretString::from(hash.to_string()))
        })
        .await
    }

    /// Whether it is the password of this hash. Without a hash it costs the same, and is not.
    pub(crate) async fn verify(
        &self,
        place: Place,
        password: SecretString,
        hash: Option<SecretString>,
    ) -> Result<bool> {
        if password.expose_secret().len() > LONGEST {
            return Ok(false);
        }
        self.run(place, move || {
            let known = hash.is_some();
            let parsed = match &hash {
                Some(hash) => PasswordHash::new(hash.expose_secret()).map_err(|_| broken())?,
                None => dummy()?,
            };
            let right = Hasher::new()
                .map_err(|_| broken())?
                .verify_password(password.expose_secret().as_bytes(), &parsed)
                .is_ok();
            Ok(right && known)
        })
        .await
    }

    /// A place, if one is free.
    pub(crate) fn place(&self) -> Result<Place> {
        self.waiting
            .clone()
            .try_acquire_owned()
            .map(Place)
            .map_err(|_| Error::new(ErrorKind::Unavailable, "too many logins at once: try again in a moment"))
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = self.running.clone().acquire_owned().await.map_err(|_| broken())?;
        // What has begun cannot be stopped: place and turn are free again when it ends, not when its caller goes.
        let held = move || {
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(held).await.map_err(|_| broken())?
    }
}

/// Refuses what cannot be a password.
///
/// # Errors
/// `InvalidInput` with the rule.
pub fn check(password: &SecretString) -> Result<()> {
    let text = password.expose_secret();
    if text.chars().count() < 8 {
        return Err(Error::new(ErrorKind::InvalidInput, "password: use at least 8 characters"));
    }
    if text.len() > LONGEST {
        return Err(Error::new(ErrorKind::InvalidInput, "password: use at most 1024 bytes"));
    }
    Ok(())
}

/// What is computed for accounts that are not there.
fn dummy() -> Result<PasswordHash> {
    static DUMMY: OnceLock<Option<PasswordHash>> = OnceLock::new();
    let make = || Hasher::new().ok()?.hash_password(b"nobody has this password").ok();
    DUMMY.get_or_init(make).clone().ok_or_else(broken)
}

fn broken() -> Error {
    Error::new(ErrorKind::Unexpected, "the password could not be worked on")
}
