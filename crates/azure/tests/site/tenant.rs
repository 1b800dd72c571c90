//! The vault and the tenant that tests use: what the environment names, or the emulator, started in this process.

use std::{ops::Deref, path::PathBuf, sync::LazyLock};
use strongroom_emulator_azure::{Application, Emulator, Options, Quotas, Role, TENANT};
use tempfile::TempPath;

/// What the variables begin with. If that of the endpoint is set, all that a test needs must be.
const PREFIX: &str = "STRONGROOM_TEST_AZURE_";
/// What stays in the environment, whichever vault it is: a Python with Microsoft's clients.
const PYTHON: &str = "PYTHON";
/// What a login needs.
const LOGIN: [&str; 7] =
    ["ENDPOINT", "AUTHORITY", "TENANT_ID", "CLIENT_ID", "FEDERATED_CLIENT_ID", "CLIENT_SECRET", "ASSERTION"];

/// The emulator with the role of the README; none if the environment names a vault.
static EMULATOR: LazyLock<Option<Emulator>> = LazyLock::new(|| {
    // The tests of one program share it, and together they are more than a vault allows.
    given("ENDPOINT").is_none().then(|| emulator(options().quotas(Quotas::none())))
});

/// How an emulator behaves whose applications have the role of the README.
pub(crate) fn options() -> Options {
    Options::new(Role::parse(include_str!("../../role.json")).expect("role.json is no role"))
}

/// An emulator of the caller's own.
pub(crate) fn emulator(options: Options) -> Emulator {
    Emulator::start(options).expect("the emulator does not start")
}

/// What tells about the vault and the tenant.
pub(crate) fn variable(name: &str) -> String {
    let told = match &*EMULATOR {
        Some(emulator) if name != PYTHON => Some(told(emulator, name)),
        _ => given(name),
    };
    told.unwrap_or_else(|| panic!("{PREFIX}{name} is not set: `cargo xtask test` sets it"))
}

/// The same for a process of this one.
pub(crate) fn variables() -> [(String, String); 7] {
    LOGIN.map(|name| (format!("{PREFIX}{name}"), variable(name)))
}

fn given(name: &str) -> Option<String> {
    std::env::var(format!("{PREFIX}{name}")).ok().filter(|value| !value.is_empty())
}

fn told(emulator: &Emulator, name: &str) -> String {
    match name {
        "ENDPOINT" | "AUTHORITY" => emulator.url(),
        "TENANT_ID" => TENANT.to_owned(),
        "CLIENT_ID" => Application::Writer.id().to_owned(),
        "DENIED_CLIENT_ID" => Application::Nobody.id().to_owned(),
        "PURGER_CLIENT_ID" => Application::Purger.id().to_owned(),
        "OPERATOR_CLIENT_ID" => Application::Operator.id().to_owned(),
        "FEDERATED_CLIENT_ID" => Application::Federated.id().to_owned(),
        "CLIENT_SECRET" => emulator.client_secret().to_owned(),
        "ASSERTION" => emulator.assertion().to_owned(),
        _ => panic!("nothing is called {name}"),
    }
}

/// The file with the authority that vouches for the vault, which is there as long as this is.
pub(crate) struct Authority {
    path: PathBuf,
    _file: Option<TempPath>,
}

/// The authority's file.
pub(crate) fn authority() -> Authority {
    let file = EMULATOR.as_ref().map(|emulator| {
        let file = tempfile::NamedTempFile::new().expect("no temporary file").into_temp_path();
        std::fs::write(&file, emulator.authority()).expect("no file of the authority");
        file
    });
    let path = file.as_ref().map_or_else(|| variable("CA").into(), |file| file.to_path_buf());
    Authority { path, _file: file }
}

impl Deref for Authority {
    type Target = str;

    fn deref(&self) -> &str {
        self.path.to_str().expect("a path of UTF-8")
    }
}
