//! Nothing that is secret is logged, by us or by what we use, however much is asked for.

mod site;

use site::{variable, vault};
use strongroom_core::NamespaceId;
use strongroom_testkit::{
    cloud::{CANARY, Ear, Kept},
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
        let unknown = vault.text("client_id", &variable("TENANT_ID")).open(namespace).await.unwrap();
        let quoted = format!("{{\"error_codes\":[1],\"error_description\":\"{CANARY}\"}}");
        for fault in [None, Some(Fault::status(401).body(quoted)), Some(Fault::status(500).body(CANARY))] {
            if let Some(fault) = fault {
                wire.order(Order::new("POST", "*", fault));
            }
            ear.told(&unknown.check().await.unwrap_err());
        }
        ear.assert_silent(&[TOKEN.to_owned(), variable("CLIENT_SECRET")], 50);
    }
}
