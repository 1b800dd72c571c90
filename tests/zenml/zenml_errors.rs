//! What `zenml` shows when something is refused.

use crate::{client::Zenml, http, site::Site};
use serde_json::{Value, json};

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn what_is_refused_is_told_as_by_the_real_server() {
    for site in [Site::ours(), Site::real()] {
        refusals(&site);
    }
}

fn refusals(site: &Site) {
    let mut client = site.client();
    let (db, own, none) = (site.name("db"), site.name("own"), site.name("none"));
    client.ok(["secret", "create", &db, "--k=canary"]);
    client.ok(["secret", "create", &own, "--private", "--k=canary"]);
    client.ok(["secret", "create", &format!("{db}-more"), "--k=canary"]);
    let id = "00000000-0000-4000-8000-000000000000";
    let mut shown = Vec::new();
    let mut told = |args: &[&str], words: &str| {
        let ended = client.run(args, "");
        assert_eq!(ended.code, 1, "zenml {args:?}: {ended:?}");
        assert!(ended.err.contains(words), "zenml {args:?}: {words}: {}", ended.err);
        assert!(!ended.err.contains("canary"), "zenml {args:?}: {}", ended.err);
        shown.push(ended.err);
    };
    // 404
    told(&["secret", "get", &none], "Error: Could not find a secret with name id or prefix");
    told(&["secret", "get", id], "Error: Could not find a secret with name id or prefix");
    told(&["secret", "get", &own, "-p", "false"], "No public secret found");
    told(&["secret", "update", &none, "--a=1"], "does not exist or could not be loaded");
    told(&["secret", "rename", &none, "-n", "x"], "does not exist or could not be loaded");
    told(&["secret", "delete", &none, "-y"], "does not exist or could not be loaded");
    told(&["secret", "export", &none], "Could not find a secret");
    // Several
    told(&["secret", "get", &db[..db.len() - 1]], "2 secrets have been found");
    // 409
    told(&["secret", "create", &db, "--k=canary"], "Error: Secret with name already exists.");
    told(&["secret", "create", &own, "--private", "--k=canary"], "Error: Secret with name already exists.");
    told(&["secret", "rename", &db, "-n", &format!("{db}-more")], "EntityExistsError");
    // 400
    told(&["secret", "list", "--page=900"], "Invalid page 900.");
    let large = format!("--k={}", "canary".repeat(11_000));
    told(&["secret", "create", &none, &large], "ValueError");
    // 422
    told(&["secret", "create", &"n".repeat(256), "--k=canary"], "Error");
    // 501
    told(&["secret", "backup"], "Error: Could not backup secrets");
    told(&["secret", "backup", "-i", "false", "-d"], "Error: Could not backup secrets");
    told(&["secret", "restore"], "Error: Could not restore secrets");
    told(&["secret", "restore", "--ignore-errors", "true", "--delete-secrets"], "Could not restore secrets");

    // What the client would not send, sent: the status of each class of error is the real server's.
    let token = site.token();
    let find = json!({"name": db});
    let status = |method: &str, path: &str, body: Value| {
        let answer = http::call(&site.url, &token, method, path, &body);
        assert!(!answer.body.to_string().contains("canary") || !site.is_ours(), "{answer:?}");
        answer.status
    };
    assert_eq!(status("POST", "/secrets", find.clone()), 409);
    assert_eq!(status("POST", "/secrets", json!({"values": {"k": "canary"}})), 422);
    assert_eq!(status("POST", "/secrets", json!({"name": none, "values": {"k": 1}})), 422);
    assert_eq!(status("POST", "/secrets", json!({"name": none, "values": ["canary"]})), 422);
    assert_eq!(status("GET", "/secrets/no-id", Value::Null), 422);
    assert_eq!(status("GET", "/secrets?size=0", Value::Null), 422);
    assert_eq!(status("GET", "/secrets?page=7000", Value::Null), 400);
    assert_eq!(status("GET", "/secrets?sort_by=values", Value::Null), 422);
    assert_eq!(status("GET", &format!("/secrets/{id}"), Value::Null), 404);
    assert_eq!(status("PUT", &format!("/secrets/{id}"), find), 404);
    assert_eq!(status("DELETE", &format!("/secrets/{id}"), Value::Null), 404);
    assert_eq!(status("PATCH", "/secrets", Value::Null), 405);
    assert_eq!(status("GET", "/nothing", Value::Null), 404);
    for name in [&db, &own, &format!("{db}-more")] {
        client.ok(["secret", "delete", name, "-y"]);
    }
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn who_may_not_is_told_so() {
    for site in [Site::ours(), Site::real()] {
        let plain = site.user("plain", "plain-Password");
        let mut admin = site.client();
        let mut client = Zenml::with_password(&site.url, &plain, "plain-Password");
        let shared = site.name("shared");
        admin.ok(["secret", "create", &shared, "--k=1"]);
        // Everybody may change what is public, but not make it one's own.
        client.ok(["secret", "update", &shared, "--k=2"]);
        let error = client.fails(["secret", "update", &shared, "--private", "true"]);
        assert!(error.contains("Only the user who created the secret"), "{error}");
        let error = client.fails(["secret", "backup"]);
        assert!(error.contains("Only admin users can"), "{error}");
        let error = client.fails(["service-account", "create", &site.name("bot")]);
        assert!(error.contains("Only admin users can"), "{error}");
        admin.ok(["secret", "delete", &shared, "-y"]);

        let mut wrong = Zenml::with_password(&site.url, &plain, "another-Password");
        let ended = wrong.run(&["secret", "list"], "");
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.err.contains("CredentialsNotValid"), "{ended:?}");
    }
}
