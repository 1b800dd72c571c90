//! Tokens, and the services that give them.

use crate::client::{Client, Told};
use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use strongroom_emulator_gcp::{Account, PROJECT};
use tempfile::TempDir;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A client and its credentials files.
struct Files {
    client: Client,
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let (client, folder) = (Client::new(), tempfile::tempdir().unwrap());
        client.emulator.write_credentials(folder.path()).unwrap();
        Self { client, folder }
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.folder.path().join(name)).unwrap()).unwrap()
    }

    /// Whether a token opens the list of secrets.
    async fn list(&self, token: &str) -> Told {
        let path = format!("/v1/projects/{PROJECT}/secrets");
        self.client.anywhere(token, "GET", &path, Value::Null).await
    }

    async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Told {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Told::of(self.client.http.post(url).body(body.join("&")).send().await.unwrap()).await
    }
}

/// A token that the service account of a file signs.
fn signed(file: &Value, change: impl FnOnce(&mut Value)) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let email = &file["client_email"];
    let mut claims = json!({"iss": email, "sub": email, "scope": SCOPE, "iat": now, "exp": now + 3600});
    change(&mut claims);
    let head = json!({"alg": "RS256", "typ": "JWT", "kid": file["private_key_id"]});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&head), part(&claims));
    let pem = file["private_key"].as_str().unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let key = KeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn without_a_token_that_is_known_nothing_is_answered() {
    let files = Files::new();
    for wrong in ["", "x", "a.b.c", "writer-", "ya29.nobody"] {
        files.list(wrong).await.unauthenticated();
    }
    let url = format!("{}/v1/projects/{PROJECT}/secrets", files.client.emulator.url());
    let token = files.client.emulator.access_token(Account::Writer);
    let basic = files.client.http.get(&url).header("authorization", format!("Basic {token}"));
    Told::of(basic.send().await.unwrap()).await.unauthenticated();
    // Who it is comes before whether there is such a call.
    files.client.anywhere("", "GET", "/v1/nothing", Value::Null).await.unauthenticated();
    files.list(&token).await.ok();
}

#[tokio::test]
async fn a_service_account_signs_its_own_tokens() {
    let files = Files::new();
    let own = files.read("service_account.json");
    files.list(&signed(&own, |_| {})).await.ok();
    let audience = json!("https://secretmanager.googleapis.com/");
    files.list(&signed(&own, |claims| (claims["scope"], claims["aud"]) = (json!(""), audience))).await.ok();
    let wrong: [fn(&mut Value); 6] = [
        |claims| claims["scope"] = json!("https://www.googleapis.com/auth/drive"),
        |claims| claims["iss"] = json!("somebody@else"),
        |claims| claims["sub"] = json!("somebody@else"),
        |claims| claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 3621),
        |claims| claims["exp"] = claims["iat"].clone(),
        |claims| claims["iat"] = json!(claims["iat"].as_u64().unwrap() + 60),
    ];
    for change in wrong {
        files.list(&signed(&own, change)).await.unauthenticated();
    }
    // Another one's signature.
    let mut mixed = files.read("nobody.json");
    files.list(&signed(&mixed, |_| {})).await.denied();
    mixed["private_key_id"] = own["private_key_id"].clone();
    files
        .list(&signed(&mixed, |claims| {
            claims["iss"] = own["client_email"].clone();
            claims["sub"] = own["client_email"].clone();
        }))
        .await
        .unauthenticated();
    let token = signed(&own, |_| {});
    files.client.emulator.skip(Duration::from_secs(3601));
    files.list(&token).await.unauthenticated();
}

#[tokio::test]
async fn an_external_account_exchanges_its_token() {
    let files = Files::new();
    let file = files.read("external_account.json");
    let subject = fs::read_to_string(file["credential_source"]["file"].as_str().unwrap()).unwrap();
    let fields = |subject, audience, scope| {
        [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", subject),
            ("audience", audience),
            ("scope", scope),
        ]
    };
    let (url, audience) = (file["token_url"].as_str().unwrap(), file["audience"].as_str().unwrap());
    let told = files.form(url, &fields(&subject, audience, SCOPE)).await.ok();
    assert_eq!(told["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    let token = told["access_token"].as_str().unwrap();
    files.list(token).await.ok();
    for (wrong, error) in [
        (fields("expired", audience, SCOPE), "invalid_grant"),
        (fields(&subject, "//iam.googleapis.com/x", SCOPE), "invalid_request"),
        (fields(&subject, audience, ""), "invalid_request"),
    ] {
        let told = files.form(url, &wrong).await;
        assert_eq!((told.status, &told.body["error"]), (400, &json!(error)), "{told}");
    }
    // Not for ever.
    files.client.emulator.skip(Duration::from_secs(3601));
    files.list(token).await.unauthenticated();
}

#[tokio::test]
async fn a_user_refreshes_tokens() {
    let files = Files::new();
    let get = async |name, change: fn(&mut Value)| {
        let mut file = files.read(name);
        change(&mut file);
        let mut fields = vec![("grant_type", "refresh_token")];
        for name in ["client_id", "client_secret", "refresh_token"] {
            fields.push((name, file[name].as_str().unwrap()));
        }
        files.form(file["token_uri"].as_str().unwrap(), &fields).await
    };
    let told = get("authorized_user.json", |_| {}).await.ok();
    assert_eq!(told["expires_in"], 3600);
    files.list(told["access_token"].as_str().unwrap()).await.ok();
    let revoked = get("refused.json", |_| {}).await;
    assert_eq!((revoked.status, &revoked.body["error"]), (400, &json!("invalid_grant")));
    let client = get("authorized_user.json", |file| file["client_secret"] = json!("x")).await;
    assert_eq!((client.status, &client.body["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn a_user_of_another_provider_refreshes_tokens() {
    let files = Files::new();
    let file = files.read("external_account_authorized_user.json");
    let ask = async |secret: &str, refresh: &str| {
        let form = format!("grant_type=refresh_token&refresh_token={refresh}");
        let ask = files.client.http.post(file["token_url"].as_str().unwrap());
        let ask = ask.basic_auth(file["client_id"].as_str().unwrap(), Some(secret));
        let ask = ask.header("content-type", "application/x-www-form-urlencoded").body(form);
        Told::of(ask.send().await.unwrap()).await
    };
    let (secret, refresh) =
        (file["client_secret"].as_str().unwrap(), file["refresh_token"].as_str().unwrap());
    let told = ask(secret, refresh).await.ok();
    files.list(told["access_token"].as_str().unwrap()).await.ok();
    let revoked = ask(secret, "revoked").await;
    assert_eq!((revoked.status, &revoked.body["error"]), (400, &json!("invalid_grant")));
    let client = ask("x", refresh).await;
    assert_eq!((client.status, &client.body["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn impersonating_needs_a_permission_of_its_own() {
    let files = Files::new();
    let file = files.read("impersonated_service_account.json");
    let url = file["service_account_impersonation_url"].as_str().unwrap();
    let path = url.strip_prefix(&files.client.emulator.url()).unwrap();
    let ask = async |token: &str, path: &str, body| files.client.anywhere(token, "POST", path, body).await;
    let source = signed(&file["source_credentials"], |_| {});
    let body = json!({"scope": [SCOPE], "lifetime": "3600s"});
    let told = ask(&source, path, body.clone()).await.ok();
    files.list(told["accessToken"].as_str().unwrap()).await.ok();
    // That is all it may do, and nobody else may do that.
    files.list(&source).await.denied();
    for account in [Account::Writer, Account::Nobody, Account::Operator] {
        ask(&files.client.emulator.access_token(account), path, body.clone()).await.denied();
    }
    ask(&source, &path.replace("writer", "operator"), body.clone()).await.denied();
    ask(&source, path, json!({"scope": []})).await.invalid();
    ask(&source, path, json!({"scope": [SCOPE], "lifetime": "3601s"})).await.invalid();
    ask("", path, body).await.unauthenticated();
}

#[tokio::test]
async fn a_host_has_a_metadata_server() {
    let files = Files::new();
    let get = async |path: &str, flavor: &str| {
        let url = format!("{}/computeMetadata/v1/{path}", files.client.emulator.url());
        let response = files.client.http.get(url).header("metadata-flavor", flavor).send().await.unwrap();
        assert_eq!(response.headers()["metadata-flavor"], "Google");
        Told::of(response).await
    };
    let token = "instance/service-accounts/default/token";
    assert_eq!(get(token, "").await.status, 403);
    assert_eq!(get("instance/nothing", "Google").await.status, 404);
    let told = get(token, "Google").await.ok();
    files.list(told["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(get("universe/universe-domain", "Google").await.body, json!("googleapis.com"));
}

#[tokio::test]
async fn credentials_files_are_for_their_owner_alone() {
    let files = Files::new();
    let mut count = 0;
    for file in fs::read_dir(files.folder.path()).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
        count += 1;
    }
    assert_eq!(count, 8);
}
