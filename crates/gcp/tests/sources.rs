//! Where credentials come from: files of every type, and what the SDK finds by itself, by processes of their own.

mod site;

use site::{Section, credentials, variable, variables, without_credentials};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use strongroom_core::{ErrorKind, NamespaceId, Result, settings::Setting};
use uuid::Uuid;

/// What the process is to find.
const EXPECTED: &str = "STRONGROOM_TEST_GCP_EXPECTED";

/// The service account that the process is to impersonate.
const IMPERSONATE: &str = "STRONGROOM_TEST_GCP_IMPERSONATE";

/// [`gcp::process`] with this environment and no other credentials.
fn command(expected: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "gcp::process", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env_remove("GOOGLE_APPLICATION_CREDENTIALS").env("HOME", "/nonexistent");
    // Nobody answers for instances.
    command.env("GCE_METADATA_HOST", "127.0.0.1:9");
    command.env(EXPECTED, expected).envs(variables()).envs(environment.iter().copied());
    command
}

fn child(expected: &str, environment: &[(&str, &str)]) {
    let output = command(expected, environment).output().unwrap();
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
        let account = match std::env::var(IMPERSONATE) {
            Ok(email) => without_credentials().text("impersonate", &email),
            Err(_) => without_credentials(),
        };
        match (check(account).await, expected.as_str()) {
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
        let types = [
            "service_account",
            "external_account",
            "external_account_authorized_user",
            "authorized_user",
            "impersonated_service_account",
        ];
        for kind in types {
            let path = credentials(kind);
            let by_path = without_credentials().text("credentials_path", path.to_str().unwrap());
            check(by_path).await.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
            let json = fs::read_to_string(&path).unwrap();
            let by_text = without_credentials().with("credentials", Setting::Text(json.into()));
            check(by_text).await.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        }
    }

    /// The SDK knows one address for tokens of other accounts, where no emulator can be: that it is asked is all that is
    /// seen here. What becomes of its answer, files of the type `impersonated_service_account` show.
    #[test]
    fn tokens_of_an_impersonated_account_are_asked_for() {
        let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (url, file) = (format!("http://{}", proxy.local_addr().unwrap()), credentials("service_account"));
        let given = [
            ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap()),
            ("HTTPS_PROXY", &url),
            (IMPERSONATE, "other@my-project.iam.gserviceaccount.com"),
        ];
        let mut process =
            command("nothing", &given).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (told, asked) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(proxy.accept().unwrap().0).read_line(&mut line).unwrap();
            told.send(line).unwrap();
        });
        let asked = asked.recv_timeout(Duration::from_secs(20));
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(asked.unwrap().trim_end(), "CONNECT iamcredentials.googleapis.com:443 HTTP/1.1");
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
