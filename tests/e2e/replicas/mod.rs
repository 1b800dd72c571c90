//! Several servers over one database.

mod revoked;

use crate::{
    devices,
    server::{Server, id},
    support::Home,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, postgres::PgConnectOptions};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Runs SQL on a server.
fn sql(url: &str, text: &str) {
    let options: PgConnectOptions = url.parse().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection.execute(AssertSqlSafe(text.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// A database of its own on PostgreSQL, dropped at the end.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn new() -> Self {
        let variable = "STRONGROOM_TEST_POSTGRES";
        let server = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must name a server"));
        let name = format!("strongroom_{}", uuid::Uuid::new_v4().simple());
        sql(&server, &format!("CREATE DATABASE {name}"));
        Self { server, name }
    }

    fn url(&self) -> String {
        let (before, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (scheme, rest) = before.split_once("://").unwrap();
        format!("{scheme}://{}/{}?{parameters}", rest.split('/').next().unwrap(), self.name)
    }

    /// A home whose programs work on it.
    fn home(&self) -> Home {
        let mut home = Home::new();
        let key = home.arg("root.key");
        home.ok(["keys", "generate", "-O", &key]);
        home.set("STRONGROOM_KEYS_FILE", key);
        home.set("STRONGROOM_DATABASE_URL", self.url());
        home
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        sql(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// How long a load runs before and after the tables are widened under it.
const WHILE: Duration = Duration::from_millis(400);

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_a_login_with_a_browser_goes_through_whatever_servers() {
    let database = Database::new();
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
    let database = Database::new();
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
fn postgres_a_server_goes_on_while_the_next_release_widens_the_tables() {
    let database = Database::new();
    let home = database.home();
    let server = Server::start(&home);
    let admin = server.admin();
    let made = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..4 {
            let (server, admin, made, stop) = (&server, &admin, &made, &stop);
            scope.spawn(move || {
                let mut n = 0;
                while !stop.load(Ordering::SeqCst) {
                    let body = json!({"name": format!("s-{writer}-{n}"), "values": {"k": "v"}});
                    let answer = server.call(admin, "POST", "/secrets", &body);
                    assert_eq!(answer.status, 200, "{answer:?}");
                    made.fetch_add(1, Ordering::SeqCst);
                    n += 1;
                }
            });
        }
        thread::sleep(WHILE);
        // What an expanding migration does: new columns that may be empty, new tables, a new version that the old
        // release is still compatible with.
        sql(
            &database.url(),
            "BEGIN; ALTER TABLE secrets ADD COLUMN since_next_release TEXT NULL; \
             CREATE TABLE next_release (id BIGINT PRIMARY KEY); \
             UPDATE meta SET schema_version = schema_version + 1; COMMIT",
        );
        thread::sleep(WHILE);
        let before = made.load(Ordering::SeqCst);
        thread::sleep(WHILE);
        assert!(made.load(Ordering::SeqCst) > before, "the old release goes on");
        // The next release fills its column, beside it.
        sql(&database.url(), "UPDATE secrets SET since_next_release = 'x' WHERE name LIKE 's-0-%'");
        stop.store(true, Ordering::SeqCst);
    });
    // A replica of the old release that is restarted meanwhile works, too.
    let again = Server::start(&home);
    let list = again.call(&admin, "GET", "/secrets?size=1", &Value::Null);
    assert_eq!(list.body["total"], made.into_inner());
    assert_eq!(
        again.call(&admin, "GET", "/secrets/by-name/s-0-0", &Value::Null).body["body"]["values"]["k"],
        "v"
    );
    // Until a release contracts: then it says so.
    sql(&database.url(), "UPDATE meta SET min_compatible = schema_version");
    let ended = home.run(["secret", "list"]);
    assert!(ended.code == 1 && ended.err.contains("upgrade this program"), "{}", ended.err);
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_a_character_that_it_does_not_take_names_nothing() {
    let database = Database::new();
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
