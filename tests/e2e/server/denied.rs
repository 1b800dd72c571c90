//! What was denied is in the audit trail, and a flood of it does not fill the database.

use super::{Server, id};
use crate::support::Home;
use serde_json::{Value, json};
use std::{thread, time::Duration};

/// What the audit trail says about one action: actor, detail and address of each entry.
fn entries(home: &Home, action: &str) -> Vec<[String; 3]> {
    let all = home.json(["audit", "list", "--action", action, "--limit", "10000"]);
    let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
    let entry = |one: &Value| ["actor", "detail", "address"].map(|field| text(one, field));
    all.as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn who_was_denied_what_and_why_is_in_the_audit_trail() {
    let home = Home::new();
    let short = Server::start_with(&home, &[("STRONGROOM_SERVER_TOKEN_LIFETIME_S", "1")]);
    let expired = short.admin();
    assert_eq!(short.stop(), 0);
    let server = Server::start(&home);
    let key = |name: &str| {
        home.ok(["service-account", "create", name, "--role", "reader"]);
        home.ok(["api-key", "create", name]).trim().to_owned()
    };
    let [reader, deleted, idle, rotated] = ["reader", "deleted", "idle", "rotated"].map(key);
    let token = server.login(&format!("grant_type=zenml-api-key&password={rotated}")).unwrap();
    let of_deleted = server.login(&format!("grant_type=zenml-api-key&password={deleted}")).unwrap();
    home.ok(["api-key", "delete", "deleted", "default"]);
    home.ok(["service-account", "update", "idle", "--active", "false"]);
    home.ok(["api-key", "rotate", "rotated", "default"]);
    thread::sleep(Duration::from_millis(1_100));
    let last = expired.len() - 1;
    let forged = format!("{}{}", &expired[..last], if expired.ends_with('A') { 'E' } else { 'A' });
    for (credential, why, actor) in [
        ("garbage", "no token or key of this server", "nobody"),
        (&forged, "no token or key of this server", "nobody"),
        (&expired, "an expired token", "admin"),
        (&deleted, "a deleted key (", "nobody"),
        (&of_deleted, "a deleted key", "deleted"),
        (&idle, "an account that is not active (", "nobody"),
        (&rotated, "a wrong or replaced text of a key (", "nobody"),
        (&token, "a token of a key that was rotated", "rotated"),
    ] {
        let path = format!("/secrets/{}", uuid::Uuid::new_v4());
        let answer = server.call(credential, "GET", &path, &Value::Null);
        assert_eq!(answer.status, 401, "{why}");
        let text = answer.body.to_string();
        assert!(!text.contains("expired") && !text.contains("rotated"), "to the trail alone: {text}");
        let wanted = format!("GET /api/v1/secrets/{{id}}: {why}");
        eventually(&home, &format!("{why}: {actor}"), |[who, detail, address]| {
            who == actor && detail.starts_with(&wanted) && address == "127.0.0.1"
        });
    }
    assert_eq!(server.send("GET", "/api/v1/secrets", &[], b"").status, 401);
    eventually(&home, "none", |[_, detail, _]| detail == "GET /api/v1/secrets: no credentials");
    // What is for admins alone, asked for by somebody else.
    let refused = server.call(&reader, "POST", "/users", &json!({"name": "x"}));
    assert_eq!(refused.status, 403);
    eventually(&home, "403", |[who, detail, _]| who == "reader" && detail == "POST /api/v1/users");
    // Keys that log in, or do not.
    let login = server.login(&format!("grant_type=zenml-api-key&password={deleted}"));
    assert_eq!(login.unwrap_err().status, 401);
    assert_eq!(server.stop(), 0);
    let failed = entries(&home, "login.failed");
    assert!(failed.iter().any(|[_, detail, _]| detail.starts_with("an API key: a deleted key (")));
    let export = home.ok(["audit", "export"]);
    for secret in [&expired, &deleted, &idle, &rotated, &token, &forged] {
        assert!(!export.contains(secret.as_str()), "a credential is in the trail");
    }
    home.ok(["audit", "verify"]);
}

#[test]
fn a_key_ends_when_it_expires_and_what_was_made_from_it_too() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let account = server.call(&admin, "GET", "/service_accounts/bot", &Value::Null);
    let keys = format!("/service_accounts/{}/api_keys", id(&account));
    let create = |days: i64| {
        server.call(&admin, "POST", &keys, &json!({"name": "over-http", "expires_in_days": days}))
    };
    for days in [-1, 0, 36_501] {
        let refused = create(days);
        assert!(refused.status == 422 && refused.body.to_string().contains("expires_in_days"), "{refused:?}");
    }
    let made = create(30);
    assert_eq!(made.status, 200, "{made:?}");
    let ours = made.body["body"]["key"].as_str().unwrap().to_owned();
    let theirs = home.ok(["api-key", "create", "bot", "--name", "by-hand", "--expires-in-days", "30"]);
    let stays = home.ok(["api-key", "create", "bot", "--name", "stays"]).trim().to_owned();
    let login = |key: &str| server.login(&format!("grant_type=zenml-api-key&password={key}"));
    let token = login(&ours).unwrap();
    let credentials = [ours.as_str(), theirs.trim(), &token];
    let look = |credential: &str| server.call(credential, "GET", "/secrets", &Value::Null);
    for credential in credentials {
        assert_eq!(look(credential).status, 200);
    }

    // The days are over.
    home.behind_our_back("UPDATE api_keys SET expires = created WHERE name <> 'stays'");
    home.behind_our_back("UPDATE auth_epoch SET epoch = epoch + 1");
    for credential in credentials {
        let refused = look(credential);
        assert_eq!(refused.status, 401, "{refused:?}");
        assert!(!refused.body.to_string().contains("expired"), "to the trail alone: {refused:?}");
    }
    assert_eq!(login(&ours).unwrap_err().status, 401);
    assert_eq!(look(&stays).status, 200);

    // Both listings say when that was.
    let listed = server.call(&admin, "GET", &format!("{keys}?hydrate=true"), &Value::Null);
    assert_eq!(listed.body["total"], 3, "{listed:?}");
    for key in listed.body["items"].as_array().unwrap() {
        let ends = if key["name"] == "stays" { &Value::Null } else { &key["body"]["created"] };
        assert_eq!(&key["metadata"]["expires"], ends, "{key}");
    }
    for key in home.json(["api-key", "list", "bot"]).as_array().unwrap() {
        assert_eq!(&key["expires"], if key["name"] == "stays" { &Value::Null } else { &key["created"] });
    }
    assert_eq!(server.stop(), 0);
    let denied = entries(&home, "request.denied");
    let of = |who: &str, what: &str| {
        denied.iter().filter(|[actor, detail, _]| actor == who && detail.starts_with(what)).count()
    };
    assert_eq!(of("nobody", "GET /api/v1/secrets: an expired key ("), 2, "{denied:#?}");
    assert_eq!(of("bot", "GET /api/v1/secrets: an expired key"), 1, "{denied:#?}");
    let failed = entries(&home, "login.failed");
    assert!(failed.iter().any(|[_, detail, _]| detail.starts_with("an API key: an expired key (")));
    home.ok(["audit", "verify"]);
}

/// Waits until there is such an entry: they are written at most 100 ms later.
fn eventually(home: &Home, what: &str, is_it: impl Fn(&[String; 3]) -> bool) {
    for _ in 0..40 {
        if entries(home, "request.denied").iter().any(&is_it) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{what}: {:#?}", entries(home, "request.denied"));
}

#[test]
fn a_flood_of_denials_makes_a_few_entries_that_count_them() {
    const FLOOD: usize = 3_000;
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_TRUSTED_PROXIES", "127.0.0.1")]);
    let admin = server.admin();
    home.ok(["service-account", "create", "reader", "--role", "reader"]);
    let reader = home.ok(["api-key", "create", "reader"]).trim().to_owned();
    // From as many addresses, and with as many names, as an attacker likes.
    thread::scope(|scope| {
        for part in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for n in 0..FLOOD / 8 {
                    let address = format!("10.{part}.{}.{}", n / 256, n % 256);
                    let headers =
                        [("x-forwarded-for", address.as_str()), ("authorization", "Bearer garbage")];
                    assert_eq!(server.send("GET", "/api/v1/secrets", &headers, b"").status, 401);
                }
            });
        }
    });
    for n in 0..200 {
        let form = format!("grant_type=zenml-api-key&password=srk1_{n}");
        let headers = [("x-forwarded-for", "192.0.2.1")];
        assert_eq!(server.send("POST", "/api/v1/login", &headers, form.as_bytes()).status, 401);
    }
    // It does not drown what accounts do.
    assert_eq!(server.call(&reader, "POST", "/users", &json!({"name": "x"})).status, 403);
    id(&server.call(&admin, "POST", "/secrets", &json!({"name": "db"})));
    assert_eq!(server.stop(), 0);
    let denied = entries(&home, "request.denied");
    assert!(denied.len() < 200, "{} entries", denied.len());
    assert!(denied.iter().any(|[who, ..]| who == "reader"), "{denied:#?}");
    let failed = entries(&home, "login.failed");
    assert!(failed.len() < 10, "{failed:?}");
    let strangers = denied.iter().filter(|[who, ..]| who != "reader");
    assert_eq!(strangers.map(|[_, detail, _]| times(detail)).sum::<usize>(), FLOOD, "all are counted");
    assert_eq!(failed.iter().map(|[_, detail, _]| times(detail)).sum::<usize>(), 200);
    home.ok(["audit", "verify"]);
}

/// How many an entry is about.
pub(super) fn times(detail: &str) -> usize {
    let count = detail.strip_suffix(" times").and_then(|rest| rest.rsplit([' ', ',']).next());
    count.map_or(1, |count| count.parse().unwrap())
}
