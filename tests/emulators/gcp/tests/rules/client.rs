//! A client that says what comes back.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::fmt;
use strongroom_emulator_gcp::{Account, Emulator, Options, PROJECT, Quotas, Role};

/// May do what Strongroom may.
pub(crate) const ROLE: &str = include_str!("../../../../../crates/gcp/role.json");

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Told {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Self { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// What came back, if it is no refusal.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self}");
        self.body
    }

    /// The text of the refusal, if it is one of this kind.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> String {
        assert_eq!((self.status, self.body["error"]["status"].as_str()), (status, Some(code)), "{self}");
        assert_eq!(self.body["error"]["code"], status, "{self}");
        self.body["error"]["message"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn invalid(self) -> String {
        self.refused(400, "INVALID_ARGUMENT")
    }

    #[track_caller]
    pub(crate) fn precondition(self) -> String {
        self.refused(400, "FAILED_PRECONDITION")
    }

    #[track_caller]
    pub(crate) fn missing(self) -> String {
        self.refused(404, "NOT_FOUND")
    }

    #[track_caller]
    pub(crate) fn denied(self) -> String {
        self.refused(403, "PERMISSION_DENIED")
    }

    #[track_caller]
    pub(crate) fn unauthenticated(self) -> String {
        self.refused(401, "UNAUTHENTICATED")
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

/// An emulator, and somebody who talks to it.
pub(crate) struct Client {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
    token: String,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Quotas::none())
    }

    pub(crate) fn with(quotas: Quotas) -> Self {
        let options = Options::new(Role::parse(ROLE).unwrap()).quotas(quotas);
        let emulator = Emulator::start(options).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        // May do everything that there is.
        Self { token: emulator.access_token(Account::Operator), emulator, http }
    }

    pub(crate) fn acting_as(mut self, account: Account) -> Self {
        self.token = self.emulator.access_token(account);
        self
    }

    /// A call below `/v1/projects/PROJECT/`.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Told {
        self.anywhere(&self.token, method, &format!("/v1/projects/{PROJECT}/{path}"), body).await
    }

    pub(crate) async fn anywhere(&self, token: &str, method: &str, path: &str, body: Value) -> Told {
        let url = format!("{}{path}", self.emulator.url());
        let mut request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        Told::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Told {
        self.call("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Told {
        self.call("POST", path, body).await
    }

    /// Creates a secret that is kept wherever Google likes, with more that is set.
    pub(crate) async fn create(&self, id: &str, more: Value) -> Told {
        let mut secret = json!({"replication": {"automatic": {}}});
        secret.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&format!("secrets?secretId={id}"), secret).await
    }

    /// The secret `strongroom-a` with two versions, whose payloads are `one` and `two`.
    pub(crate) async fn furnished(&self) {
        self.create("strongroom-a", json!({"labels": {"a": "b"}})).await.ok();
        for data in ["b25l", "dHdv"] {
            self.add(json!({"data": data})).await.ok();
        }
    }

    /// Adds a version to `strongroom-a`.
    pub(crate) async fn add(&self, payload: Value) -> Told {
        self.post("secrets/strongroom-a:addVersion", json!({"payload": payload})).await
    }

    /// Enables, disables or destroys a version of `strongroom-a`.
    pub(crate) async fn change(&self, version: &str, verb: &str) -> Told {
        self.post(&format!("secrets/strongroom-a/versions/{version}:{verb}"), json!({})).await
    }

    /// The payload of a version of `strongroom-a`.
    pub(crate) async fn access(&self, version: &str) -> Told {
        self.get(&format!("secrets/strongroom-a/versions/{version}:access")).await
    }
}
