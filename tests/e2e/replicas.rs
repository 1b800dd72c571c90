//! Several servers over one database.

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
    time::{Duration, Instant},
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

/// Asks all servers in all these ways while `change` is made; fails if `still` finds in an answer what was taken away, and its request began after the change was acknowledged.
fn under_load(
    servers: &[Server; 3],
    credential: &str,
    asks: &[Ask; 3],
    change: impl FnOnce(),
    still: impl Fn(&crate::server::Answer) -> bool + Sync,
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
fn postgres_what_is_taken_away_on_one_server_is_gone_on_all() {
    let database = Database::new();
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
    let found = |answer: &crate::server::Answer| answer.status == 200;
    let shown = |name: &'static str| {
        let name = json!(name);
        move |answer: &crate::server::Answer| answer.body.to_string().contains(&format!("\"name\":{name}"))
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
