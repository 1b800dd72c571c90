//! Several servers over one database.

mod revoked;

use crate::{
    databases::Database,
    devices,
    server::{Server, id},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Mutex, thread};

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
