//! Nothing that is secret is logged, by us or by the SDK, however much is asked for.

mod site;

use site::{account, credentials, variable, without_credentials};
use std::process::Command;
use strongroom_core::NamespaceId;
use strongroom_testkit::{
    cloud::{CANARY, CREDENTIAL, Ear, GIVEN, Kept},
    wire::{Fault, Wire},
};
use uuid::Uuid;

/// With it, the SDK writes each call to the log, with what was sent and what came back.
const SDK_LOGGING: &str = "GOOGLE_CLOUD_RUST_LOGGING";

mod gcp {
    use super::*;

    #[tokio::test]
    #[ignore = "run by the other one"]
    async fn process() {
        if std::env::var(SDK_LOGGING).as_deref() != Ok("true") {
            return;
        }
        let mut ear = Ear::open();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let namespace = NamespaceId(Uuid::new_v4());
        let backend = account().at(&wire.url()).open(namespace).await.unwrap();
        let kept = Kept::put(&*backend).await;
        let error = |code: u16, status| {
            format!("{{\"error\":{{\"code\":{code},\"message\":\"{CANARY}\",\"status\":\"{status}\"}}}}")
        };
        // The right version, damaged on the way.
        let damaged = format!(
            "{{\"name\":\"projects/1/secrets/{CANARY}/versions/1\",\"payload\":{{\"data\":\"e30=\",\"dataCrc32c\":\"1\"}}}}"
        );
        let faults = [
            Fault::Reset,
            Fault::HalfBody,
            Fault::status(200).body(damaged).into(),
            Fault::status(200).body(format!("{CANARY}, which is no JSON")).into(),
            Fault::status(400).body(error(400, "INVALID_ARGUMENT")).into(),
            Fault::status(403).body(error(403, "PERMISSION_DENIED")).into(),
            Fault::status(404).body(error(404, "NOT_FOUND")).into(),
            Fault::status(500).body(error(500, "INTERNAL")).into(),
            Fault::status(502).body(CANARY).into(),
        ];
        ear.hears(&*backend, &wire, &kept, ("*", "*:a*"), faults).await;
        let path = credentials("impersonated_service_account");
        let other = without_credentials().text("credentials_path", path.to_str().unwrap());
        other.open(namespace).await.unwrap().check().await.unwrap();
        backend.delete(kept.object).await.unwrap();

        // What is sent for a token, and who answers may quote it: a refresh token, a token of another provider, a signed
        // assertion for an impersonation.
        let directory = tempfile::tempdir().unwrap();
        let subject = directory.path().join("subject");
        std::fs::write(&subject, CREDENTIAL).unwrap();
        let read = |name: &str| -> serde_json::Value {
            serde_json::from_str(&std::fs::read_to_string(credentials(name)).unwrap()).unwrap()
        };
        let (mut user, mut external) = (read("authorized_user"), read("external_account"));
        let mut external_user = read("external_account_authorized_user");
        (external_user["refresh_token"], external_user["client_secret"]) =
            (CREDENTIAL.into(), CREDENTIAL.into());
        external_user["token_url"] = format!("{}/v1/oauthtoken", wire.url()).into();
        let mut impersonated = read("impersonated_service_account");
        (user["refresh_token"], user["client_secret"]) = (CREDENTIAL.into(), CREDENTIAL.into());
        user["token_uri"] = format!("{}/token", wire.url()).into();
        external["credential_source"]["file"] = subject.to_str().unwrap().into();
        external["token_url"] = format!("{}/v1/token", wire.url()).into();
        let url = impersonated["service_account_impersonation_url"].as_str().unwrap();
        let url = url.replace(&variable("ENDPOINT"), &wire.url());
        impersonated["service_account_impersonation_url"] = url.into();
        let quoting = format!("{{\"error\":\"{CREDENTIAL}\",\"error_description\":\"{CREDENTIAL}\"}}");
        let given = format!(
            "{{\"access_token\":\"{GIVEN}\",\"token_type\":\"Bearer\",\"expires_in\":3600,\
              \"issued_token_type\":\"urn:ietf:params:oauth:token-type:access_token\",\
              \"accessToken\":\"{GIVEN}\",\"expireTime\":\"2100-01-01T00:00:00Z\"}}"
        );
        for (json, call, refused) in [
            (user, "/token", true),
            (external, "/v1/token", true),
            (external_user, "/v1/oauthtoken", true),
            (impersonated, "*:generateAccessToken", false),
        ] {
            let login = without_credentials().text("credentials", &json.to_string());
            let open = async || login.open(namespace).await;
            let status = |status| Some(Fault::status(status).body(quoting.clone()).into());
            let faults = [
                status(200),
                status(400),
                status(401),
                status(403),
                Some(Fault::status(200).body(format!("{CREDENTIAL}, which is no JSON")).into()),
                Some(Fault::status(200).body(given.clone()).into()),
            ];
            let faults = faults.into_iter().chain(refused.then_some(None));
            ear.hears_a_login(open, &wire, ("POST", call), faults).await;
        }

        let key = std::fs::read_to_string(path).unwrap();
        let key = key.split("PRIVATE KEY-----\\n").nth(1).unwrap()[..40].to_owned();
        ear.assert_silent(&[variable("ACCESS_TOKEN"), key, "ya29.".to_owned()], 5);
    }

    #[test]
    fn no_value_and_no_credential_is_in_any_log_or_error() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "gcp::process", "--ignored", "--nocapture", "--test-threads=1"]);
        let output = command.env(SDK_LOGGING, "true").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}{errors}");
    }
}
