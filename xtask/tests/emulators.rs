//! `cargo xtask emulators`, as a contributor types it: they come up once, tell what a shell reads, answer, and end.

#[path = "../../tests/asking.rs"]
mod asking;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::asking::ask;

/// A cache directory of its own, in which everything is installed and nothing runs, whatever runs in the user's.
struct Cache(TempDir);

impl Cache {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ours = directory.path().join("strongroom-tests");
        fs::create_dir(&ours).unwrap();
        // Servers are no root, and have to get there.
        for path in [directory.path(), &ours] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o711)).unwrap();
        }
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base.unwrap_or_else(|| Path::new(&std::env::var_os("HOME").unwrap()).join(".cache"));
        // Nothing is installed where nobody has needed it.
        for entry in fs::read_dir(base.join("strongroom-tests")).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            if path.join("bin").is_dir() {
                symlink(fs::canonicalize(&path).unwrap(), ours.join(entry.file_name())).unwrap();
            }
        }
        Self(directory)
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("emulators").args(arguments);
        command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command.env("XDG_CACHE_HOME", self.0.path());
        // Where cargo has put what it built for the tests of all packages; what is not there is built.
        command.env("STRONGROOM_XTASK_PROGRAMS", Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap());
        // Of the servers that run already.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STRONGROOM_TEST_") {
                command.env_remove(name);
            }
        }
        command.output().unwrap()
    }

    /// What is printed by what has to succeed.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.xtask(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Those that others wrote.
    fn up(&self) -> String {
        self.ok(&["up", "--without", "gcp,azure,google,microsoft"])
    }

    #[track_caller]
    fn assert_none_run(&self) {
        let output = self.xtask(&["status"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "# no emulators run: cargo xtask emulators up\n");
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("strongroom-tests/emulators/state")
    }

    /// The process in the background.
    fn holder(&self) -> String {
        fs::read_to_string(self.state()).unwrap().lines().next().unwrap().to_owned()
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.xtask(&["down"]);
    }
}

/// The variables that a shell has after it read this, and no others of ours.
fn evaluated(text: &str) -> BTreeMap<String, String> {
    assert!(text.lines().all(|line| line.starts_with("export STRONGROOM_TEST_")), "{text}");
    let output =
        Command::new("sh").args(["-c", "eval \"$1\"; env", "sh", text]).env_clear().output().unwrap();
    let all = String::from_utf8(output.stdout).unwrap();
    let all = all.lines().filter_map(|line| line.split_once('='));
    all.filter(|(name, _)| name.starts_with("STRONGROOM_"))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// Where a URL leads.
fn listens(url: &str) -> bool {
    TcpStream::connect(url.strip_prefix("http://").unwrap()).is_ok()
}

#[track_caller]
fn says(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs OpenBao and moto: cargo xtask test"]
fn openbao_and_moto_come_up_once_and_end() {
    let cache = Cache::new();
    cache.assert_none_run();
    assert_eq!(cache.ok(&["down"]), "no emulators run\n");

    let told = cache.up();
    let variables = evaluated(&told);
    let of = |name: &str| variables[&format!("STRONGROOM_TEST_{name}")].as_str();
    assert_eq!(cache.up(), told, "those that run");
    assert_eq!(cache.ok(&["status"]), told);
    // There is a token in it.
    assert_eq!(fs::metadata(cache.state()).unwrap().permissions().mode() & 0o777, 0o600);

    let mut bao = Command::new(of("VAULT_BIN"));
    bao.args(["token", "lookup", "-field=policies"]).env("BAO_ADDR", of("VAULT_URL"));
    assert_eq!(says(bao.env("BAO_TOKEN", of("VAULT_TOKEN"))).trim(), "[root]");
    let mut aws = Command::new(of("AWS_BIN"));
    aws.args(["secretsmanager", "list-secrets", "--query", "SecretList", "--output", "json"]);
    aws.env("AWS_ENDPOINT_URL", of("AWS_ENDPOINT")).env("AWS_DEFAULT_REGION", of("AWS_REGION"));
    aws.env("AWS_ACCESS_KEY_ID", of("AWS_ACCESS_KEY_ID"));
    assert_eq!(says(aws.env("AWS_SECRET_ACCESS_KEY", of("AWS_SECRET_ACCESS_KEY"))).trim(), "[]");

    // Whoever held them is killed: they end, too, and others can be started.
    assert!(Command::new("kill").args(["-KILL", &cache.holder()]).status().unwrap().success());
    let since = Instant::now();
    while listens(of("VAULT_URL")) || listens(of("AWS_ENDPOINT")) {
        assert!(since.elapsed() < Duration::from_secs(20), "they are left behind");
        thread::sleep(Duration::from_millis(50));
    }
    cache.assert_none_run();
    let others = cache.up();
    assert_ne!(others, told);

    assert_eq!(cache.ok(&["down"]), "stopped\n");
    let variables = evaluated(&others);
    assert!(!listens(&variables["STRONGROOM_TEST_VAULT_URL"]), "OpenBao goes on");
    assert!(!listens(&variables["STRONGROOM_TEST_AWS_ENDPOINT"]), "moto goes on");
    assert!(!cache.state().exists(), "its token is left behind");
    cache.assert_none_run();
}

/// They answer to what is printed.
#[test]
fn ours_come_up_as_programs() {
    let cache = Cache::new();
    let variables = evaluated(&cache.ok(&["up", "--without", "openbao,moto,google,microsoft"]));
    let of = |name: &str| variables[&format!("STRONGROOM_TEST_{name}")].as_str();

    let secrets = format!("/v1/projects/{}/secrets", of("GCP_PROJECT"));
    for who in ["ACCESS_TOKEN", "OPERATOR_ACCESS_TOKEN"] {
        let token = of(&format!("GCP_{who}"));
        assert!(ask(of("GCP_ENDPOINT"), "GET", &secrets, Some(token), "").is_object(), "{who}");
    }
    let path = Path::new(of("GCP_CREDENTIALS")).join("service_account.json");
    let credentials: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(credentials["project_id"], of("GCP_PROJECT"));

    let scope = "grant_type=client_credentials&scope=https://vault.azure.net/.default";
    let secret = format!("client_secret={}", of("AZURE_CLIENT_SECRET"));
    let assertion = format!(
        "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}",
        of("AZURE_ASSERTION")
    );
    for (who, proof) in [
        ("CLIENT_ID", &secret),
        ("PURGER_CLIENT_ID", &secret),
        ("OPERATOR_CLIENT_ID", &secret),
        ("FEDERATED_CLIENT_ID", &assertion),
    ] {
        let form = format!("{scope}&client_id={}&{proof}", of(&format!("AZURE_{who}")));
        let path = format!("/{}/oauth2/v2.0/token", of("AZURE_TENANT_ID"));
        let token = ask(of("AZURE_AUTHORITY"), "POST", &path, None, &form);
        let token = token["access_token"].as_str().unwrap();
        let listed = ask(of("AZURE_ENDPOINT"), "GET", "/secrets?api-version=7.4", Some(token), "");
        assert!(listed["value"].is_array(), "{who}: {listed}");
    }
    let authority = fs::read_to_string(of("AZURE_CA")).unwrap();
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"), "{authority}");

    assert_eq!(cache.ok(&["down"]), "stopped\n");
    assert!(!listens(of("GCP_ENDPOINT")) && !listens(of("AZURE_ENDPOINT")), "one goes on");
    cache.assert_none_run();
}
