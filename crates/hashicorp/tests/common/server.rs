//! The server that the environment names, as its administrator.

use serde_json::{Value, json};
use std::time::Duration;

/// The mount of the tests. Each has a prefix of its own in it.
pub(crate) const MOUNT: &str = "strongroom-test";

/// A running server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) token: String,
    client: reqwest::Client,
}

impl Server {
    /// The one of `cargo xtask test`.
    pub(crate) fn given() -> Self {
        Self::at(variable("STRONGROOM_TEST_VAULT_URL"), variable("STRONGROOM_TEST_VAULT_TOKEN"))
    }

    pub(crate) fn at(url: String, token: String) -> Self {
        let client = reqwest::Client::builder().no_proxy();
        let client = if url.starts_with("http://") { client.tls_certs_only([]) } else { client };
        Self { url, token, client: client.build().unwrap() }
    }

    pub(crate) fn with_client(url: String, token: String, client: reqwest::Client) -> Self {
        Self { url, token, client }
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&self) {
        for _ in 0..200 {
            let asked = self.client.get(format!("{}/v1/sys/health", self.url)).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not come up");
    }

    /// Status and body of a call.
    pub(crate) async fn try_admin(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}/v1/{path}", self.url));
        request = request.header("x-vault-token", &self.token);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// The body of a call that must succeed.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.try_admin(method, path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// Makes sure that there is a KV version 2 mount for tests, and that it works.
    pub(crate) async fn mount(&self) {
        self.mount_at(MOUNT).await;
    }

    pub(crate) async fn mount_at(&self, mount: &str) {
        self.mount_in("", mount).await;
    }

    /// In a namespace of the server's, which ends with a slash.
    pub(crate) async fn mount_in(&self, namespace: &str, mount: &str) {
        // Another test may do the same at this moment.
        let wanted = json!({ "type": "kv", "options": { "version": "2" } });
        self.try_admin("POST", &format!("{namespace}sys/mounts/{mount}"), wanted).await;
        for _ in 0..100 {
            let probe = format!("{namespace}{mount}/data/probe");
            if self.try_admin("POST", &probe, json!({ "data": {} })).await.0 == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the mount {mount} does not work");
    }

    /// Makes sure that a login is enabled.
    pub(crate) async fn enable(&self, login: &str, mount: &str) {
        self.try_admin("POST", &format!("sys/auth/{mount}"), json!({ "type": login })).await;
    }

    /// What an operator sees of a key.
    pub(crate) async fn metadata(&self, key: &str) -> Value {
        self.admin("GET", &format!("{MOUNT}/metadata/{key}"), Value::Null).await["data"].clone()
    }
}

pub(crate) fn variable(name: &str) -> String {
    let help = match name.strip_prefix("STRONGROOM_TEST_HASHICORP_") {
        Some(_) => {
            "it names a HashiCorp Vault, which nobody starts: tests/emulators/README.md, or --skip hashicorp_vault"
        }
        None => "cargo xtask test does it",
    };
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set: {help}"))
}
