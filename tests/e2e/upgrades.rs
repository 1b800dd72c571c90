//! Two releases on one database, while the one takes over from the other.

use crate::{
    databases::Database,
    server::{Answer, Server, id},
    store::example,
    support::Home,
};
use serde_json::{Value, json};
use std::{
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const USUAL: &str = env!("CARGO_BIN_EXE_strongroom");
/// How long the load goes on between two steps of the upgrade.
const WHILE: Duration = Duration::from_millis(400);

/// Somebody who writes and reads through a server until told to stop, and notes what was acknowledged.
struct Load<'a> {
    stop: &'a AtomicBool,
    made: &'a Mutex<Vec<(String, String)>>,
}

impl Load<'_> {
    fn on(&self, server: &Server, token: &str, by: &str) {
        let ok = |answer: Answer| {
            assert_eq!(answer.status, 200, "{by}: {answer:?}");
            answer
        };
        for n in 0.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let (name, value) = (format!("{by}/{n}"), format!("value {n} of {by}"));
            let body = json!({"name": name, "values": {"k": value}});
            let made = id(&ok(server.call(token, "POST", "/secrets", &body)));
            if n % 2 == 1 {
                let body = json!({"values": {"more": "x"}});
                ok(server.call(token, "PUT", &format!("/secrets/{made}?patch_values=true"), &body));
            }
            self.made.lock().unwrap().push((name, value));
            // What somebody else wrote, most likely through the other server.
            let other = self.made.lock().unwrap()[n / 2].clone();
            assert_reads(server, token, &other);
        }
    }
}

fn assert_reads(server: &Server, token: &str, (name, value): &(String, String)) {
    let body = json!({"names": [name]});
    let answer = server.call(token, "POST", "/secrets/values", &body);
    let found = &answer.body["items"][0]["secret"]["body"]["values"]["k"];
    assert_eq!((answer.status, found), (200, &Value::from(value.as_str())), "{name}: {answer:?}");
}

/// From a deployment of this release alone to one of the next alone, under load, step by step.
fn one_release_takes_over_from_the_other(mut home: Home, migrated_by_itself: bool) {
    let next = example("strongroom-next");
    let old = Server::start(&home);
    let token = old.admin();
    let (stop, made) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let load = Load { stop: &stop, made: &made };
    let new = OnceLock::new();
    thread::scope(|scope| {
        let (load, token, old) = (&load, token.as_str(), &old);
        scope.spawn(move || load.on(old, token, "old"));
        thread::sleep(WHILE);
        home.becomes(&next);
        if !migrated_by_itself {
            let error = home.fails(1, ["secret", "list"]);
            assert!(error.contains("database migrate"), "{error}");
        }
        home.ok(["database", "migrate"]);
        let new = new.get_or_init(|| Server::start(&home));
        scope.spawn(move || load.on(new, token, "new"));
        thread::sleep(WHILE);
        stop.store(true, Ordering::SeqCst);
    });
    let new = new.into_inner().unwrap();
    let made = made.into_inner().unwrap();
    let by = |who: &str| made.iter().filter(|(name, _)| name.starts_with(who)).count();
    assert!(by("old/") > 5 && by("new/") > 5, "{made:?}");

    // A server of the old release that is started again works, too, and so do commands of both.
    let port = old.port;
    assert_eq!(old.stop(), 0);
    home.becomes(USUAL);
    let old = Server::start(&home);
    for one in &made {
        assert_reads(&old, &token, one);
        assert_reads(&new, &token, one);
    }
    for (program, name) in [(USUAL.into(), "by the old"), (next.clone(), "by the new")] {
        home.becomes(program);
        home.ok(["secret", "create", name, "--k=v"]);
    }
    for program in [USUAL.into(), next.clone()] {
        home.becomes(program);
        assert_eq!(home.ok(["secret", "get", "by the old", "k"]), "v");
        assert_eq!(home.ok(["secret", "get", "by the new", "k"]), "v");
        assert_eq!(home.json(["status"])["running"].as_array().unwrap().len(), 2);
    }

    // While the old one runs nothing is taken from it.
    let error = home.fails(4, ["database", "migrate", "--finish"]);
    assert!(error.contains(&format!("127.0.0.1:{}", old.port)) && error.contains("older release"), "{error}");
    assert!(!error.contains(&format!("127.0.0.1:{}", new.port)), "{error}");
    assert_ne!(old.port, port);
    assert_reads(&old, &token, &made[0]);
    assert_eq!(old.stop(), 0);
    home.ok(["database", "migrate", "--finish"]);
    home.ok(["database", "migrate", "--finish"]);
    assert_reads(&new, &token, &made[0]);
    assert_eq!(home.ok(["secret", "get", "by the old", "k"]), "v");
    home.ok(["audit", "verify"]);
    home.becomes(USUAL);
    for args in [["secret", "list"], ["database", "migrate"], ["serve", "--check"]] {
        let ended = home.run(args);
        assert!(ended.code == 1 && ended.err.contains("upgrade this program"), "{args:?}: {}", ended.err);
    }
    assert_eq!(new.stop(), 0);
}

#[test]
fn one_release_takes_over_from_the_other_on_a_file() {
    one_release_takes_over_from_the_other(Home::new(), true);
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_one_release_takes_over_from_the_other() {
    let database = Database::postgres();
    one_release_takes_over_from_the_other(database.home(), false);
}

#[test]
#[ignore = "needs STRONGROOM_TEST_MARIADB"]
fn mariadb_one_release_takes_over_from_the_other() {
    let database = Database::mariadb();
    one_release_takes_over_from_the_other(database.home(), false);
}

#[test]
fn what_only_older_releases_need_is_removed_once() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["database", "migrate", "--finish"]);
    let copies =
        || home.files().into_iter().filter(|file| file.to_str().unwrap().contains(".before-finish-"));
    assert_eq!(copies().count(), 1, "a copy was made before");
    std::fs::remove_file(copies().next().unwrap()).unwrap();
    home.ok(["database", "migrate", "--finish"]);
    assert_eq!(copies().count(), 0, "nothing was left to be removed");
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}
