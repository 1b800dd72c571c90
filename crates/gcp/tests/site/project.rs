//! The project that tests use: what the environment names, or the emulator, started in this process.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use strongroom_emulator_gcp::{Account as Who, Emulator, Options, PROJECT, Quotas, Role};
use tempfile::TempDir;

/// What the variables begin with. If that of the endpoint is set, all that a test needs must be.
const PREFIX: &str = "STRONGROOM_TEST_GCP_";
/// What stays in the environment, whichever project it is: a Python with Google's library.
const PYTHON: &str = "PYTHON";

/// The emulator with the role of the README; none if the environment names a project.
static EMULATOR: LazyLock<Option<Emulator>> = LazyLock::new(|| {
    // The tests of one program share it, and together they are more than a project's quotas allow.
    given("ENDPOINT").is_none().then(|| emulator(Quotas::none()))
});

/// An emulator of the caller's own.
pub(crate) fn emulator(quotas: Quotas) -> Emulator {
    let role = Role::parse(include_str!("../../role.json")).expect("role.json is no role");
    Emulator::start(Options::new(role).quotas(quotas)).expect("the emulator does not start")
}

/// What tells about the project.
pub(crate) fn variable(name: &str) -> String {
    let told = match &*EMULATOR {
        Some(emulator) if name != PYTHON => Some(told(emulator, name)),
        _ => given(name),
    };
    told.unwrap_or_else(|| panic!("{PREFIX}{name} is not set: `cargo xtask test` sets it"))
}

/// The same for a process of this one: where the project is, and no credentials.
pub(crate) fn variables() -> [(String, String); 2] {
    ["ENDPOINT", "PROJECT"].map(|name| (format!("{PREFIX}{name}"), variable(name)))
}

fn given(name: &str) -> Option<String> {
    std::env::var(format!("{PREFIX}{name}")).ok().filter(|value| !value.is_empty())
}

fn told(emulator: &Emulator, name: &str) -> String {
    match name {
        "ENDPOINT" => emulator.url(),
        "PROJECT" => PROJECT.to_owned(),
        "ACCESS_TOKEN" => emulator.access_token(Who::Writer),
        "OPERATOR_ACCESS_TOKEN" => emulator.access_token(Who::Operator),
        "DENIED_ACCESS_TOKEN" => emulator.access_token(Who::Nobody),
        _ => panic!("nothing is called {name}"),
    }
}

/// A credentials file, which is there as long as this is.
pub(crate) struct Credentials {
    path: PathBuf,
    _folder: Option<TempDir>,
}

/// The credentials file of a type.
pub(crate) fn credentials(name: &str) -> Credentials {
    let folder = EMULATOR.as_ref().map(|emulator| {
        let folder = tempfile::tempdir().expect("no temporary directory");
        emulator.write_credentials(folder.path()).expect("no credentials files");
        folder
    });
    let place =
        folder.as_ref().map_or_else(|| variable("CREDENTIALS").into(), |folder| folder.path().to_owned());
    Credentials { path: place.join(format!("{name}.json")), _folder: folder }
}

impl Deref for Credentials {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<Path> for Credentials {
    fn as_ref(&self) -> &Path {
        self
    }
}
