//! Several servers over one database.

use crate::{
    databases::Database,
    devices,
    server::{Server, id},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a load runs before and after what is changed under it.
const WHILE: Duration = Duration::from_millis(400);

/// Reads through both servers while `change` is made; answers how many reads there were, and fails if `wrong` says so
/// of one that began after the change was acknowledged.
fn under_load(
    servers: &[Server; 2],
    credential: &str,
    path: &str,
    change: impl FnOnce(),
    still: impl Fn(&crate::server::Answer) -> bool + Sync,
) {
    let (stop, acknowledged) = (AtomicBool::new(false), Mutex::new(None::<Instant>));
    let (before, after) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for reader in 0..6 {
            let (stop, acknowledged, still) = (&stop, &acknowledged, &still);
            let (before, after) = (&before, &after);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let since = *acknowledged.lock().unwrap();
                    let answer = servers[reader % 2].call(credential, "GET", path, &Value::Null);
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
        thread::sleep(WHILE);
        change();
        *acknowledged.lock().unwrap() = Some(Instant::now());
        thread::sleep(WHILE);
        stop.store(true, Ordering::SeqCst);
    });
    let (before, after) = (before.into_inner(), after.into_inner());
    assert!(before > 20 && after > 20, "{path}: {before} reads before, {after} after");
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_a_login_with_a_browser_goes_through_whatever_servers() {
    let database = Database::postgres();
    let home = database.home();
    let servers = [Server::start(&home), Server::start(&home)];
    let client = uuid::Uuid::new_v4().to_string();
    for keys_change in [false, true] {
        if keys_change {
            // Both servers know the old keys alone.
            for kind in ["token", "credential", "audit"] {
                home.ok(["keys", "rotate", "--kind", kind]);
            }
        }
        let begun = devices::begin(&servers[0], &client);
        let code = begun["user_code"].as_str().unwrap();
        assert_eq!(devices::decide(&servers[1], code, "approve").status, 200, "{keys_change}");
        // Two that fetch at once get one token.
        let fetched = thread::scope(|scope| {
            [0, 1]
                .map(|n| {
                    scope.spawn({
                        let (server, client, begun) = (&servers[n], &client, &begun);
                        move || devices::fetch(server, client, begun)
                    })
                })
                .map(|one| one.join().unwrap())
        });
        let statuses: BTreeSet<u16> = fetched.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, BTreeSet::from([200, 400]), "{keys_change}: {fetched:?}");
        let token = fetched.iter().find_map(|answer| answer.body["access_token"].as_str()).unwrap();
        for server in &servers {
            assert_eq!(server.call(token, "GET", "/current-user", &Value::Null).body["name"], "admin");
        }
    }
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_what_is_taken_away_on_one_server_is_gone_on_both() {
    let database = Database::postgres();
    let home = database.home();
    let servers = [Server::start(&home), Server::start(&home)];
    let admin = servers[0].admin();
    let secret = |name: &str| {
        id(&servers[0].call(&admin, "POST", "/secrets", &json!({"name": name, "values": {"k": "canary"}})))
    };
    let (one, two, granted) = (secret("one"), secret("two"), secret("granted/one"));
    let account = |name: &str, scope: &str| {
        home.ok(["service-account", "create", name, "--role", "writer", "--scope", scope]);
        home.ok(["api-key", "create", name]).trim().to_owned()
    };
    let found = |answer: &crate::server::Answer| answer.status == 200;
    let path = format!("/secrets/{one}");
    let change = |method: &str, path: &str, body: &Value| {
        let answer = servers[0].call(&admin, method, path, body);
        assert_eq!(answer.status, 200, "{answer:?}");
    };

    let key = account("revoked", "all");
    let token = servers[1].login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    let revoked = id(&servers[0].call(&admin, "GET", "/service_accounts/revoked", &Value::Null));
    let delete = || change("DELETE", &format!("/service_accounts/{revoked}/api_keys/default"), &Value::Null);
    under_load(&servers, &token, &path, delete, found);
    assert_eq!(servers[1].call(&key, "GET", &path, &Value::Null).status, 401);

    let key = account("idle", "all");
    let deactivate = || change("PUT", "/service_accounts/idle", &json!({"active": false}));
    under_load(&servers, &key, &path, deactivate, found);

    // Of a role that sees no values the keys are left.
    let key = account("lowered", "all");
    let lower = || change("PUT", "/service_accounts/lowered", &json!({"role": "auditor"}));
    under_load(&servers, &key, &path, lower, |answer| answer.body.to_string().contains("canary"));

    let key = account("ungranted", "granted");
    home.ok(["grant", "add", "ungranted", "granted/*"]);
    let ungrant = || change("DELETE", "/accounts/ungranted/grants?glob=granted/*", &Value::Null);
    under_load(&servers, &key, &format!("/secrets/{granted}"), ungrant, found);

    let key = account("outsider", "all");
    let hide = || change("PUT", &format!("/secrets/{two}?patch_values=true"), &json!({"private": true}));
    under_load(&servers, &key, &format!("/secrets/{two}"), hide, found);

    home.ok(["audit", "verify"]);
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_two_servers_lose_nothing_and_make_no_name_twice() {
    const CLIENTS: usize = 16;
    const ROUNDS: usize = 25;
    let database = Database::postgres();
    let home = database.home();
    let servers = [Server::start(&home), Server::start(&home)];
    let admin = servers[0].admin();
    let shared = id(&servers[0].call(&admin, "POST", "/secrets", &json!({"name": "shared"})));
    let made = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (servers, admin, shared, made) = (&servers, &admin, &shared, &made);
            scope.spawn(move || {
                let server = &servers[client % 2];
                for round in 0..ROUNDS {
                    // Everybody wants this name.
                    let name = format!("race-{round}");
                    let body = json!({"name": name, "values": {"by": client.to_string()}});
                    let answer = server.call(admin, "POST", "/secrets", &body);
                    match answer.status {
                        200 => assert!(made.lock().unwrap().insert(name), "{round} was made twice"),
                        409 => {}
                        other => panic!("{other}: {answer:?}"),
                    }
                    // Everybody adds a key to the same secret.
                    let path = format!("/secrets/{shared}?patch_values=true");
                    let body = json!({"values": {format!("{client}-{round}"): "x"}});
                    let answer = server.call(admin, "PUT", &path, &body);
                    assert_eq!(answer.status, 200, "{answer:?}");
                    let read =
                        server.call(admin, "GET", &format!("/secrets/by-name/race-{round}"), &Value::Null);
                    assert_eq!(read.status, 200, "{read:?}");
                }
            });
        }
    });
    assert_eq!(made.lock().unwrap().len(), ROUNDS);
    for server in &servers {
        let values = server.call(&admin, "GET", &format!("/secrets/{shared}"), &Value::Null);
        assert_eq!(
            values.body["body"]["values"].as_object().unwrap().len(),
            CLIENTS * ROUNDS,
            "no patch is lost"
        );
        let list = server.call(&admin, "GET", "/secrets?name=startswith:race-&size=1000", &Value::Null);
        assert_eq!(list.body["total"], ROUNDS);
    }
    home.ok(["audit", "verify"]);
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_a_character_that_it_does_not_take_names_nothing() {
    let database = Database::postgres();
    let home = database.home();
    let server = Server::start(&home);
    let token = server.admin();
    assert_eq!(server.login("username=%00&password=a-password").unwrap_err().status, 401);
    for (method, path) in [
        ("GET", "/users/%00"),
        ("GET", "/service_accounts/%00"),
        ("DELETE", "/accounts/admin/grants?glob=%00"),
    ] {
        let answer = server.call(&token, method, path, &Value::Null);
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
    }
    let entries = server.call(&token, "GET", "/audit?action=%00", &Value::Null);
    assert_eq!((entries.status, &entries.body), (200, &json!([])), "{entries:?}");
}
