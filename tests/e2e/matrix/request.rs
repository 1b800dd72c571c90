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

/// Sends it.
pub(super) fn request(
    cast: &Cast,
    (operation, method, path): (&str, &str, &str),
    target: &str,
    caller: &str,
    credential: &str,
) -> Answer {
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
    let body = match operation {
        "secrets_create" | "secrets_create_in_workspace" => {
            json!({"name": fresh("new"), "values": {"k": "v"}})
        }
        "secrets_update" => json!({"values": {"k": "canary-changed"}}),
        "rollback" => json!({"revision": 1}),
        "values" => json!({"names": ["public", "others"]}),
        "login" => return cast.server.send(method, &filled, &[], b"username=admin&password=wrong-password"),
        "devices_submit" => return cast.server.send(method, &filled, &[], b"user_code=BBBB-BBBB"),
        "device_authorization" => {
            let form = format!("client_id={MISSING}");
            return cast.server.send(method, &filled, &[], form.as_bytes());
        }
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
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let auth = format!("Bearer {credential}");
    let headers: &[(&str, &str)] = if credential.is_empty() { &[] } else { &[("authorization", &auth)] };
    cast.server.send(method, &filled, headers, body.as_bytes())
}

fn new_program(cast: &Cast, admin: &str) -> String {
    id(&cast.server.call(admin, "POST", "/service_accounts", &json!({"name": fresh("program")})))
}
