//! Who gives tokens.

use crate::client::{Client, Told};
use serde_json::json;
use std::time::Duration;
use strongroom_emulator_azure::{Application, TENANT};

/// What a form says.
type Fields<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn an_application_shows_its_secret() {
    let client = Client::new().await;
    let (id, secret) = (Application::Writer.id(), client.emulator.client_secret().to_owned());
    let told = client.log_in(&[("client_id", id), ("client_secret", &secret)]).await.ok();
    assert_eq!((&told["token_type"], &told["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let wrong: [(Fields<'_>, u16, u32); 6] = [
        (&[("client_id", id), ("client_secret", "x")], 401, 7_000_215),
        (&[("client_id", id)], 401, 7_000_215),
        (&[("client_id", TENANT), ("client_secret", &secret)], 400, 700_016),
        (&[("client_id", id), ("client_secret", &secret), ("tenant", id)], 400, 90_002),
        (
            &[
                ("client_id", id),
                ("client_secret", &secret),
                ("scope", "https://graph.microsoft.com/.default"),
            ],
            400,
            70_011,
        ),
        (&[("client_id", id), ("client_secret", &secret), ("grant_type", "password")], 400, 70_003),
    ];
    for (fields, status, number) in wrong {
        let told = client.log_in(fields).await;
        assert_eq!((told.status, &told.body["error_codes"]), (status, &json!([number])), "{told}");
        let text = told.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{number}: ")), "{text}");
    }
}

#[tokio::test]
async fn a_workload_shows_the_assertion_of_its_cluster() {
    let client = Client::new().await;
    let (id, assertion) = (Application::Federated.id(), client.emulator.assertion().to_owned());
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let log_in = async |id, kind, assertion| {
        let fields = [("client_id", id), ("client_assertion_type", kind), ("client_assertion", assertion)];
        client.log_in(&fields).await
    };
    log_in(id, kind, &assertion).await.ok();
    for (id, kind, assertion) in
        [(id, kind, "x"), (id, "x", &*assertion), (Application::Writer.id(), kind, &*assertion)]
    {
        assert_eq!(log_in(id, kind, assertion).await.status, 401);
    }
    let secret = client.emulator.client_secret();
    assert_eq!(client.log_in(&[("client_id", id), ("client_secret", secret)]).await.status, 401);
}

#[tokio::test]
async fn a_machine_has_a_managed_identity() {
    let client = Client::new().await;
    let get = async |headers: &[(&str, &str)], query: &str| {
        let url = format!("{}/metadata/identity/oauth2/token?{query}", client.emulator.url());
        let request = client.http.get(url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Told::of(request.send().await.unwrap()).await
    };
    let (usual, metadata) =
        ("api-version=2018-02-01&resource=https://vault.azure.net", &[("metadata", "true")][..]);
    let told = get(metadata, usual).await.ok();
    let token = told["access_token"].as_str().unwrap();
    client.raw(token, "GET", "/secrets?api-version=7.4", json!(null)).await.ok();
    get(metadata, &usual.replace("2018-02-01", "2019-08-01")).await.ok();
    for (headers, query) in [
        (&[][..], usual),
        (&[("metadata", "false")], usual),
        (&[("metadata", "true"), ("x-forwarded-for", "192.0.2.1")], usual),
        (metadata, "resource=https://vault.azure.net"),
        (metadata, &usual.replace("2018-02-01", "2017-12-01")),
        (metadata, &usual.replace("vault.azure.net", "graph.microsoft.com")),
        (metadata, &format!("{usual}&client_id={TENANT}")),
    ] {
        let told = get(headers, query).await;
        assert_eq!((told.status, &told.body["error"]), (400, &json!("invalid_request")), "{told}");
    }
}

#[tokio::test]
async fn app_service_has_a_managed_identity() {
    let client = Client::new().await;
    let get = async |header: &str, query: &str| {
        let url = format!("{}/msi/token?{query}", client.emulator.url());
        Told::of(client.http.get(url).header("x-identity-header", header).send().await.unwrap()).await
    };
    let (secret, usual) =
        (client.emulator.client_secret(), "api-version=2019-08-01&resource=https://vault.azure.net");
    let told = get(secret, usual).await.ok();
    let token = told["access_token"].as_str().unwrap();
    client.raw(token, "GET", "/secrets?api-version=7.4", json!(null)).await.ok();
    assert!(told["expires_on"].as_str().unwrap().parse::<u64>().is_ok(), "{told}");
    let nobody = get(secret, &format!("{usual}&client_id={}", Application::Nobody.id())).await.ok();
    let token = nobody["access_token"].as_str().unwrap();
    assert_eq!(client.raw(token, "GET", "/secrets?api-version=7.4", json!(null)).await.status, 403);
    assert_eq!(get("x", usual).await.status, 401);
    for wrong in
        ["resource=https://vault.azure.net", "api-version=2019-08-01&resource=https://graph.microsoft.com"]
    {
        assert_eq!(get(secret, wrong).await.status, 400);
    }
    assert_eq!(get(secret, &format!("{usual}&client_id={TENANT}")).await.status, 400);
}

#[tokio::test]
async fn https_is_answered_on_the_same_port() {
    let client = Client::new().await;
    let authority = reqwest::Certificate::from_pem(client.emulator.authority().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let url = client.emulator.url().replace("http://", "https://");
    for url in [url.clone(), url.replace("127.0.0.1", "localhost")] {
        let found = format!("{url}/{TENANT}/v2.0/.well-known/openid-configuration");
        let told = Told::of(trusting.get(found).send().await.unwrap()).await.ok();
        assert_eq!(told["token_endpoint"], format!("{url}/{TENANT}/oauth2/v2.0/token"));
    }
    // Who trusts others does not talk to it, and others still can.
    assert!(client.http.get(&url).timeout(Duration::from_secs(5)).send().await.is_err());
    client.get("/secrets").await.ok();
}
