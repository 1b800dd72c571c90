//! What is taken away on one server is gone on all.

use crate::{
    databases::Database,
    server::{Answer, Server, id},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How many requests there are of each kind before a change, and after it.
const ENOUGH: u64 = 15;

/// A way to ask for a secret: method, path and body.
type Ask = (&'static str, String, Value);

/// By its id, among several, and in a list.
fn asks(id: &str, name: &str) -> [Ask; 3] {
    [
        ("GET", format!("/secrets/{id}"), Value::Null),
        ("POST", "/secrets/values".to_owned(), json!({"ids": [id]})),
        ("GET", format!("/secrets?name={name}"), Value::Null),
    ]
}

/// Asks all servers in all these ways while `change` is made; fails if `still` finds in an answer what was taken away, and
/// its request began after the change was acknowledged.
fn under_load(
    servers: &[Server; 3],
    credential: &str,
    asks: &[Ask; 3],
    change: impl FnOnce(),
    still: impl Fn(&Answer) -> bool + Sync,
) {
    let (stop, acknowledged) = (AtomicBool::new(false), Mutex::new(None::<Instant>));
    let counts: Vec<[AtomicU64; 2]> = (0..9).map(|_| Default::default()).collect();
    thread::scope(|scope| {
        for (reader, [before, after]) in counts.iter().enumerate() {
            let (stop, acknowledged, still) = (&stop, &acknowledged, &still);
            let (server, (method, path, body)) = (&servers[reader % 3], &asks[reader / 3]);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let since = *acknowledged.lock().unwrap();
                    let answer = server.call(credential, method, path, body);
                    match since {
                        None => before.fetch_add(u64::from(still(&answer)), Ordering::SeqCst),
                        Some(_) => {
                            assert!(!still(&answer), "after it was acknowledged: {path}: {}", answer.status);
                            after.fetch_add(1, Ordering::SeqCst)
                        }
                    };
                }
            });
        }
        // Of each server, in each way.
        let wait_for = |which: usize| {
            let end = Instant::now() + Duration::from_secs(20);
            let few = |counts: &[AtomicU64; 2]| counts[which].load(Ordering::SeqCst) < ENOUGH;
            while counts.iter().any(few) && Instant::now() < end {
                thread::sleep(Duration::from_millis(10));
            }
        };
        wait_for(0);
        change();
        *acknowledged.lock().unwrap() = Some(Instant::now());
        wait_for(1);
        stop.store(true, Ordering::SeqCst);
    });
    let counts: Vec<[u64; 2]> = counts.into_iter().map(|counts| counts.map(AtomicU64::into_inner)).collect();
    assert!(counts.iter().flatten().all(|count| *count >= ENOUGH), "before, after: {counts:?}");
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_what_is_taken_away_on_one_server_is_gone_on_all() {
    let database = Database::postgres();
    let home = database.home();
    let servers = [Server::start(&home), Server::start(&home), Server::start(&home)];
    let admin = servers[0].admin();
    let secret = |name: &str| {
        id(&servers[0].call(&admin, "POST", "/secrets", &json!({"name": name, "values": {"k": "canary"}})))
    };
    let (one, two, granted) = (secret("one"), secret("two"), secret("granted/one"));
    let account = |name: &str, scope: &str| {
        home.ok(["service-account", "create", name, "--role", "writer", "--scope", scope]);
        home.ok(["api-key", "create", name]).trim().to_owned()
    };
    let found = |answer: &Answer| answer.status == 200;
    let shown = |name: &'static str| {
        let name = json!(name);
        move |answer: &Answer| answer.body.to_string().contains(&format!("\"name\":{name}"))
    };
    // Through another server than the one that is asked next.
    let change = |server: usize, method: &str, path: &str, body: &Value| {
        let answer = servers[server].call(&admin, method, path, body);
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let id_of =
        |name: &str| id(&servers[0].call(&admin, "GET", &format!("/service_accounts/{name}"), &Value::Null));
    let log_in = |key: &str| servers[1].login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();

    let key = account("revoked", "all");
    let token = log_in(&key);
    let path = format!("/service_accounts/{}/api_keys/default", id_of("revoked"));
    under_load(&servers, &token, &asks(&one, "one"), || change(0, "DELETE", &path, &Value::Null), found);
    assert_eq!(servers[1].call(&key, "GET", "/secrets", &Value::Null).status, 401);

    let key = account("rotated", "all");
    let path = format!("/service_accounts/{}/api_keys/default/rotate", id_of("rotated"));
    under_load(&servers, &key, &asks(&one, "one"), || change(1, "PUT", &path, &json!({})), found);

    let token = log_in(&account("idle", "all"));
    let deactivate = || change(2, "PUT", "/service_accounts/idle", &json!({"active": false}));
    under_load(&servers, &token, &asks(&one, "one"), deactivate, found);

    // Of a role that sees no values the keys are left.
    let key = account("lowered", "all");
    let lower = || change(0, "PUT", "/service_accounts/lowered", &json!({"role": "auditor"}));
    let mut ways = asks(&one, "one");
    ways[2] = ("GET", "/secrets/by-name/one".to_owned(), Value::Null);
    under_load(&servers, &key, &ways, lower, |answer| answer.body.to_string().contains("canary"));

    let key = account("ungranted", "granted");
    home.ok(["grant", "add", "ungranted", "granted/*"]);
    let ungrant = || change(1, "DELETE", "/accounts/ungranted/grants?glob=granted/*", &Value::Null);
    under_load(&servers, &key, &asks(&granted, "granted/one"), ungrant, shown("granted/one"));

    let key = account("outsider", "all");
    let path = format!("/secrets/{two}?patch_values=true");
    let hide = || change(2, "PUT", &path, &json!({"private": true}));
    under_load(&servers, &key, &asks(&two, "two"), hide, shown("two"));

    home.ok(["audit", "verify"]);
}
