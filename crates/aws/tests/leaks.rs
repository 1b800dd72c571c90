//! Nothing that is secret is logged, by us or by the SDK, however much is asked for.

mod site;

use site::{account, variable};
use strongroom_core::NamespaceId;
use strongroom_testkit::{
    cloud::{CANARY, Ear, Kept},
    wire::{Fault, Order, Wire},
};
use uuid::Uuid;

mod moto {
    use super::*;

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn no_value_and_no_credential_is_in_any_log_or_error() {
        // One test in this program, so that it hears all of it.
        let mut ear = Ear::open();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let namespace = NamespaceId(Uuid::new_v4());
        let backend = account().at(&wire.url()).open(namespace).await.unwrap();
        let kept = Kept::put(&*backend).await;
        let error = |kind| format!(r#"{{"__type":"{kind}","Message":"{CANARY}","message":"{CANARY}"}}"#);
        // The right shape, and nothing that was asked for.
        let other = format!(r#"{{"ARN":"{CANARY}","Name":"{CANARY}","SecretString":"{CANARY}"}}"#);
        let faults = [
            Fault::Reset,
            Fault::HalfBody,
            Fault::status(200).body(other).into(),
            Fault::status(200).body(format!("{CANARY}, which is no JSON")).into(),
            Fault::status(400).body(error("InvalidParameterException")).into(),
            Fault::status(400).body(error("AccessDeniedException")).into(),
            Fault::status(400).body(error("ResourceNotFoundException")).into(),
            Fault::status(400).body(error(CANARY)).into(),
            Fault::status(500).body(error("InternalServiceError")).into(),
            Fault::status(502).body(CANARY).into(),
        ];
        ear.hears(&*backend, &wire, &kept, ("POST", "/*SecretValue"), faults).await;
        for fault in [Fault::from(Fault::status(400).body(error("InvalidRequestException"))), Fault::Reset] {
            wire.order(Order::new("POST", "/BatchGetSecretValue", fault));
            // Read one by one where the bulk call fails.
            for answer in backend.get_many(&[(kept.object, kept.at.clone())]).await {
                if let Err(error) = answer {
                    ear.told(&error);
                }
            }
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
        let refused = assumer.text("external_id", CANARY).open(namespace).await.unwrap();
        ear.told(&refused.check().await.unwrap_err());
        backend.delete(kept.object).await.unwrap();

        let secrets = ["SECRET_ACCESS_KEY", "ASSUMER_SECRET_ACCESS_KEY"].map(variable);
        ear.assert_silent(&secrets, 50);
    }
}
