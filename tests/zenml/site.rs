//! Servers: ours, started for a test, and a real one that somebody started.

use crate::{client::Zenml, http, support::Home};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

const PASSWORD: &str = "first-Admin-password";

/// A server, and who may do everything there.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) username: String,
    pub(crate) password: String,
    /// Ours: where it keeps what it knows.
    pub(crate) home: Option<Home>,
    server: Option<Child>,
    prefix: String,
}

impl Site {
    /// A server of ours, with nothing in it.
    pub(crate) fn ours() -> Self {
        let home = Home::new();
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
        command.env("STRONGROOM_ADMIN_PASSWORD", PASSWORD).stderr(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("the server ended").unwrap();
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        // Somebody has to read what it logs.
        thread::spawn(move || lines.for_each(drop));
        Self {
            url,
            username: "admin".into(),
            password: PASSWORD.into(),
            home: Some(home),
            server: Some(server),
            prefix: prefix(),
        }
    }

    /// The real ZenML server that the variables name. Other tests use it at the same time.
    pub(crate) fn real() -> Self {
        Self {
            url: variable("STRONGROOM_TEST_ZENML_URL"),
            username: variable("STRONGROOM_TEST_ZENML_USERNAME"),
            password: variable("STRONGROOM_TEST_ZENML_PASSWORD"),
            home: None,
            server: None,
            prefix: prefix(),
        }
    }

    /// Whether it is ours.
    pub(crate) fn is_ours(&self) -> bool {
        self.home.is_some()
    }

    /// A name that no other test uses.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The client as the admin.
    pub(crate) fn client(&self) -> Zenml {
        Zenml::with_password(&self.url, &self.username, &self.password)
    }

    /// An access token of the admin's.
    pub(crate) fn token(&self) -> String {
        self.login(&self.username, &self.password)
    }

    /// An access token for a name and a password.
    pub(crate) fn login(&self, name: &str, password: &str) -> String {
        let form = format!("username={name}&password={password}");
        let answer = http::send(&self.url, "POST", "/api/v1/login", None, &form);
        answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// Whether one can log in with an API key.
    pub(crate) fn opens(&self, key: &str) -> bool {
        let form = format!("grant_type=zenml-api-key&password={}", key.replace('=', "%3D"));
        let answer = http::send(&self.url, "POST", "/api/v1/login", None, &form);
        assert!(matches!(answer.status, 200 | 401), "{answer:?}");
        answer.status == 200
    }

    /// Makes a user who is no admin; answers its name.
    pub(crate) fn user(&self, name: &str, password: &str) -> String {
        let name = self.name(name);
        let body = json!({"name": name, "password": password, "is_admin": false});
        let made = http::call(&self.url, &self.token(), "POST", "/users", &body);
        assert_eq!(made.status, 200, "{made:?}");
        name
    }

    /// Makes a secret with one pair; answers its id.
    pub(crate) fn secret(&self, token: &str, name: &str, private: bool) -> String {
        let body = json!({"name": name, "private": private, "values": {"k": name}});
        let made = http::call(&self.url, token, "POST", "/secrets", &body);
        assert_eq!(made.status, 200, "{made:?}");
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// The status and the body of the answer to a request for a secret.
    pub(crate) fn look(&self, token: &str, id: &str) -> (u16, Value) {
        let answer = http::call(&self.url, token, "GET", &format!("/secrets/{id}"), &Value::Null);
        (answer.status, answer.body)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// A variable that `cargo xtask test` sets.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set, as `cargo xtask test` does"))
}

/// Begins with a letter that no id begins with.
fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("t{:x}{:x}{next:x}-", std::process::id(), now >> 10)
}
