//! A client that says what comes back.

use reqwest::{Method, Response, header::HeaderMap};
use serde_json::{Value, json};
use std::fmt;
use strongroom_emulator_azure::{Application, Emulator, Options, Quotas, Role, TENANT};

/// May do what Strongroom may.
const ROLE: &str = include_str!("../../../../../crates/azure/role.json");

/// With the quotas and the role of Strongroom.
pub(crate) fn options() -> Options {
    Options::new(Role::parse(ROLE).unwrap())
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Told {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// What came back, if it is no refusal.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self}");
        self.body
    }

    /// The text of the refusal, if it is one of this kind. An empty inner code is none.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str, inner: &str) -> String {
        let error = &self.body["error"];
        let told = (error["code"].as_str(), error["innererror"]["code"].as_str().unwrap_or_default());
        assert_eq!((self.status, told), (status, (Some(code), inner)), "{self}");
        error["message"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn bad(self) -> String {
        self.refused(400, "BadParameter", "")
    }

    #[track_caller]
    pub(crate) fn missing(self) -> String {
        self.refused(404, "SecretNotFound", "")
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

/// An emulator, and an application that talks to one of its vaults.
pub(crate) struct Client {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
    host: &'static str,
}

impl Client {
    /// To the vault that does everything at once.
    pub(crate) async fn new() -> Self {
        Self::with(options().quotas(Quotas::none())).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let emulator = Emulator::start(options).unwrap();
        let client = Self { emulator, http, token: String::new(), host: "127.0.0.1" };
        // May do everything that there is.
        client.logged_in_as(Application::Operator).await
    }

    pub(crate) async fn logged_in_as(mut self, application: Application) -> Self {
        let secret = self.emulator.client_secret().to_owned();
        let told = self.log_in(&[("client_id", application.id()), ("client_secret", &secret)]).await.ok();
        self.token = told["access_token"].as_str().unwrap().to_owned();
        self
    }

    /// To the vault that takes its time.
    pub(crate) fn slow(mut self) -> Self {
        self.host = "localhost";
        self
    }

    /// Asks for a token; what is not given is as it should be.
    pub(crate) async fn log_in(&self, fields: &[(&str, &str)]) -> Told {
        let usual = [
            ("grant_type", "client_credentials"),
            ("scope", "https://vault.azure.net/.default"),
            ("tenant", TENANT),
        ];
        let given = |name: &str| fields.iter().any(|(field, _)| *field == name);
        let missing = usual.into_iter().filter(|(name, _)| !given(name));
        let all: Vec<_> = fields.iter().copied().chain(missing).collect();
        let tenant = all.iter().find(|(name, _)| *name == "tenant").unwrap().1;
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.emulator.url());
        let body: Vec<_> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Told::of(self.http.post(url).body(body.join("&")).send().await.unwrap()).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Told {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.raw(&self.token, method, &format!("{path}{mark}api-version=7.4"), body).await
    }

    pub(crate) async fn raw(&self, token: &str, method: &str, path: &str, body: Value) -> Told {
        let url = self.emulator.url();
        let port = url.rsplit(':').next().unwrap();
        let mut request =
            self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{url}{path}"));
        request = request.header("host", format!("{}:{port}", self.host));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        Told::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Told {
        self.call("GET", path, Value::Null).await
    }

    /// Sets the secret `a`.
    pub(crate) async fn set(&self, value: &str) -> Told {
        self.call("PUT", "/secrets/a", json!({"value": value})).await
    }

    pub(crate) async fn delete(&self) -> Told {
        self.call("DELETE", "/secrets/a", Value::Null).await
    }

    pub(crate) async fn purge(&self) -> Told {
        self.call("DELETE", "/deletedsecrets/a", Value::Null).await
    }

    pub(crate) async fn recover(&self) -> Told {
        self.call("POST", "/deletedsecrets/a/recover", Value::Null).await
    }
}

/// The version in an id.
pub(crate) fn version(told: &Value) -> String {
    told["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}
