//! Who asks, and what is there to be asked for.

use crate::{
    devices,
    server::{PASSWORD, Server, id},
    support::Home,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Mutex, thread, time::Duration};
use uuid::Uuid;

/// Callers with valid credentials, in the order of the table's columns.
pub(super) const CALLERS: [&str; 6] = ["reader", "auditor", "writer", "granted", "user", "admin"];

/// Who says nothing of itself.
pub(super) const NOBODY: &str = "nobody";

/// The password of the caller `user`.
const USERS_PASSWORD: &str = "Users-password";

/// A deployment with an account of every kind.
pub(super) struct Cast {
    pub(super) server: Server,
    /// By caller: a credential.
    credentials: BTreeMap<&'static str, String>,
    /// What is no credential, or none any more, and why.
    strangers: Vec<(&'static str, String)>,
    /// By caller: its own private secret.
    own: BTreeMap<&'static str, String>,
    others: String,
    /// Whose it is.
    somebody: String,
    /// The code of a login with a browser that waits.
    waiting: Mutex<Option<String>>,
}

pub(super) const MISSING: &str = "00000000-0000-4000-8000-00000000dead";

impl Cast {
    pub(super) fn new(home: &Home) -> Self {
        Self::with(home, &[])
    }

    /// With more variables for the server.
    pub(super) fn with(home: &Home, variables: &[(&str, &str)]) -> Self {
        Self::over(home, variables, &|sql| home.behind_our_back(sql))
    }

    /// Over a database of which somebody who has it can do this.
    pub(super) fn over(
        home: &Home,
        variables: &[(&str, &str)],
        behind_our_back: &dyn Fn(&'static str),
    ) -> Self {
        let short = Server::start_with(home, &[("STRONGROOM_SERVER_TOKEN_LIFETIME_S", "1")]);
        let expired = short.admin();
        let server = Server::start_with(home, variables);
        let admin = server.admin();
        let mut credentials = BTreeMap::from([("admin", admin.clone())]);
        let key = |name: &str| home.ok(["api-key", "create", name]).trim().to_owned();
        for name in ["reader", "auditor", "writer", "granted"] {
            home.ok(["service-account", "create", name, "--role", "writer"]);
            credentials.insert(name, key(name));
        }
        home.run_with(USERS_PASSWORD, ["user", "create", "user", "--role", "writer", "--password-stdin"]);
        credentials
            .insert("user", server.login(&format!("username=user&password={USERS_PASSWORD}")).unwrap());
        let private = |credential: &str, name: &str| {
            let value = format!("canary-{name}");
            let body = json!({"name": name, "private": true, "values": {"k": value}});
            id(&server.call(credential, "POST", "/secrets", &body))
        };
        let own = credentials.iter().map(|(name, credential)| (*name, private(credential, "own"))).collect();
        home.ok(["service-account", "create", "somebody", "--role", "writer"]);
        let somebody = key("somebody");
        let others = private(&somebody, "others");
        home.ok(["service-account", "update", "reader", "--role", "reader"]);
        home.ok(["service-account", "update", "auditor", "--role", "auditor"]);
        home.ok(["service-account", "update", "granted", "--scope", "granted"]);
        home.ok(["grant", "add", "granted", "granted/*"]);

        // Each of them was an admin.
        let ended = |name: &str| {
            home.ok(["service-account", "create", name, "--role", "admin"]);
            let key = key(name);
            let token = server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
            (key, token)
        };
        let [revoked, idle, lapsed, rotated] = ["revoked", "idle", "lapsed", "rotated"].map(ended);
        home.run_with("Gones-password", ["user", "create", "gone", "--role", "admin", "--password-stdin"]);
        let gone = server.login("username=gone&password=Gones-password").unwrap();
        home.ok(["api-key", "delete", "revoked", "default"]);
        home.ok(["service-account", "update", "idle", "--active", "false"]);
        home.ok(["user", "update", "gone", "--active", "false"]);
        home.ok(["api-key", "rotate", "rotated", "default"]);
        behind_our_back(
            "UPDATE api_keys SET expires = created WHERE account IN (SELECT id FROM accounts WHERE name = 'lapsed')",
        );
        behind_our_back("UPDATE auth_epoch SET epoch = epoch + 1");
        thread::sleep(Duration::from_millis(1100));
        let strangers = vec![
            ("no credentials", String::new()),
            ("garbage", "garbage".to_owned()),
            ("an expired token", expired),
            ("a revoked key", revoked.0),
            ("the token of a revoked key", revoked.1),
            ("the key of an inactive account", idle.0),
            ("the token of an inactive account", idle.1),
            ("an expired key", lapsed.0),
            ("the token of an expired key", lapsed.1),
            ("a replaced key", rotated.0),
            ("the token of a replaced key", rotated.1),
            ("the token of an inactive user", gone),
        ];
        Self { server, credentials, strangers, own, others, somebody, waiting: Mutex::default() }
    }

    pub(super) fn credential(&self, caller: &str) -> String {
        self.credentials[caller].clone()
    }

    /// The fields with which somebody logs in: people with name and password, programs with a key.
    pub(super) fn login(&self, caller: &str) -> String {
        match caller {
            "admin" => format!("username=admin&password={PASSWORD}"),
            "user" => format!("username=user&password={USERS_PASSWORD}"),
            NOBODY => "username=&password=".to_owned(),
            program => format!("grant_type=zenml-api-key&password={}", self.credentials[program]),
        }
    }

    /// What somebody sends to the page who approves a login with a browser: name and password, and the admin the decision.
    pub(super) fn approval(&self, caller: &str) -> String {
        let mut waiting = self.waiting.lock().unwrap();
        // Only so many may wait: one is for all, until it is approved.
        let code = waiting.get_or_insert_with(|| self.begin()).clone();
        match caller {
            "admin" => {
                *waiting = None;
                let page = devices::submit(&self.server, &format!("user_code={code}&{}", self.login(caller)));
                format!("ticket={}&decision=approve", devices::ticket(&page))
            }
            "user" => format!("user_code={code}&{}", self.login(caller)),
            // Programs have no password.
            program => {
                let key = self.credentials.get(program).map_or("", String::as_str);
                format!("user_code={code}&username={program}&password={key}")
            }
        }
    }

    /// Begins a login with a browser; answers its code.
    fn begin(&self) -> String {
        let begun = devices::begin(&self.server, &Uuid::new_v4().to_string());
        begun["user_code"].as_str().unwrap().to_owned()
    }

    /// Lets the owner read what is somebody else's, so that the server has it at hand.
    pub(super) fn owner_reads(&self) {
        let path = format!("/secrets/{}", self.others);
        assert_eq!(self.server.call(&self.somebody, "GET", &path, &Value::Null).status, 200);
    }

    /// What somebody else is answered.
    pub(super) fn owner_asks(&self, path: &str) -> Value {
        self.server.call(&self.somebody, "GET", path, &Value::Null).body
    }

    /// What is no credential, or none any more: why, and what is shown.
    pub(super) fn strangers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.strangers.iter().map(|(why, credential)| (*why, credential.as_str()))
    }

    /// A secret to be asked for: its id and name. What an earlier request removed is made again.
    pub(super) fn secret(&self, target: &str, caller: &str) -> (String, String) {
        let admin = self.credential("admin");
        let there = |id: &str, credential: &str| {
            self.server.call(credential, "GET", &format!("/secrets/{id}"), &Value::Null)
        };
        let named = |name: &str| {
            let encoded = name.replace('/', "%2F");
            let found = self.server.call(&admin, "GET", &format!("/secrets/by-name/{encoded}"), &Value::Null);
            if found.status == 200 {
                return id(&found);
            }
            let body = json!({"name": name, "values": {"k": "canary-public"}});
            id(&self.server.call(&admin, "POST", "/secrets", &body))
        };
        match target {
            "public" => (named("public"), "public".to_owned()),
            "granted" => (named("granted/one"), "granted/one".to_owned()),
            "others" => (self.others.clone(), "others".to_owned()),
            // As long as the other name, so that answers are as long.
            "missing" => (MISSING.to_owned(), "absent".to_owned()),
            "own" => {
                let credential = self.credential(caller);
                let id = match there(&self.own[caller], &credential).status {
                    // Deleted by an earlier request: only who may do that comes here.
                    404 if ["writer", "user", "admin"].contains(&caller) => {
                        let list = self.server.call(&credential, "GET", "/secrets?name=own", &Value::Null);
                        match list.body["items"][0]["id"].as_str() {
                            Some(id) => id.to_owned(),
                            None => {
                                let body =
                                    json!({"name": "own", "private": true, "values": {"k": "canary-own"}});
                                id(&self.server.call(&credential, "POST", "/secrets", &body))
                            }
                        }
                    }
                    _ => self.own[caller].clone(),
                };
                (id, "own".to_owned())
            }
            other => panic!("there is no target {other}"),
        }
    }
}
