//! Where a token comes from when the configuration says nothing: the environment, which is read by processes of their own.

mod site;

use site::{Vault, variable, variables};
use std::{fs, process::Command};
use strongroom_core::{ErrorKind, NamespaceId};
use uuid::Uuid;

/// What the process is to find.
const EXPECTED: &str = "STRONGROOM_TEST_EXPECTED";
/// The login that it is told to use.
const AUTH: &str = "STRONGROOM_TEST_AUTH";

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
        let vault =
            ["tenant_id", "client_id", "client_secret"].into_iter().fold(Vault::new(), Vault::without);
        let vault = vault.text("auth", &std::env::var(AUTH).unwrap());
        let backend = vault.open(NamespaceId(Uuid::new_v4())).await.unwrap();
        match (backend.check().await, expected.as_str()) {
            // The second time the one that was found is asked, and no other.
            (Ok(()), "works") => backend.check().await.unwrap(),
            (Err(error), text) => {
                assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
                let shown = format!("{error} {error:?}");
                assert!(text.split(',').all(|part| shown.contains(part)), "{text}: {shown}");
                assert!(!shown.contains(&variable("CLIENT_SECRET")), "{shown}");
            }
            (Ok(()), _) => panic!("it worked"),
        }
    }

    /// As App Service has it: the way to the metadata is in the environment. Nobody listens there.
    fn no_metadata() -> [(&'static str, &'static str); 2] {
        [("IDENTITY_ENDPOINT", "http://127.0.0.1:9/token"), ("IDENTITY_HEADER", "x")]
    }

    #[test]
    fn the_chain_says_what_it_tried() {
        let tried = "environment (,workload-identity (,managed-identity (,developer-tools (";
        child(tried, "chain", &no_metadata());
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
    fn a_managed_identity_is_found() {
        let (endpoint, secret) = (variable("ENDPOINT"), variable("CLIENT_SECRET"));
        let endpoint = format!("{endpoint}/metadata/identity/oauth2/token");
        let given = [("IDENTITY_ENDPOINT", &*endpoint), ("IDENTITY_HEADER", &secret)];
        for auth in ["chain", "managed-identity"] {
            child("works", auth, &given);
        }
        child(
            "login",
            "managed-identity",
            &[("IDENTITY_ENDPOINT", &*endpoint), ("IDENTITY_HEADER", "another")],
        );
    }
}
