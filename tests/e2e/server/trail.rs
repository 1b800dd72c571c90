//! The audit trail of what was done over HTTP.

use super::{Answer, PASSWORD, Server, denied::times, id};
use crate::support::{Ended, Home, ended};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    thread,
    time::{Duration, Instant},
};

#[test]
fn who_did_what_is_in_the_audit_log_and_tampering_is_found() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "canary"}}));
    let path = format!("/secrets/{}", id(&made));
    for _ in 0..5 {
        assert_eq!(server.call(&token, "GET", &path, &Value::Null).status, 200);
    }
    assert_eq!(server.login("username=admin&password=canary-wrong").unwrap_err().status, 401);
    assert_eq!(server.stop(), 0);
    let entries = home.json(["audit", "list"]);
    let actions: Vec<&str> =
        entries.as_array().unwrap().iter().filter_map(|one| one["action"].as_str()).collect();
    for action in ["login", "login.failed", "secret.create", "secret.read"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let export = home.ok(["audit", "export"]);
    assert!(export.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(!export.contains("canary"));
    let reads = home.json(["audit", "list", "--action", "secret.read"]);
    assert!(
        reads.as_array().unwrap().iter().all(|one| one["actor"] == "admin" && one["address"] == "127.0.0.1")
    );

    let heads = home.json(["audit", "verify"]);
    let heads: Vec<String> =
        heads.as_array().unwrap().iter().map(|one| one["head"].as_str().unwrap().to_owned()).collect();
    let verify = |home: &Home| -> Ended {
        let args = ["audit", "verify"].map(ToOwned::to_owned).into_iter();
        let heads = heads.iter().flat_map(|head| ["--head".to_owned(), head.clone()]);
        ended(home.command(args.chain(heads)).output().unwrap())
    };
    assert_eq!(verify(&home).code, 0);
    // One word of one entry, while all the rest is as it was.
    let made = home.json(["audit", "list", "--action", "secret.create"])[0].clone();
    home.behind_our_back("UPDATE audit SET action = 'secret.grab' WHERE action = 'secret.create'");
    let error = home.fails(1, ["audit", "verify"]);
    let (chain, entry) = (made["chain"].as_str().unwrap(), &made["sequence"]);
    assert!(error.contains(chain) && error.contains(&format!("entry: {entry})")), "{chain} {entry}: {error}");
    home.behind_our_back("UPDATE audit SET action = 'secret.create' WHERE action = 'secret.grab'");
    assert_eq!(verify(&home).code, 0);
    let error = home.fails(2, ["audit", "prune", "--before", "yesterday", "-y"]);
    assert!(error.contains("--before") && error.contains("YYYY-MM-DD"), "{error}");
    let error = home.fails(2, ["audit", "prune", "--before", "2100-01-01 00:00:00"]);
    assert!(error.contains("in the future"), "{error}");
    let told = home.json(["audit", "prune", "--before", "2020-01-01 00:00:00", "-y"]);
    assert_eq!(told, json!({"removed": 0, "chains": []}));
    let told = home.json(["audit", "prune", "--before", "2100-01-01 00:00:00", "-y"]);
    let counts = told["chains"].as_array().unwrap().iter().map(|one| one["removed"].as_u64().unwrap());
    assert!(told["removed"].as_u64().unwrap() >= 4, "{told}");
    assert_eq!(told["removed"], counts.sum::<u64>(), "{told}");
    assert_eq!(verify(&home).code, 0, "what was pruned is accounted for");
    let left = home.json(["audit", "verify"]);
    let pruned = |one: &Value| one["kept"] == 0 && one["from"].is_null() && one["to"].is_null();
    assert!(left.as_array().unwrap().iter().any(pruned), "{left}");
    assert_eq!(home.json(["audit", "list", "--action", "secret.read"]), json!([]));
}

#[test]
fn values_that_the_answer_to_a_change_shows_are_read() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let make = |name: &str| {
        let new = json!({"name": name, "values": {"k": "v", "l": "w"}});
        id(&server.call(&token, "POST", "/secrets", &new))
    };
    let change = |id: &str, query: &str, change: &Value| {
        let changed = server.call(&token, "PUT", &format!("/secrets/{id}{query}"), change);
        assert!(changed.body["body"]["values"]["l"].is_string(), "{changed:?}");
    };
    let (replaced, patched) = (make("replaced"), make("patched"));
    change(&replaced, "", &json!({"values": {"k": "v2", "l": "w2"}}));
    change(&patched, "", &json!({}));
    change(&patched, "?patch_values=true", &json!({"values": {"k": "v3"}}));
    assert_eq!(server.stop(), 0);
    let reads = |id: &str| -> usize {
        let entries = home.json(["audit", "list", "--action", "secret.read", "--secret", id]);
        entries.as_array().unwrap().iter().map(|one| times(one["detail"].as_str().unwrap())).sum()
    };
    // Whoever sends all values is shown nothing new.
    assert_eq!((reads(&replaced), reads(&patched)), (0, 2));
}

#[test]
fn what_somebody_did_is_found_when_they_are_gone() {
    let home = Home::new();
    let server = Server::start(&home);
    home.run_with("Bob-password", ["user", "create", "bob", "--role", "reader", "--password-stdin"]);
    let bob = server.login("username=bob&password=Bob-password").unwrap();
    let bobs = id(&server.call(&bob, "GET", "/current-user", &Value::Null));
    assert_eq!(server.call(&bob, "GET", "/secrets", &Value::Null).status, 200);
    assert_eq!(server.stop(), 0);
    home.ok(["user", "delete", "bob", "-y"]);
    let server = Server::start(&home);
    let token = server.admin();
    let over_http = server.call(&token, "GET", &format!("/audit?actor={bobs}"), &Value::Null);
    for entries in [&over_http.body, &home.json(["audit", "list", "--actor", &bobs])] {
        let actions: BTreeSet<_> =
            entries.as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
        assert_eq!(actions, BTreeSet::from(["login", "secret.list"]), "{entries}");
    }
    let unknown = server.call(&token, "GET", "/audit?actor=bob", &Value::Null);
    assert!(unknown.status == 404 && unknown.body.to_string().contains("by its id"), "{unknown:?}");
    let error = home.fails(3, ["audit", "list", "--actor", "bob"]);
    assert!(error.contains("by its id"), "{error}");
}

#[test]
fn what_is_done_to_keys_is_noted() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let (other, status) = (home.arg("other.key"), home.json(["status"]));
    let first = status["root_keys"].as_object().unwrap().keys().next().unwrap();
    home.ok(["keys", "generate", "-O", &other]);
    home.ok(["keys", "rewrap", "--add", &other]);
    home.ok(["keys", "rotate", "--kind", "digest"]);
    home.ok(["repair", "--restored"]);
    home.fails(4, ["keys", "rewrap", "--drop", first]);
    let entries = home.json(["audit", "list"]);
    let noted: Vec<_> =
        entries.as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(noted, ["keys.drop_root", "database.repair", "keys.rotate", "keys.add_root", "secret.create"]);
    assert!(entries[0]["detail"].as_str().unwrap().contains(first), "{entries}");
    home.ok(["audit", "verify"]);
}

#[test]
fn reads_of_many_secrets_at_once_share_an_entry_that_is_found_by_each() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let make = |name: String| {
        id(&server.call(&token, "POST", "/secrets", &json!({"name": name, "values": {"k": "v"}})))
    };
    let ids: Vec<String> = (0..40).map(|n| make(format!("many-{n}"))).collect();
    let read = server.call(&token, "POST", "/secrets/values", &json!({"ids": ids}));
    assert_eq!(read.body["items"].as_array().unwrap().len(), 40);
    assert_eq!(server.stop(), 0);
    let all = home.json(["audit", "list", "--action", "secret.read"]);
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    assert_eq!(all[0]["secret"], Value::Null);
    for id in &ids {
        assert!(all[0]["detail"].as_str().unwrap().contains(id), "{id}");
        let about = home.json(["audit", "list", "--action", "secret.read", "--secret", id]);
        assert_eq!(about, all, "{id}");
    }
    let other = "00000000-0000-4000-8000-000000000000";
    assert_eq!(home.json(["audit", "list", "--secret", other]), json!([]));
    assert!(home.ok(["audit", "list", "--action", "secret.read"]).contains("40 secrets: ..."));
    home.ok(["audit", "verify"]);
}

#[test]
fn while_the_trail_cannot_be_written_requests_are_refused() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    let path = format!("/secrets/{}", id(&made));
    let login = || {
        let form = format!("username=admin&password={PASSWORD}");
        server.send("POST", "/api/v1/login", &[], form.as_bytes())
    };
    let read = || server.call(&token, "GET", &path, &Value::Null);
    let list = || server.call(&token, "GET", "/secrets", &Value::Null);
    let bulk = || server.call(&token, "POST", "/secrets/values", &json!({"names": ["db"]}));
    let stranger = || server.call("garbage", "GET", &path, &Value::Null);
    let change = |value: &str| server.call(&token, "PUT", &path, &json!({"values": {"k": value}}));
    // Reads until the answer is this one; answers how many were answered with the value.
    let until = |status: u16| {
        let (since, mut answered) = (Instant::now(), 0);
        loop {
            let now = read().status;
            answered += usize::from(now == 200);
            if now == status {
                return answered;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{now} and not {status}");
            thread::sleep(Duration::from_millis(20));
        }
    };
    let refuses = |what: &str, refused: &Answer| {
        assert_eq!(refused.status, 503, "{what}: {refused:?}");
        assert!(refused.head.contains("retry-after"), "{what}: {refused:?}");
        let text = refused.body["detail"][1].as_str().unwrap();
        assert!(text.contains("the audit log cannot be written now"), "{what}: {refused:?}");
    };
    let mut answered = until(200);
    home.behind_our_back("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END");
    // What came before the failure was noticed is answered, and kept for later.
    answered += until(503);
    for (what, refused) in
        [("read", read()), ("list", list()), ("bulk", bulk()), ("login", login()), ("stranger", stranger())]
    {
        refuses(what, &refused);
    }
    // A change brings its own entry, and fails as that does.
    refuses("change", &change("lost"));
    refuses("create", &server.call(&token, "POST", "/secrets", &json!({"name": "lost"})));
    refuses("delete", &server.call(&token, "DELETE", &path, &Value::Null));
    refuses("account", &server.call(&token, "POST", "/users", &json!({"name": "lost"})));
    let ended = home.run(["secret", "create", "lost", "--k=v"]);
    assert!(ended.code == 6 && ended.err.contains("audit log cannot be written"), "{}", ended.err);
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 503);

    home.behind_our_back("DROP TRIGGER broken");
    answered += until(200);
    let unchanged = read();
    answered += 1;
    let body = &unchanged.body["body"];
    assert_eq!((&body["values"]["k"], &body["revision"]), (&json!("v"), &json!(1)), "{unchanged:?}");
    for again in [list(), bulk(), login(), change("kept")] {
        assert_eq!(again.status, 200, "{again:?}");
    }
    answered += 1;
    assert_eq!(stranger().status, 401);
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 200);
    assert_eq!(server.stop(), 0);
    // An entry for each that was answered, and for no other.
    let entries = home.json(["audit", "list", "--action", "secret.read", "--limit", "10000"]);
    let entries = entries.as_array().unwrap();
    let noted = entries.iter().map(|one| times(one["detail"].as_str().unwrap_or_default()));
    assert_eq!(noted.sum::<usize>(), answered, "{entries:#?}");
    assert_eq!(home.json(["audit", "list", "--action", "secret.update"]).as_array().unwrap().len(), 1);
    home.ok(["audit", "verify"]);
}

#[test]
fn an_export_shows_each_entry_once_while_others_are_written() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    // 1,400 entries of few moments, more than are read at once.
    home.behind_our_back(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1400)
         INSERT INTO audit SELECT 'many', i, at + i / 700, revision, randomblob(16), actor, 'many', secret, detail,
         channel, address, request, key_id, mac FROM n, (SELECT * FROM audit LIMIT 1)",
    );
    let mut child = home.command(["audit", "export", "--action", "many"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // It waits for its reader before it has read all of them.
    let first = lines.next().unwrap().unwrap();
    home.behind_our_back(
        "INSERT INTO audit SELECT 'many', seq + 1400, at + 1000000, revision, randomblob(16), actor, 'many', secret,
         detail, channel, address, request, key_id, mac FROM audit WHERE chain = 'many' AND seq <= 50",
    );
    let lines: Vec<String> = std::iter::once(first).chain(lines.map(Result::unwrap)).collect();
    assert!(child.wait().unwrap().success());
    let sequence = |line: &String| serde_json::from_str::<Value>(line).unwrap()["sequence"].as_u64().unwrap();
    let seen: BTreeSet<u64> = lines.iter().map(sequence).collect();
    assert_eq!((lines.len(), seen), (1400, (1..=1400).collect()));
}
