//! Nothing that is secret is logged, by us or by what we use, however much is asked for.

mod site;

use site::{variable, vault};
use strongroom_core::NamespaceId;
use strongroom_testkit::{
    cloud::{CANARY, CREDENTIAL, Ear, GIVEN, Kept},
    wire::{Fault, Order, Wire},
};
use uuid::Uuid;

/// What the emulator's tokens begin with.
const TOKEN: &str = "eyStrongroom";

mod azure {
    use super::*;

    #[tokio::test]
    async fn no_value_and_no_credential_is_in_any_log_or_error() {
        // One test in this program, so that it hears all of it.
        let mut ear = Ear::open();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        // Tokens go by here, too.
        let namespace = NamespaceId(Uuid::new_v4());
        let vault = vault().at(&wire.url()).text("authority_host", &wire.url());
        let backend = vault.open(namespace).await.unwrap();
        let kept = Kept::put(&*backend).await;
        let body = format!(
            "{{\"error\":{{\"code\":\"{CANARY} x\",\"message\":\"{CANARY}\"}},\"value\":\"{CANARY}\",\"id\":\"{CANARY}\"}}"
        );
        let status = |status| Fault::status(status).body(body.clone()).into();
        let faults = [
            Fault::Reset,
            Fault::HalfBody,
            status(200),
            status(400),
            status(403),
            status(404),
            status(500),
            Fault::status(200).body(format!("{CANARY}, which is no JSON")).into(),
        ];
        ear.hears(&*backend, &wire, &kept, ("*", "/secrets/*"), faults).await;
        // Whoever gives tokens quotes what it was sent.
        let unknown = vault.clone().text("client_id", &variable("TENANT_ID")).open(namespace).await.unwrap();
        let quoted = format!("{{\"error_codes\":[1],\"error_description\":\"{CANARY}\"}}");
        for fault in [None, Some(Fault::status(401).body(quoted)), Some(Fault::status(500).body(CANARY))] {
            if let Some(fault) = fault {
                wire.order(Order::new("POST", "*", fault));
            }
            ear.told(&unknown.check().await.unwrap_err());
        }
        // Client secrets and assertions are sent in the body; who answers may quote them, and give a token for them.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("assertion");
        std::fs::write(&path, CREDENTIAL).unwrap();
        let quoting = format!(
            "{{\"error\":\"{CREDENTIAL}\",\"error_description\":\"{CREDENTIAL}\",\"error_codes\":[1]}}"
        );
        let given = format!("{{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"{GIVEN}\"}}");
        let with_assertion =
            vault.clone().without("client_secret").text("token_path", path.to_str().unwrap());
        for login in [vault.text("client_secret", CREDENTIAL), with_assertion] {
            let open = async || login.open(namespace).await;
            let status = |status| Some(Fault::status(status).body(quoting.clone()).into());
            let faults = [
                None,
                Some(Fault::Reset),
                Some(Fault::HalfBody),
                status(200),
                status(400),
                status(401),
                status(500),
                Some(Fault::status(200).body(format!("{CREDENTIAL}, which is no JSON")).into()),
                Some(Fault::status(200).body(given.clone()).into()),
            ];
            ear.hears_a_login(open, &wire, ("POST", "*/oauth2/v2.0/token"), faults).await;
        }
        ear.assert_silent(&[TOKEN.to_owned(), variable("CLIENT_SECRET")], 50);
    }
}
