//! Where a token comes from when the configuration says nothing: the environment, which is read by processes of their own.

mod site;

use site::{Section, variable, variables, vault};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::Command,
    time::{Duration, Instant},
};
use strongroom_core::{ErrorKind, NamespaceId};
use strongroom_testkit::wire::{Fault, Order, Wire};
use uuid::Uuid;

/// What the process is to find.
const EXPECTED: &str = "STRONGROOM_TEST_EXPECTED";
/// The login that it is told to use.
const AUTH: &str = "STRONGROOM_TEST_AUTH";
/// Who gives tokens, if it is another than usual.
const AUTHORITY: &str = "STRONGROOM_TEST_AUTHORITY";

/// Where a virtual machine's metadata are, for the SDKs of all languages.
const METADATA: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// Runs [`azure::process`] with this environment and no other credentials.
fn child(expected: &str, auth: &str, environment: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "azure::process", "--ignored", "--nocapture", "--test-threads=1"]);
    let known = ["AZURE_", "IDENTITY_", "MSI_", "IMDS_"];
    let others = std::env::vars_os().map(|(name, _)| name);
    for name in others.filter(|name| known.iter().any(|known| name.to_string_lossy().starts_with(known))) {
        command.env_remove(name);
    }
    // Nothing of whoever runs the tests, and no tools that are logged in.
    command.env("HOME", "/nonexistent").env("PATH", "/nonexistent");
    command.env(EXPECTED, expected).env(AUTH, auth).envs(variables()).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{expected}: {said}");
}

mod azure {
    use super::*;

    #[tokio::test]
    #[ignore = "run by the others"]
    async fn process() {
        let Ok(expected) = std::env::var(EXPECTED) else { return };
        let vault = ["tenant_id", "client_id", "client_secret"].into_iter().fold(vault(), Section::without);
        let vault = vault.text("auth", &std::env::var(AUTH).unwrap());
        let vault = match std::env::var(AUTHORITY) {
            Ok(authority) => vault.text("authority_host", &authority),
            Err(_) => vault,
        };
        let backend = vault.open(NamespaceId(Uuid::new_v4())).await.unwrap();
        match (backend.check().await, expected.as_str()) {
            // The second time the one that was found is asked, and no other.
            (Ok(()), "works") => backend.check().await.unwrap(),
            (Err(error), text) => {
                let (kind, text) = match text.strip_prefix("not now: ") {
                    Some(text) => (ErrorKind::Unavailable, text),
                    None => (ErrorKind::StoreRefused, text),
                };
                assert_eq!(error.kind(), kind, "{error:?}");
                let shown = format!("{error} {error:?}");
                assert!(text.split(',').all(|part| shown.contains(part)), "{text}: {shown}");
                assert!(!shown.contains(&variable("CLIENT_SECRET")), "{shown}");
            }
            (Ok(()), _) => panic!("it worked"),
        }
    }

    /// No machine of Azure: nobody listens where its metadata would be.
    const NO_METADATA: (&str, &str) = (METADATA, "http://127.0.0.1:9");

    /// And it says so soon: the SDK by itself asks for metadata for more than a minute, which no caller waits for.
    #[test]
    fn the_chain_says_what_it_tried() {
        let start = Instant::now();
        let tried = "environment (,workload-identity (,managed-identity (,developer-tools (";
        child(tried, "chain", &[NO_METADATA]);
        assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    }

    #[test]
    fn the_environment_is_asked() {
        let (tenant, client, secret) =
            (variable("TENANT_ID"), variable("CLIENT_ID"), variable("CLIENT_SECRET"));
        let given =
            [("AZURE_TENANT_ID", &*tenant), ("AZURE_CLIENT_ID", &client), ("AZURE_CLIENT_SECRET", &secret)];
        child("works", "chain", &given);
    }

    #[test]
    fn a_workload_identity_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, variable("ASSERTION")).unwrap();
        let (tenant, client) = (variable("TENANT_ID"), variable("FEDERATED_CLIENT_ID"));
        let given = [
            ("AZURE_TENANT_ID", &*tenant),
            ("AZURE_CLIENT_ID", &client),
            ("AZURE_FEDERATED_TOKEN_FILE", path.to_str().unwrap()),
        ];
        for auth in ["chain", "workload-identity"] {
            child("works", auth, &given);
        }
    }

    #[test]
    fn the_identity_of_a_machine_is_found() {
        let endpoint = variable("ENDPOINT");
        for auth in ["chain", "managed-identity"] {
            child("works", auth, &[(METADATA, &endpoint)]);
        }
        child("not now: metadata", "managed-identity", &[NO_METADATA]);
    }

    #[test]
    fn the_identity_of_app_service_is_found() {
        let (endpoint, secret) = (variable("ENDPOINT"), variable("CLIENT_SECRET"));
        let endpoint = format!("{endpoint}/msi/token");
        let given = [("IDENTITY_ENDPOINT", &*endpoint), ("IDENTITY_HEADER", &secret)];
        for auth in ["chain", "managed-identity"] {
            child("works", auth, &given);
        }
        child(
            "login,no such identity",
            "managed-identity",
            &[("IDENTITY_ENDPOINT", &*endpoint), ("IDENTITY_HEADER", "another")],
        );
        // The environment says that there is one: that it does not answer is not passed over.
        let nobody = [("IDENTITY_ENDPOINT", "http://127.0.0.1:9/"), ("IDENTITY_HEADER", "x")];
        child("not now: metadata", "chain", &nobody);
    }

    /// What is set up here and cannot answer now is not passed over, as if it were not there.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_source_that_cannot_answer_now_ends_the_chain() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let (tenant, client, secret) =
            (variable("TENANT_ID"), variable("CLIENT_ID"), variable("CLIENT_SECRET"));
        let application =
            [("AZURE_TENANT_ID", &*tenant), ("AZURE_CLIENT_ID", &client), ("AZURE_CLIENT_SECRET", &secret)];
        let (address, endpoint) = (wire.url(), variable("ENDPOINT"));
        for status in [429, 503] {
            // The machine's own identity would do, and is not asked.
            wire.order(Order::new("POST", "/*/oauth2/v2.0/token", Fault::status(status)).always());
            let others = [(AUTHORITY, &*address), (METADATA, &endpoint)];
            child(&format!("not now: environment,{status}"), "chain", &[&application[..], &others].concat());
            wire.order(Order::new("GET", "/metadata/*", Fault::status(status)).always());
            child(&format!("not now: managed-identity,{status}"), "chain", &[(METADATA, &address)]);
            wire.heal();
        }
        for (fault, expected) in [
            (Fault::HalfBody, "not now: metadata,could not be read: try again,such a host"),
            (Fault::Reset, "not now: metadata,cannot be reached,with an identity"),
            (Fault::status(410).into(), "not now: metadata,give no token now: try again"),
            (Fault::status(400).into(), "no such identity: assign one,client_id"),
        ] {
            wire.order(Order::new("GET", "/metadata/*", fault).always());
            child(expected, "managed-identity", &[(METADATA, &address)]);
            wire.heal();
        }
        // Another cloud's metadata, at the same address, know nothing of Azure's identities.
        wire.order(Order::new("GET", "/metadata/*", Fault::status(404)).always());
        child("managed-identity (,developer-tools (", "chain", &[(METADATA, &address)]);
    }

    /// A directory with a script in the place of a tool: for these words it prints this, and nothing for others.
    fn tool(name: &str, words: &str, printed: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let script = format!("#!/bin/sh\n[ \"$*\" = '{words}' ] && echo '{printed}'\n");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        directory
    }

    /// What `az` and `azd` print, here scripts in their places: they are too large to be installed for it.
    #[tokio::test]
    async fn developer_tools_are_asked() {
        let token = site::token("CLIENT_ID").await;
        let az = tool(
            "az",
            "account get-access-token -o json --scope https://vault.azure.net/.default",
            &format!(r#"{{"accessToken": "{token}", "expires_on": 4102444800, "tokenType": "Bearer"}}"#),
        );
        let azd = tool(
            "azd",
            "auth token -o json --no-prompt --scope https://vault.azure.net/.default",
            &format!(r#"{{"token": "{token}", "expiresOn": "2100-01-01T00:00:00Z"}}"#),
        );
        let path = |tool: &tempfile::TempDir| tool.path().to_str().unwrap().to_owned();
        for auth in ["chain", "developer-tools"] {
            child("works", auth, &[NO_METADATA, ("PATH", &path(&az))]);
            child("works", auth, &[NO_METADATA, ("PATH", &path(&azd))]);
        }
        // One that is there and nobody has logged in with: the other is asked.
        let nobody = tool("az", "--version", "azure-cli");
        child("works", "chain", &[NO_METADATA, ("PATH", &format!("{}:{}", path(&nobody), path(&azd)))]);
        child("login,developer-tools", "developer-tools", &[("PATH", &path(&nobody))]);
        child("login,developer-tools", "developer-tools", &[]);
    }
}
