//! Nothing that is secret is logged, by us or by the SDK, however much is asked for.

mod site;

use site::{account, bare, variable};
use std::process::Command;
use strongroom_core::{ErrorKind, NamespaceId};
use strongroom_testkit::{
    cloud::{CANARY, CREDENTIAL, Ear, GIVEN, Kept},
    wire::{Fault, Order, Wire},
};
use uuid::Uuid;

/// Where everything is asked for, for the process whose environment it is in.
const WIRE: &str = "STRONGROOM_TEST_AWS_WIRE";
/// The kind of the error that it is to get.
const EXPECTED: &str = "STRONGROOM_TEST_AWS_EXPECTED";

/// What STS may answer to this action, or somebody in its place, and what comes of it: what passes by itself is no refusal.
fn sts_faults(asked: &str) -> Vec<(Fault, ErrorKind)> {
    use ErrorKind::{RateLimited, StoreRefused, Unavailable};
    let error = |code: &str| {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{CREDENTIAL}</Message></Error>\
             <RequestId>r</RequestId></ErrorResponse>"
        )
    };
    let given = |action: &str| {
        format!(
            "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
             <AccessKeyId>ASIASTRONGROOM</AccessKeyId><SecretAccessKey>{GIVEN}</SecretAccessKey>\
             <SessionToken>{GIVEN}</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>\
             </{action}Result></{action}Response>"
        )
    };
    let other = if asked == "AssumeRole" { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
    let answer = |status, body: String| -> Fault { Fault::status(status).body(body).into() };
    vec![
        (Fault::Reset, Unavailable),
        (Fault::HalfBody, Unavailable),
        (answer(200, format!("{CREDENTIAL}, which is no XML")), Unavailable),
        (answer(200, given(other)), Unavailable),
        // AWS knows nothing of them.
        (answer(200, given(asked)), StoreRefused),
        (answer(400, error(CREDENTIAL)), StoreRefused),
        (answer(403, error(CREDENTIAL)), StoreRefused),
        (answer(500, error(CREDENTIAL)), Unavailable),
        (answer(400, error("Throttling")), RateLimited),
        (answer(400, error("IDPCommunicationError")), Unavailable),
    ]
}

mod moto {
    use super::*;

    /// What the chain finds in the environment: a token of a web identity.
    #[tokio::test]
    #[ignore = "run by the other one"]
    async fn process() {
        let Ok(wire) = std::env::var(WIRE) else { return };
        let mut ear = Ear::open();
        let account = bare().text("region", &variable("REGION")).at(&wire);
        let error = account.open(NamespaceId(Uuid::new_v4())).await.unwrap().check().await.unwrap_err();
        ear.told(&error);
        ear.assert_silent(&[], 1);
        assert_eq!(format!("{:?}", error.kind()), variable("EXPECTED"), "{error}");
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs moto: cargo xtask test"]
    async fn no_token_of_a_web_identity_is_in_any_log_or_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, CREDENTIAL).unwrap();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        for (fault, kind) in sts_faults("AssumeRoleWithWebIdentity") {
            wire.order(Order::new("POST", "/", fault.clone()).always());
            let before = wire.count("POST", "/");
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "moto::process", "--ignored", "--nocapture", "--test-threads=1"]);
            for (name, _) in
                std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
            {
                command.env_remove(name);
            }
            command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
            command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", wire.url());
            command.env(WIRE, wire.url()).env(EXPECTED, format!("{kind:?}"));
            command.env("AWS_WEB_IDENTITY_TOKEN_FILE", &path);
            command.env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/strongroom");
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{fault:?}: {said}");
            assert!(wire.count("POST", "/") > before, "{fault:?}: STS was not asked");
            wire.heal();
        }
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn no_value_and_no_credential_is_in_any_log_or_error() {
        // One test in this program, so that it hears all of it.
        let mut ear = Ear::open();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let namespace = NamespaceId(Uuid::new_v4());
        let backend = account().at(&wire.url()).open(namespace).await.unwrap();
        let kept = Kept::put(&*backend).await;
        let error = |kind: &str, text: &str| format!(r#"{{"__type":"{kind}","Message":"{text}"}}"#);
        let faults = [
            Fault::Reset,
            Fault::HalfBody,
            Fault::status(200).body("{}").into(),
            Fault::status(200).body("no JSON").into(),
            Fault::status(400).body(error("InvalidParameterException", "no")).into(),
            Fault::status(400).body(error("AccessDeniedException", "no")).into(),
            Fault::status(500).body(error("InternalServiceError", "no")).into(),
        ];
        ear.hears(&*backend, &wire, &kept, ("POST", "/*SecretValue"), faults).await;
        // What answers reads of values may quote them in any way.
        let other = format!(r#"{{"ARN":"a","Name":"b","SecretString":"{CANARY}","VersionStages":["c"]}}"#);
        let faults = [
            Fault::status(200).body(other),
            Fault::status(200).body(format!(r#"{{"SecretString":"{CANARY}"#)),
            Fault::status(400).body(error("InvalidParameterException", CANARY)),
            Fault::status(400).body(error("InvalidRequestException", CANARY)),
            Fault::status(400).body(error("DecryptionFailure", CANARY)),
            Fault::status(400).body(error(&format!("{CANARY} x"), CANARY)),
            Fault::status(502).body(CANARY),
        ];
        for fault in faults {
            wire.order(Order::new("POST", "/*GetSecretValue", fault).always());
            ear.told(&backend.get(kept.object, &kept.at).await.unwrap_err());
            for answer in backend.get_many(&[(kept.object, kept.at.clone())]).await {
                ear.told(&answer.unwrap_err());
            }
            wire.heal();
        }

        // Credentials that are refused, and a role's, which are given.
        let wrong =
            account().at(&wire.url()).text("secret_access_key", CANARY).open(namespace).await.unwrap();
        ear.told(&wrong.check().await.unwrap_err());
        let assumer = account()
            .at(&wire.url())
            .text("sts_endpoint", &wire.url())
            .text("access_key_id", &variable("ASSUMER_ACCESS_KEY_ID"))
            .text("secret_access_key", &variable("ASSUMER_SECRET_ACCESS_KEY"))
            .text("role_arn", &variable("ROLE_ARN"));
        let assumed =
            assumer.clone().text("external_id", &variable("EXTERNAL_ID")).open(namespace).await.unwrap();
        assumed.check().await.unwrap();
        let refused = assumer.clone().text("external_id", CANARY).open(namespace).await.unwrap();
        ear.told(&refused.check().await.unwrap_err());
        backend.delete(kept.object).await.unwrap();

        // STS may quote what it was sent, and answers with credentials, which are sent on.
        let role = assumer.text("external_id", CREDENTIAL).text("secret_access_key", CREDENTIAL);
        let open = async || role.open(namespace).await;
        for (fault, kind) in sts_faults("AssumeRole") {
            wire.order(Order::new("POST", "/", fault.clone()).always());
            let before = wire.count("POST", "/");
            let error = open().await.unwrap().check().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{fault:?}: {error}");
            assert!(wire.count("POST", "/") > before, "{fault:?}: STS was not asked");
            ear.told(&error);
            wire.heal();
        }
        ear.hears_a_login(open, &wire, ("POST", "/"), [None]).await;

        let secrets = ["SECRET_ACCESS_KEY", "ASSUMER_SECRET_ACCESS_KEY"].map(variable);
        // The SDK is quiet, so that nothing else need have been logged.
        ear.assert_silent(&secrets, 1);
    }
}
