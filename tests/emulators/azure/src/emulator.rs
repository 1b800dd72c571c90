//! An emulator that runs.

use crate::{applications::Role, quotas::Quotas, service::Service, tls};
use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use strongroom_emulator_serving::{Clock, Server};
use uuid::Uuid;

/// The only tenant.
pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// How an emulator behaves.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where it listens on loopback; a free port for 0.
    pub port: u16,
    /// The applications' secret, and that of the host with a managed identity.
    pub secret: String,
    /// What [`Application::Writer`](crate::Application::Writer) may do.
    pub role: Role,
    /// How long the vault `localhost` takes to delete, to recover and to purge. `127.0.0.1` does it at once.
    pub leisure: Duration,
    /// Nobody may purge.
    pub purge_protection: bool,
    /// How often a vault may be asked.
    pub quotas: Quotas,
}

impl Options {
    /// A free port, another secret each time, the quotas of Azure, no protection from purging.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            port: 0,
            secret: Uuid::new_v4().simple().to_string(),
            role,
            leisure: Duration::from_millis(700),
            purge_protection: false,
            quotas: Quotas::documented(),
        }
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
        let mut shown = f.debug_struct("Options");
        shown.field("port", &self.port).field("leisure", &self.leisure);
        shown.field("purge_protection", &self.purge_protection).field("quotas", &self.quotas);
        shown.finish_non_exhaustive()
    }
}

/// An emulator that runs in a thread of its own until it is dropped. It keeps everything in memory.
pub struct Emulator {
    server: Server,
    clock: Arc<Clock>,
    secret: String,
    assertion: String,
    authority: String,
}

impl Emulator {
    /// Starts one.
    ///
    /// # Errors
    /// The port is taken, there is no thread for it, or no certificate can be made.
    pub fn start(options: Options) -> io::Result<Self> {
        let assertion = format!("assertion-{}", options.secret);
        let service = Mutex::new(Service::new(&options, &assertion));
        let clock = Arc::new(Clock::default());
        let time = clock.clone();
        let (authority, tls) = tls::new()?;
        let server = Server::start(options.port, Some(tls), move |request| {
            service.lock().unwrap_or_else(PoisonError::into_inner).answer(request, time.now())
        })?;
        Ok(Self { server, clock, secret: options.secret, assertion, authority })
    }

    /// Where the vault is that does everything at once: `http://127.0.0.1:PORT`. HTTPS is answered on the same port,
    /// and with `localhost` instead it is the vault that takes its time. Entra ID and the metadata of hosts are there,
    /// too.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The certificate of the authority that vouches for it, in PEM form.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The secret of all applications but [`Application::Federated`](crate::Application::Federated).
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.secret
    }

    /// What [`Application::Federated`](crate::Application::Federated) shows instead.
    #[must_use]
    pub fn assertion(&self) -> &str {
        &self.assertion
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
