//! Requests that schemathesis makes up from the description of the API, as an admin: none is the server's own error.

use crate::{
    server::{Server, id},
    support::Home,
};
use serde_json::{Value, json};
use std::{path::PathBuf, process::Command};

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
    let config = home.file("schemathesis.toml", known.concat());
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
}

/// The last lines, which hold the failures and the summary.
fn end_of(said: &str) -> String {
    let lines: Vec<String> = said.lines().map(|line| line.chars().take(300).collect()).collect();
    lines[lines.len().saturating_sub(200)..].join("\n")
}
