//! A request of each operation about each kind of target.

use super::cast::{Cast, MISSING};
use crate::server::{Answer, id};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes names that are not taken.
static FRESH: AtomicU64 = AtomicU64::new(0);

fn fresh(what: &str) -> String {
    format!("{what}-{}", FRESH.fetch_add(1, Ordering::Relaxed))
}

/// What the operations of a path can be about.
pub(super) fn targets(path: &str) -> &'static [&'static str] {
    if path.contains("/secrets/{id}") || path.contains("/by-name/") {
        &["public", "granted", "own", "others", "missing"]
    } else if path.contains("{which}") || path.contains("{id}") {
        &["there", "missing"]
    } else {
        &["-"]
    }
}

/// A request that somebody may send.
pub(super) struct Prepared {
    method: String,
    path: String,
    body: String,
    /// Sent as from a page of the server's own.
    own_page: bool,
}

impl Prepared {
    /// The same with another method.
    pub(super) fn by(&self, method: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: self.path.clone(),
            body: self.body.clone(),
            own_page: self.own_page,
        }
    }

    /// Sends it with a credential, or without one.
    pub(super) fn send(&self, cast: &Cast, credential: &str) -> Answer {
        let auth = format!("Bearer {credential}");
        let mut headers = Vec::new();
        if !credential.is_empty() {
            headers.push(("authorization", auth.as_str()));
        }
        if self.own_page {
            headers.push(("origin", "http://localhost"));
        }
        cast.server.send(&self.method, &self.path, &headers, self.body.as_bytes())
    }
}

/// Makes what it is about, and sends it.
pub(super) fn request(
    cast: &Cast,
    operation: (&str, &str, &str),
    target: &str,
    caller: &str,
    credential: &str,
) -> Answer {
    prepare(cast, operation, target, caller).send(cast, credential)
}

/// Makes what it is about.
pub(super) fn prepare(
    cast: &Cast,
    (operation, method, path): (&str, &str, &str),
    target: &str,
    caller: &str,
) -> Prepared {
    let mut filled = path.to_owned();
    if path.contains("/secrets/{id}") || path.contains("/by-name/") {
        let (id, name) = cast.secret(target, caller);
        filled = filled.replace("{id}", &id).replace("{name}", &name.replace('/', "%2F"));
        // The same question about what is hidden and what is missing: without it two names are looked up.
        if path.contains("/by-name/") && matches!(target, "own" | "others" | "missing") {
            filled.push_str("?private=true");
        }
    }
    filled = filled.replace("{workspace}", "default");
    if path.contains("/projects/{id}") || path.contains("/stacks/{id}") {
        filled = filled.replace("{id}", if target == "there" { "default" } else { MISSING });
    }
    // Accounts and keys are made for each request, since many remove or change them.
    let admin = cast.credential("admin");
    if path.contains("/service_accounts/{") {
        let account = if target == "there" { new_program(cast, &admin) } else { MISSING.to_owned() };
        if path.contains("{key}") && target == "there" {
            let body = json!({"name": "k"});
            cast.server.call(&admin, "POST", &format!("/service_accounts/{account}/api_keys"), &body);
        }
        filled = filled.replace("{which}", &account).replace("{id}", &account).replace("{key}", "k");
    }
    let mut activation = Value::Null;
    if filled.contains("{which}") {
        let name = fresh("person");
        if target == "there" {
            let body = json!({"name": name, "is_admin": false});
            let made = cast.server.call(&admin, "POST", "/users", &body);
            activation = made.body["body"]["activation_token"].clone();
            if operation == "accounts_revoke" {
                cast.server.call(
                    &admin,
                    "POST",
                    &format!("/accounts/{name}/grants"),
                    &json!({"glob": "a/*"}),
                );
            }
        }
        filled = filled.replace("{which}", &name);
    }
    if operation == "accounts_revoke" {
        filled.push_str("?glob=a/*");
    }
    let form = match operation {
        "login" => Some(cast.login(caller)),
        "devices_submit" => Some(cast.approval(caller)),
        "device_authorization" => Some(format!("client_id={MISSING}")),
        _ => None,
    };
    let body = match operation {
        "secrets_create" | "secrets_create_in_workspace" => {
            json!({"name": fresh("new"), "values": {"k": "v"}})
        }
        "secrets_update" => json!({"values": {"k": "canary-changed"}}),
        "rollback" => json!({"revision": 1}),
        "values" => json!({"names": ["public", "others"]}),
        "users_create" | "service_accounts_create" => json!({"name": fresh("account"), "is_admin": false}),
        "users_update" | "service_accounts_update" => json!({"full_name": "Other"}),
        "users_update_current" => json!({"full_name": "Other"}),
        "users_activate" => json!({"activation_token": activation, "password": "Some-password"}),
        "service_accounts_create_key" => json!({"name": "another"}),
        "service_accounts_update_key" => json!({"description": "x"}),
        "service_accounts_rotate_key" => json!({}),
        "accounts_grant" => json!({"glob": "b/*"}),
        _ => Value::Null,
    };
    let body = form.unwrap_or_else(|| if body.is_null() { String::new() } else { body.to_string() });
    Prepared { method: method.to_owned(), path: filled, body, own_page: operation == "devices_submit" }
}

fn new_program(cast: &Cast, admin: &str) -> String {
    id(&cast.server.call(admin, "POST", "/service_accounts", &json!({"name": fresh("program")})))
}
