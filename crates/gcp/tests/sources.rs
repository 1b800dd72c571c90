//! Where credentials come from: files of every type, and what the SDK finds by itself, by processes of their own.

mod site;

use site::{Section, credentials, variable, variables, without_credentials};
use std::{fs, process::Command};
use strongroom_core::{ErrorKind, NamespaceId, Result, settings::Setting};
use uuid::Uuid;

/// What the process is to find.
const EXPECTED: &str = "STRONGROOM_TEST_GCP_EXPECTED";

/// Runs [`gcp::process`] with this environment and no other credentials.
fn child(expected: &str, environment: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "gcp::process", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env_remove("GOOGLE_APPLICATION_CREDENTIALS").env("HOME", "/nonexistent");
    // Nobody answers for instances.
    command.env("GCE_METADATA_HOST", "127.0.0.1:9");
    command.env(EXPECTED, expected).envs(variables()).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{expected}: {said}");
}

async fn check(account: Section) -> Result<()> {
    account.open(NamespaceId(Uuid::new_v4())).await?.check().await
}

mod gcp {
    use super::*;

    #[tokio::test]
    #[ignore = "run by the others"]
    async fn process() {
        let Ok(expected) = std::env::var(EXPECTED) else { return };
        match (check(without_credentials()).await, expected.as_str()) {
            (Ok(()), "works") => {}
            (Err(error), kind) if format!("{:?}", error.kind()) == kind => {
                assert!(error.to_string().contains("credentials"), "{error}");
            }
            (Ok(()), _) => panic!("it worked"),
            (Err(error), _) => panic!("{error:?}"),
        }
    }

    #[test]
    fn the_environment_is_asked() {
        let file = credentials("service_account");
        child("works", &[("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap())]);
        child("StoreRefused", &[("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent")]);
    }

    #[test]
    fn the_host_is_asked() {
        let host = variable("ENDPOINT").replace("http://", "");
        child("works", &[("GCE_METADATA_HOST", &host)]);
    }

    #[tokio::test]
    async fn files_of_every_type_are_taken() {
        let types =
            ["service_account", "external_account", "authorized_user", "impersonated_service_account"];
        for kind in types {
            let path = credentials(kind);
            let by_path = without_credentials().text("credentials_path", path.to_str().unwrap());
            check(by_path).await.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
            let json = fs::read_to_string(&path).unwrap();
            let by_text = without_credentials().with("credentials", Setting::Text(json.into()));
            check(by_text).await.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        }
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_asked_for_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("subject_token");
        let file = credentials("external_account");
        let json = fs::read_to_string(&file).unwrap();
        let real = file.with_file_name("subject_token");
        let json = json.replace(real.to_str().unwrap(), path.to_str().unwrap());
        fs::write(&path, "expired").unwrap();
        let account = without_credentials().with("credentials", Setting::Text(json.into()));
        let backend = account.open(NamespaceId(Uuid::new_v4())).await.unwrap();
        let error = backend.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        assert!(!error.to_string().contains("expired"), "{error}");
        // Whoever renews the file comes late.
        fs::copy(&real, &path).unwrap();
        backend.check().await.unwrap();
    }

    #[tokio::test]
    async fn credentials_that_are_refused_or_may_do_nothing_are_told_apart() {
        for (file, expected) in [("refused", "no token"), ("nobody", "does not allow")] {
            let path = credentials(file);
            let account = without_credentials().text("credentials_path", path.to_str().unwrap());
            let error = check(account).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
