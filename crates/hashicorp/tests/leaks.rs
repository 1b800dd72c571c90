//! Nothing that is secret is logged, by us or by what we use, however much is asked for.

mod common;

mod openbao {
    use super::common::{Account, open, through};
    use serde_json::{Value, json};
    use strongroom_core::NamespaceId;
    use strongroom_testkit::{
        cloud::{CANARY, CREDENTIAL, Ear, GIVEN, Kept},
        wire::{Fault, Wire},
    };
    use uuid::Uuid;

    type Section = Vec<(&'static str, String)>;

    /// Every login that sends a credential, with the canary in its place.
    fn logins(account: &Account) -> Vec<Section> {
        let keys: [&[(&'static str, &str)]; 5] = [
            &[("auth", "approle"), ("role_id", "role"), ("secret_id", CREDENTIAL)],
            &[("auth", "userpass"), ("username", "ann"), ("password", CREDENTIAL)],
            &[("auth", "jwt"), ("role", "role"), ("jwt", CREDENTIAL)],
            &[("auth", "kubernetes"), ("role", "role"), ("jwt", CREDENTIAL)],
            &[
                ("auth", "aws"),
                ("role", "role"),
                ("aws_access_key_id", "AKIA"),
                ("aws_secret_access_key", CREDENTIAL),
                ("aws_session_token", CREDENTIAL),
            ],
        ];
        let login = |keys: &&[(&'static str, &str)]| {
            let keys = keys.iter().map(|(key, value)| (*key, (*value).to_owned()));
            let mount = ("auth_mount", format!("{}-{}", keys.clone().next().unwrap().1, account.prefix));
            account.section().into_iter().chain(keys).chain([mount]).collect()
        };
        keys.iter().map(login).collect()
    }

    /// A login that the server takes, for each of those that it has, with the canary as the credential.
    async fn enable(account: &Account) {
        let server = &account.server;
        let (roles, people) = (format!("approle-{}", account.prefix), format!("userpass-{}", account.prefix));
        server.enable("approle", &roles).await;
        server.enable("userpass", &people).await;
        let role = format!("auth/{roles}/role/role");
        let body = json!({ "token_policies": [account.policy], "token_ttl": "1h" });
        server.admin("POST", &role, body).await;
        server.admin("POST", &format!("{role}/role-id"), json!({ "role_id": "role" })).await;
        let secret = json!({ "secret_id": CREDENTIAL });
        server.admin("POST", &format!("{role}/custom-secret-id"), secret).await;
        let person = json!({ "password": CREDENTIAL, "token_policies": [account.policy] });
        server.admin("POST", &format!("auth/{people}/users/ann"), person).await;
    }

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

        // What answers logins may quote what they sent.
        enable(&account).await;
        let quoting =
            json!({ "errors": [CREDENTIAL], "auth": { "client_token": 7, "x": CREDENTIAL } }).to_string();
        let given = json!({ "auth": { "client_token": GIVEN, "lease_duration": 3600, "renewable": true,
            "accessor": "a", "policies": [], "token_policies": [], "metadata": Value::Null, "entity_id": "",
            "token_type": "service", "orphan": true } });
        let mut faults =
            vec![Fault::Reset, Fault::HalfBody, Fault::status(200).body(given.to_string()).into()];
        faults.push(Fault::status(200).body(format!("{CREDENTIAL}, which is no JSON")).into());
        faults.extend([200, 400, 403, 500].map(|status| Fault::status(status).body(quoting.clone()).into()));
        for login in logins(&account) {
            let login = through(&login, &wire.url());
            let open = async || open(&login, NamespaceId(Uuid::new_v4())).await;
            let all = faults.iter().cloned().map(Some);
            let is = |kind: &str| login.iter().any(|(key, value)| *key == "auth" && value == kind);
            if is("approle") || is("userpass") {
                open().await.unwrap().check().await.unwrap();
                ear.hears_a_login(open, &wire, ("*", "/v1/auth/*/login*"), all).await;
            } else {
                // The server has no such login there: it refuses it by itself, too.
                ear.hears_a_login(open, &wire, ("*", "/v1/auth/*/login*"), all.chain([None])).await;
            }
        }
        ear.assert_silent(&[token], 50);
    }
}
