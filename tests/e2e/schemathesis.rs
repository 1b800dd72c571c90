//! Requests that schemathesis makes up from the description of the API, as an admin: none is the server's own error.

use crate::{
    server::{PASSWORD, Server, id},
    support::Home,
};
use serde_json::{Value, json};
use std::{path::PathBuf, process::Command};

/// Random names and passwords let nobody in: forms that do not say how they log in do so as the admin.
const HOOKS: &str = r#"
import schemathesis


@schemathesis.hook
def map_body(context, body):
    if context.operation.path.endswith("/login") and isinstance(body, dict) and "grant_type" not in body:
        body = {**body, "username": "admin", "password": "PASSWORD"}
    return body
"#;

#[test]
#[ignore = "needs schemathesis: cargo xtask test"]
fn schemathesis_finds_no_server_error() {
    let variable = "STRONGROOM_TEST_SCHEMATHESIS_BIN";
    let programs = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must be set"));
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let user = json!({"name": "somebody", "password": "Some-password", "is_admin": false});
    let user = id(&server.call(&token, "POST", "/users", &user));
    let secret = id(&server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}})));
    // Random ids lead nowhere: some requests are about what is there.
    let known = |path: &str, methods: &str, parameter: &str, value: &str| {
        format!(
            "[[operations]]\ninclude-path = \"/api/v1{path}\"\ninclude-method = {methods}\n\
             parameters = {{ \"path.{parameter}\" = \"{value}\" }}\n"
        )
    };
    let known = [
        known("/users/{which}", "[\"GET\", \"PUT\"]", "which", &user),
        known("/accounts/{which}/grants", "[\"POST\", \"DELETE\"]", "which", &user),
        known("/secrets/{id}", "[\"GET\", \"PUT\"]", "id", &secret),
        known("/secrets/{id}/rollback", "[\"POST\"]", "id", &secret),
    ];
    let hooks = home.file("hooks.py", HOOKS.replace("PASSWORD", PASSWORD));
    let config = home.file("schemathesis.toml", format!("hooks = \"{hooks}\"\n\n{}", known.concat()));
    let mut command = Command::new(PathBuf::from(programs).join("schemathesis"));
    home.around(&mut command);
    command.current_dir(home.path(".")).env("PATH", "/usr/bin:/bin").env("NO_COLOR", "1").args([
        "--config-file",
        &config,
        "run",
        &format!("{}/openapi.json", server.url()),
        "--header",
        &format!("Authorization: Bearer {token}"),
        "--checks",
        "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance",
        // There is no back-up store, which is 501 by the contract.
        "--exclude-path-regex",
        "secrets_operations",
        "--max-examples",
        "25",
        // Two share caches of its own without a lock, and one of them may fall over that.
        "--workers",
        "1",
        "--continue-on-failure",
        "--generation-database",
        "none",
        "--seed",
        "1",
    ]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}\n{}", end_of(&said), String::from_utf8_lossy(&output.stderr));
    // It asked a lot, and the server is well.
    let asked = said.lines().find_map(|line| line.trim().split_once(" generated,")?.0.parse::<u32>().ok());
    assert!(asked > Some(1_000), "{}", end_of(&said));
    assert_eq!(server.call(&token, "GET", "/current-user", &Value::Null).status, 200);
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 200);
    home.ok(["audit", "verify"]);
    let logins = home.json(["audit", "list", "--action", "login", "--limit", "1000"]);
    let logins = logins.as_array().unwrap().iter().filter(|entry| entry["action"] == "login").count();
    assert!(logins > 5, "it logged in {logins} times");
}

/// The last lines, which hold the failures and the summary.
fn end_of(said: &str) -> String {
    let lines: Vec<String> = said.lines().map(|line| line.chars().take(300).collect()).collect();
    lines[lines.len().saturating_sub(200)..].join("\n")
}
