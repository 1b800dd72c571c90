//! Nothing that is secret is logged, by us or by what we use, however much is asked for.

mod common;

mod openbao {
    use super::common::{Account, open, through};
    use serde_json::json;
    use strongroom_core::NamespaceId;
    use strongroom_testkit::{
        cloud::{CANARY, Ear, Kept},
        wire::{Fault, Wire},
    };
    use uuid::Uuid;

    #[tokio::test]
    #[ignore = "needs OpenBao: cargo xtask test"]
    async fn no_value_and_no_credential_is_in_any_log_or_error() {
        // One test in this program, so that it hears all of it.
        let mut ear = Ear::open();
        let account = Account::new().await;
        let wire = Wire::to(&account.server.url).await;
        let token = account.token(json!({})).await;
        let mut section = account.section();
        section.push(("token", token.clone()));
        let backend = open(&through(&section, &wire.url()), NamespaceId(Uuid::new_v4())).await.unwrap();
        let kept = Kept::put(&*backend).await;
        let body = format!("{{\"errors\":[\"{CANARY}\"],\"data\":{{\"data\":{{\"a\":\"{CANARY}\"}}}}}}");
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
        ear.hears(&*backend, &wire, &kept, ("*", "/v1/*/data/*"), faults).await;
        ear.assert_silent(&[token], 50);
    }
}
