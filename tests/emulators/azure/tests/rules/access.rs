//! Who may do what, and how often.

use crate::client::{Client, options, version};
use serde_json::{Value, json};
use std::time::Duration;
use strongroom_emulator_azure::{Application, Quotas, Role};

const CALLS: [(&str, &str, &str); 12] = [
    ("PUT", "/secrets/a", "setSecret/action"),
    ("PATCH", "/secrets/a", "update/action"),
    ("PATCH", "/secrets/a/0", "update/action"),
    ("GET", "/secrets/a", "getSecret/action"),
    ("GET", "/secrets/a/0", "getSecret/action"),
    ("GET", "/secrets", "readMetadata/action"),
    ("GET", "/secrets/a/versions", "readMetadata/action"),
    ("GET", "/deletedsecrets", "readMetadata/action"),
    ("GET", "/deletedsecrets/a", "getSecret/action"),
    ("DELETE", "/secrets/a", "delete"),
    ("DELETE", "/deletedsecrets/a", "purge/action"),
    ("POST", "/deletedsecrets/a/recover", "recover/action"),
];

#[tokio::test]
async fn each_call_needs_its_action() {
    let nobody = Client::new().await.logged_in_as(Application::Nobody).await;
    for (method, path, action) in CALLS {
        let said = nobody.call(method, path, json!({})).await.refused(403, "Forbidden", "ForbiddenByRbac");
        assert!(
            said.contains(&format!("Action: 'Microsoft.KeyVault/vaults/secrets/{action}'\r\n")),
            "{said}"
        );
        assert!(said.contains(Application::Nobody.id()), "{said}");
    }
    let who = [
        (Application::Writer, &["purge/action", "recover/action"][..]),
        (Application::Purger, &["recover/action"]),
        (Application::Operator, &[]),
    ];
    for (who, denied) in who {
        let client = Client::new().await.logged_in_as(who).await;
        for (method, path, action) in CALLS {
            let is_denied = client.call(method, path, json!({})).await.status == 403;
            assert_eq!(is_denied, denied.contains(&action), "{who:?} {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_role_names_each_action_in_full() {
    let role = |actions: Value| Role::parse(&json!({"DataActions": actions}).to_string());
    let read = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
    for wrong in [json!(["Microsoft.KeyVault/vaults/secrets/*"]), json!([read, "getSecret"]), json!(read)] {
        assert!(role(wrong.clone()).is_none(), "{wrong}");
    }
    let not = json!({"DataActions": [read], "NotDataActions": [read]});
    assert!(Role::parse(&not.to_string()).is_none());
    let mut options = options();
    options.role = role(json!([read])).unwrap();
    let reader = Client::with(options).await.logged_in_as(Application::Writer).await;
    for (method, path, action) in CALLS {
        let is_denied = reader.call(method, path, json!({})).await.status == 403;
        assert_eq!(is_denied, action != "getSecret/action", "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_token_a_challenge_tells_where_to_get_one() {
    let client = Client::new().await;
    for (method, path, _) in CALLS {
        for token in ["", "eyStrongroom.x", "x"] {
            // Before the version of the API is looked at, and the body.
            let told = client.raw(token, method, path, Value::Null).await;
            let challenge = told.headers["www-authenticate"].to_str().unwrap().to_owned();
            let authority = client.emulator.url().replace("http://", "https://");
            let tenant = strongroom_emulator_azure::TENANT;
            let expected = format!(
                "Bearer authorization=\"{authority}/{tenant}\", resource=\"https://vault.azure.net\""
            );
            assert_eq!(challenge, expected);
            told.refused(401, "Unauthorized", "");
        }
    }
    client.emulator.skip(Duration::from_secs(3599));
    client.get("/secrets").await.ok();
    client.emulator.skip(Duration::from_secs(1));
    client.get("/secrets").await.refused(401, "Unauthorized", "");
}

#[tokio::test]
async fn vaults_are_told_apart_by_their_names() {
    let client = Client::new().await;
    let set = client.set("1").await.ok();
    assert!(set["id"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{set}");
    let client = client.slow();
    client.get("/secrets/a").await.missing();
    let set = client.set("2").await.ok();
    assert!(set["id"].as_str().unwrap().starts_with("https://localhost:"), "{set}");
    assert_eq!(version(&client.get("/secrets/a").await.ok()), version(&set));
}

#[tokio::test]
async fn a_vault_allows_so_many_requests_in_ten_seconds() {
    let quotas = Quotas { creates: Some(2), others: Some(3) };
    let client = Client::with(options().quotas(quotas)).await;
    for n in 0..5 {
        let told = client.set("v").await;
        if n < 2 {
            told.ok();
            continue;
        }
        let after: u64 = told.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=10).contains(&after), "{after}");
        told.refused(429, "Throttled", "");
    }
    for n in 0..4 {
        assert_eq!(client.get("/secrets/a").await.status, if n < 3 { 200 } else { 429 });
    }
    client.emulator.skip(Duration::from_secs(10));
    client.get("/secrets/a").await.ok();
    client.set("v").await.ok();
    let documented = Quotas::documented();
    assert_eq!((documented.creates, documented.others), (Some(300), Some(4_000)));
}
