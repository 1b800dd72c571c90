//! Passwords: argon2id on threads of their own, so that a storm of logins leaves requests alone.

use super::hasher::Hasher;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, OnceLock};
use strongroom_core::{Error, ErrorKind, Result};
use tokio::sync::Semaphore;

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
        self.run(move || {
            let hash = Hasher::new()
                .map_err(|_| broken())?
                .hash_password(password.expose_secret().as_bytes())
                .map_err(|_| broken())?;
            Ok(SecretString::from(hash.to_string()))
        })
        .await
    }

    /// Whether it is the password of this hash. Without a hash it costs the same, and is not.
    pub(crate) async fn verify(&self, password: SecretString, hash: Option<SecretString>) -> Result<bool> {
        if password.expose_secret().len() > LONGEST {
            return Ok(false);
        }
        self.run(move || {
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

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(Error::new(ErrorKind::Unavailable, "too many logins at once: try again in a moment"));
        };
        let _turn = self.running.acquire().await.map_err(|_| broken())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| broken())?
    }
}

/// Refuses what cannot be a password.
pub(crate) fn check(password: &SecretString) -> Result<()> {
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
