//! Each way to log in, and tokens that end or are taken away.

use crate::common::{Account, Server, engine::kind, open, server::MOUNT, through};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};
use strongroom_core::{
    Backend, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result, SecretId, VersionRef,
    VersionUid,
};
use strongroom_testkit::wire::{Fault, Order, Wire};
use uuid::Uuid;

type Section = Vec<(&'static str, String)>;

pub(super) fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

pub(super) async fn put(backend: &dyn Backend, text: &str) -> Result<(ObjectId, VersionRef)> {
    let (object, payload) = (ObjectId(Uuid::new_v4()), Payload::new(text.into()));
    let labels = Labels::new(SecretId(Uuid::new_v4()), "bmFtZQ");
    let at = backend.put(&NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels)).await?;
    Ok((object, at))
}

pub(super) async fn works(section: &Section) {
    let backend = open(section, namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    assert_eq!(backend.get(object, &at).await.unwrap().expose(), b"text");
}

/// A wrong credential is refused as ours, and not shown.
pub(super) async fn refuses(section: &Section, key: &str, wrong: &str) {
    let mut section = section.clone();
    section.iter_mut().find(|(known, _)| *known == key).unwrap().1 = wrong.to_owned();
    let error = open(&section, namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
    assert!(!format!("{error:?}").contains(wrong), "{error:?}");
}

/// An AppRole whose tokens live so long.
async fn approle(account: &Account, ttl: &str, max: &str) -> Section {
    let server = &account.server;
    server.enable("approle", "approle").await;
    let role = format!("auth/approle/role/{}", account.prefix);
    let body = json!({ "token_policies": [account.policy], "token_ttl": ttl, "token_max_ttl": max });
    server.admin("POST", &role, body).await;
    let id = server.admin("GET", &format!("{role}/role-id"), Value::Null).await;
    let secret = server.admin("POST", &format!("{role}/secret-id"), json!({})).await;
    let text = |value: &Value, key: &str| value["data"][key].as_str().unwrap().to_owned();
    let mut section = account.section();
    section.extend([
        ("auth", "approle".to_owned()),
        ("role_id", text(&id, "role_id")),
        ("secret_id", text(&secret, "secret_id")),
    ]);
    section
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn by_token_and_by_a_file_that_changes() {
    let account = Account::new().await;
    let section = account.with_token().await;
    works(&section).await;
    refuses(&section, "token", "s.wrong-credential").await;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let (first, second) = (account.token(json!({})).await, account.token(json!({})).await);
    fs::write(&path, format!("{first}\n")).unwrap();
    let mut section = account.section();
    section.push(("token_path", path.to_str().unwrap().to_owned()));
    let backend = open(&section, namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    account.server.admin("POST", "auth/token/revoke", json!({ "token": first })).await;
    // Nobody has written the next one yet.
    assert_eq!(kind(backend.get(object, &at).await), Some(ErrorKind::StoreRefused));
    fs::write(&path, second).unwrap();
    assert_eq!(backend.get(object, &at).await.unwrap().expose(), b"text");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn by_approle() {
    let account = Account::new().await;
    let section = approle(&account, "1h", "1h").await;
    works(&section).await;
    refuses(&section, "secret_id", "wrong-credential").await;
    refuses(&section, "role_id", "wrong-credential").await;
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn by_userpass_on_another_mount() {
    let account = Account::new().await;
    let mount = format!("people-{}", account.prefix);
    account.server.enable("userpass", &mount).await;
    let body = json!({ "password": "the-pass", "token_policies": [account.policy] });
    account.server.admin("POST", &format!("auth/{mount}/users/ann"), body).await;
    let mut section = account.section();
    section.extend([
        ("auth", "userpass".to_owned()),
        ("auth_mount", mount),
        ("username", "ann".to_owned()),
        ("password", "the-pass".to_owned()),
    ]);
    works(&section).await;
    refuses(&section, "password", "wrong-credential").await;
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn by_jwt_from_a_file() {
    let account = Account::new().await;
    let mount = format!("jwt-{}", account.prefix);
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap();
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()));
    account.server.enable("jwt", &mount).await;
    account
        .server
        .admin("POST", &format!("auth/{mount}/config"), json!({ "jwt_validation_pubkeys": [pem] }))
        .await;
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": [account.policy],
    });
    account.server.admin("POST", &format!("auth/{mount}/role/ours"), role).await;
    let sign = |subject: &str| {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims =
            json!({ "sub": subject, "aud": "vault", "iat": 1_700_000_000, "exp": 4_000_000_000_u64 });
        let text = format!("{}.{}", part(json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwt");
    fs::write(&path, sign("pod")).unwrap();
    let mut section = account.section();
    section.extend([
        ("auth", "jwt".to_owned()),
        ("auth_mount", mount),
        ("role", "ours".to_owned()),
        ("jwt_path", path.to_str().unwrap().to_owned()),
    ]);
    works(&section).await;
    fs::write(&path, "no.jwt.atall").unwrap();
    let error = open(&section, namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn tokens_that_end_are_renewed_and_replaced_while_requests_go_on() {
    let account = Account::new().await;
    // Renewed once or twice, then at the end of its longest life.
    let section = approle(&account, "2s", "4s").await;
    let wire = Wire::to(&account.server.url).await;
    let backend = open(&through(&section, &wire.url()), namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    let end = Instant::now() + Duration::from_secs(9);
    let readers = (0..4).map(|_| {
        let (backend, at) = (backend.clone(), at.clone());
        tokio::spawn(async move {
            while Instant::now() < end {
                backend.get(object, &at).await.unwrap();
                put(&*backend, "more").await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    assert!(wire.count("POST", "/v1/auth/token/renew-self") >= 2, "nothing was renewed");
    let logins = wire.count("POST", "/v1/auth/approle/login");
    assert!((2..9).contains(&logins), "{logins} logins");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_token_that_was_given_is_renewed() {
    let account = Account::new().await;
    let mut section = account.section();
    section.push(("token", account.token(json!({ "ttl": "2s", "period": "2s" })).await));
    let backend = open(&section, namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    // Without any request in between.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(backend.get(object, &at).await.unwrap().expose(), b"text");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn an_idle_process_logs_in_again_when_its_token_has_ended() {
    let account = Account::new().await;
    let section = approle(&account, "1s", "1s").await;
    let wire = Wire::to(&account.server.url).await;
    let backend = open(&through(&section, &wire.url()), namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    // Nobody renews it while the server cannot be reached.
    wire.refuse();
    tokio::time::sleep(Duration::from_secs(3)).await;
    wire.heal();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(backend.get(object, &at).await.unwrap().expose(), b"text");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_revoked_token_is_replaced_without_an_error() {
    let account = Account::new().await;
    let section = approle(&account, "1h", "1h").await;
    let wire = Wire::to(&account.server.url).await;
    let backend = open(&through(&section, &wire.url()), namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    for _ in 0..3 {
        // Once at rest, and once with many requests under way.
        account.server.admin("PUT", "sys/leases/revoke-prefix/auth/approle/login", json!({})).await;
        let calls = (0..32).map(|n| {
            let (backend, at) = (backend.clone(), at.clone());
            async move {
                backend.get(object, &at).await.unwrap();
                if n % 4 == 0 {
                    put(&*backend, "more").await.unwrap();
                }
            }
        });
        let revoke = account.server.admin("PUT", "sys/leases/revoke-prefix/auth/approle/login", json!({}));
        let (_, _) = futures::join!(futures::future::join_all(calls), revoke);
    }
    // One login for all who wait, not one for each.
    assert!(wire.count("POST", "/v1/auth/approle/login") <= 8, "{}", wire.count("POST", "/v1/auth/*/login"));
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn what_is_not_allowed_is_not_a_reason_to_log_in_again() {
    let account = Account::new().await;
    let section = approle(&account, "1h", "1h").await;
    let wire = Wire::to(&account.server.url).await;
    let backend = open(&through(&section, &wire.url()), namespace()).await.unwrap();
    backend.check().await.unwrap();
    account.allow(&account.least().replace("\"update\"", "\"read\"")).await;
    for _ in 0..3 {
        assert_eq!(kind(put(&*backend, "text").await), Some(ErrorKind::StoreRefused));
    }
    assert_eq!(wire.count("POST", "/v1/auth/approle/login"), 1);
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_login_that_fails_for_a_while_may_be_tried_again() {
    let account = Account::new().await;
    let section = approle(&account, "1h", "1h").await;
    let wire = Wire::to(&account.server.url).await;
    let backend = open(&through(&section, &wire.url()), namespace()).await.unwrap();
    wire.order(Order::new("POST", "/v1/auth/*", Fault::status(503)));
    wire.order(Order::new("POST", "/v1/auth/*", Fault::Reset));
    for _ in 0..2 {
        assert_eq!(kind(backend.check().await), Some(ErrorKind::Unavailable));
    }
    backend.check().await.unwrap();
}

/// The server counts refused logins, and locks out who has too many.
#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_refused_login_is_repeated_later_and_at_once_with_another_credential() {
    let account = Account::new().await;
    let mut section = approle(&account, "1h", "1h").await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret-id");
    let (key, right) = section.pop().unwrap();
    assert_eq!(key, "secret_id");
    section.push(("secret_id_path", path.to_str().unwrap().to_owned()));
    let wire = Wire::to(&account.server.url).await;
    let backend = open(&through(&section, &wire.url()), namespace()).await.unwrap();
    fs::write(&path, "wrong-credential").unwrap();
    let mut before = 0;
    for _ in 0..2 {
        for _ in 0..5 {
            let error = backend.check().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
            assert!(error.to_string().contains("lock"), "{error}");
        }
        // One, unless the machine takes longer for five checks than the pause lasts.
        let sent = wire.count("POST", "/v1/auth/approle/login");
        assert!((before + 1..before + 5).contains(&sent), "{sent} logins after {before}");
        before = sent;
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    fs::write(&path, right).unwrap();
    backend.check().await.unwrap();
    assert_eq!(wire.count("POST", "/v1/auth/approle/login"), before + 1);
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn in_a_namespace_of_the_server() {
    let account = Account::new().await;
    let server: &Server = &account.server;
    let name = format!("ns-{}", account.prefix);
    let (status, _) = server.try_admin("POST", &format!("sys/namespaces/{name}"), json!({})).await;
    assert!(status < 300, "this server has no namespaces ({status}): they are Enterprise's and OpenBao's");
    server.mount_in(&format!("{name}/"), MOUNT).await;
    let policy = format!("{name}/sys/policies/acl/{}", account.policy);
    server.admin("PUT", &policy, json!({ "policy": account.least() })).await;
    let made = server
        .admin("POST", &format!("{name}/auth/token/create"), json!({ "policies": [account.policy] }))
        .await;
    let mut section = account.section();
    let token = made["auth"]["client_token"].as_str().unwrap().to_owned();
    section.extend([("token", token), ("vault_namespace", name)]);
    works(&section).await;
    let backend: Arc<dyn Backend> = open(&section, namespace()).await.unwrap();
    assert!(backend.info().endpoint.contains(&format!("/ns-{}/", account.prefix)));
    // The same token is nobody elsewhere.
    section.pop();
    let outside = open(&section, namespace()).await.unwrap();
    assert_eq!(kind(outside.check().await), Some(ErrorKind::StoreRefused));
}
