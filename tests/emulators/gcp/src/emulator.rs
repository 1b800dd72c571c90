//! An emulator that runs.

use crate::{
    accounts::{Account, Role},
    credentials,
    quotas::Quotas,
    service::Service,
};
use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_emulator_serving::{Clock, Server};
use uuid::Uuid;

/// The id of the only project.
pub const PROJECT: &str = "strongroom-test";
/// Its number, which answers name it by.
pub const PROJECT_NUMBER: &str = "123456789012";

/// How an emulator behaves.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where it listens on loopback; a free port for 0.
    pub port: u16,
    /// What nobody guesses: a part of the tokens that never expire.
    pub secret: String,
    /// What [`Account::Writer`] may do.
    pub role: Role,
    /// How often it may be asked.
    pub quotas: Quotas,
}

impl Options {
    /// A free port, another secret each time, the quotas of Google Cloud.
    #[must_use]
    pub fn new(role: Role) -> Self {
        let secret = Uuid::new_v4().simple().to_string();
        Self { port: 0, secret, role, quotas: Quotas::documented() }
    }

    /// With other quotas.
    #[must_use]
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }
}

/// Without the secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("port", &self.port)
            .field("quotas", &self.quotas)
            .finish_non_exhaustive()
    }
}

/// An emulator that runs in a thread of its own until it is dropped. It keeps everything in memory.
pub struct Emulator {
    server: Server,
    clock: Arc<Clock>,
    service: Arc<Mutex<Service>>,
    secret: String,
}

impl Emulator {
    /// Starts one.
    ///
    /// # Errors
    /// The port is taken, or there is no thread for it.
    pub fn start(options: Options) -> io::Result<Self> {
        let service = Arc::new(Mutex::new(Service::new(&options)));
        let clock = Arc::new(Clock::default());
        let (answering, time) = (service.clone(), clock.clone());
        let server =
            Server::start(options.port, None, move |request| lock(&answering).answer(request, time.now()))?;
        Ok(Self { server, clock, service, secret: options.secret })
    }

    /// Where it is: `http://127.0.0.1:PORT`. The metadata server and the token services are there, too.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// A token of the account that never expires.
    #[must_use]
    pub fn access_token(&self, account: Account) -> String {
        format!("{}-{}", account.name(), self.secret)
    }

    /// Writes a credentials file of every type into this folder: `service_account.json`, `external_account.json`
    /// (with `subject_token`), `authorized_user.json`, `impersonated_service_account.json`, all of them of
    /// [`Account::Writer`] in the end, `nobody.json` of [`Account::Nobody`], and `refused.json`, of a user who gets
    /// no token.
    ///
    /// # Errors
    /// The folder or a file cannot be written.
    pub fn write_credentials(&self, folder: &Path) -> io::Result<()> {
        credentials::write(folder, &self.url(), &mut lock(&self.service).tokens)
    }

    /// Puts its clock forward.
    pub fn skip(&self, time: Duration) {
        self.clock.skip(time);
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Emulator").field(&self.url()).finish()
    }
}

fn lock(service: &Mutex<Service>) -> MutexGuard<'_, Service> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}
