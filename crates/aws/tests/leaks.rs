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
        let refused = assumer.text("external_id", CANARY).open(namespace).await.unwrap();
        ear.told(&refused.check().await.unwrap_err());
        backend.delete(kept.object).await.unwrap();

        let secrets = ["SECRET_ACCESS_KEY", "ASSUMER_SECRET_ACCESS_KEY"].map(variable);
        // The SDK is quiet, so that nothing else need have been logged.
        ear.assert_silent(&secrets, 1);
    }
}
