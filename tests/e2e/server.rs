//! The server, spoken to over its sockets.

use crate::support::{Ended, Home, ended};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

pub(crate) const PASSWORD: &str = "first-Admin-password";

/// A server over a home's database.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Server {
    pub(crate) fn start(home: &Home) -> Self {
        Self::start_with(home, &[])
    }

    /// With more variables.
    pub(crate) fn start_with(home: &Home, variables: &[(&str, &str)]) -> Self {
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let mut child =
            command.env("STRONGROOM_ADMIN_PASSWORD", PASSWORD).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("the server ended").unwrap();
            if let Some((scheme, port)) =
                line.strip_prefix("listening on ").and_then(|url| url.split_once("://127.0.0.1:"))
            {
                assert!(["http", "https"].contains(&scheme), "{line}");
                break port.parse().unwrap();
            }
        };
        // Somebody has to read what it logs.
        thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends bytes, and reads until the server closes the connection.
    fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // A server that has seen enough may close before it has read all.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let bytes = self.raw(&[request.as_bytes(), body].concat());
        answer(&bytes)
    }

    pub(crate) fn call(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let auth = format!("Bearer {token}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &format!("/api/v1{path}"), &[("authorization", &auth)], body.as_bytes())
    }

    /// Logs in, and answers the token.
    pub(crate) fn login(&self, form: &str) -> Result<String, Answer> {
        let answer = self.send("POST", "/api/v1/login", &[], form.as_bytes());
        answer.body["access_token"].as_str().map(ToOwned::to_owned).ok_or(answer)
    }

    pub(crate) fn admin(&self) -> String {
        self.login(&format!("username=admin&password={PASSWORD}")).unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success()
        );
    }

    fn stop(mut self) -> i32 {
        self.signal("TERM");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()));
    Answer { status, head: head.to_ascii_lowercase(), body }
}

pub(crate) fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_secret_lives_its_life_over_http() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let call = |method: &str, path: &str, body: Value| server.call(&token, method, path, &body);
    let made = call("POST", "/secrets", json!({"name": "db", "values": {"a": "1", "none": null}}));
    assert_eq!(made.body["body"]["values"], json!({"a": "1"}), "{made:?}");
    let path = format!("/secrets/{}", id(&made));
    assert!(
        made.head.contains("etag: \"1\"") && made.head.contains("cache-control: no-store"),
        "{}",
        made.head
    );

    let merged = call("PUT", &format!("{path}?patch_values=True"), json!({"values": {"b": "2", "a": null}}));
    assert_eq!((merged.status, &merged.body["body"]["values"]), (200, &json!({"b": "2"})));
    let replaced = call("PUT", &path, json!({"name": "db2", "private": true, "values": {"c": "3"}}));
    assert_eq!((&replaced.body["name"], &replaced.body["body"]["private"]), (&json!("db2"), &json!(true)));
    assert_eq!(replaced.body["body"]["revision"], 3);
    assert_eq!(call("GET", "/secrets/by-name/db2", Value::Null).body["body"]["values"], json!({"c": "3"}));
    assert_eq!(call("GET", "/secrets/by-name/db", Value::Null).status, 404);

    let versions = call("GET", &format!("{path}/versions"), Value::Null);
    assert_eq!(versions.body.as_array().unwrap().len(), 3, "{versions:?}");
    assert_eq!(
        call("GET", &format!("{path}?revision=1"), Value::Null).body["body"]["values"],
        json!({"a": "1"})
    );
    let back = call("POST", &format!("{path}/rollback"), json!({"revision": 1}));
    assert_eq!(
        (&back.body["body"]["values"], &back.body["body"]["revision"]),
        (&json!({"a": "1"}), &json!(4))
    );

    let listed = call("GET", "/secrets?name=contains:DB&sort_by=desc:created", Value::Null);
    assert_eq!((&listed.body["total"], &listed.body["items"][0]["body"]["values"]), (&json!(1), &json!({})));
    let many = call("POST", "/secrets/values", json!({"names": ["db2", "nope"]}));
    assert_eq!(many.body["items"][0]["secret"]["body"]["values"], json!({"a": "1"}));
    assert_eq!(many.body["items"][1]["error"][0], "KeyError");

    // The command line beside the server sees the same.
    assert_eq!(home.values("db2"), json!({"a": "1"}));
    let gone = call("DELETE", &path, Value::Null);
    assert_eq!((gone.status, &gone.body), (200, &Value::Null));
    assert_eq!(call("DELETE", &path, Value::Null).body["detail"][0], "KeyError");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_change_can_be_bound_to_a_revision_and_is_made_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let auth = format!("Bearer {}", server.admin());
    let send = |method: &str, path: &str, more: (&str, &str), body: Value| {
        let path = format!("/api/v1{path}");
        server.send(method, &path, &[("authorization", &auth), more], body.to_string().as_bytes())
    };
    let key = ("idempotency-key", "11111111-2222-4333-8444-555555555555");
    let made = send("POST", "/secrets", key, json!({"name": "db", "values": {"a": "1"}}));
    let again = send("POST", "/secrets", key, json!({"name": "db", "values": {"a": "1"}}));
    assert_eq!((id(&made), made.body), (id(&again), again.body), "answered, and not done again");
    let other = send("POST", "/secrets", key, json!({"name": "other", "values": {"a": "1"}}));
    assert_eq!(other.status, 422, "{other:?}");
    let named = send("POST", "/secrets", ("idempotency-key", "no-uuid"), json!({"name": "x"}));
    assert_eq!(named.status, 422, "{named:?}");

    let path = format!("/secrets/{}", id(&send("GET", "/secrets/by-name/db", ("x-a", "b"), Value::Null)));
    let stale = send("PUT", &path, ("if-match", "\"7\""), json!({"name": "new"}));
    assert_eq!(stale.status, 412, "{stale:?}");
    let fresh = send("PUT", &path, ("if-match", "\"1\""), json!({"name": "new"}));
    assert_eq!((fresh.status, &fresh.body["name"]), (200, &json!("new")), "{fresh:?}");
    assert_eq!(send("DELETE", &path, ("if-match", "\"1\""), Value::Null).status, 412);
}

#[test]
fn roles_and_scopes_decide_and_what_is_hidden_looks_as_if_it_were_missing() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    for (name, private) in [("prod/db", false), ("dev/db", false), ("mine", true)] {
        let body = json!({"name": name, "private": private, "values": {"k": "canary"}});
        assert_eq!(server.call(&admin, "POST", "/secrets", &body).status, 200);
    }
    let key = |role: &str, scope: &str| {
        let name = format!("{role}-{scope}");
        home.ok(["service-account", "create", &name, "--role", role, "--scope", scope]);
        if scope == "granted" {
            home.ok(["grant", "add", &name, "prod/*"]);
        }
        home.ok(["api-key", "create", &name]).trim().to_owned()
    };
    let read = |key: &str, name: &str| {
        server.call(key, "GET", &format!("/secrets/by-name/{}", name.replace('/', "%2F")), &Value::Null)
    };
    let mine = id(&read(&admin, "mine"));
    let missing = "00000000-0000-4000-8000-000000000000";
    for role in ["admin", "writer", "reader", "auditor"] {
        for scope in ["all", "granted"] {
            let key = key(role, scope);
            let prod = read(&key, "prod/db");
            let value = if role == "auditor" { Value::Null } else { json!("canary") };
            assert_eq!(
                (prod.status, &prod.body["body"]["values"]["k"]),
                (200, &value),
                "{role} {scope}: {prod:?}"
            );
            assert_eq!(read(&key, "dev/db").status, if scope == "all" { 200 } else { 404 }, "{role} {scope}");
            let total = server.call(&key, "GET", "/secrets", &Value::Null).body["total"].clone();
            assert_eq!(total, if scope == "all" { 2 } else { 1 }, "{role} {scope}");
            // Others' private secrets: nobody, and in the same words as what is not there.
            let (hidden, absent) = (
                server.call(&key, "GET", &format!("/secrets/{mine}"), &Value::Null),
                server.call(&key, "GET", &format!("/secrets/{missing}"), &Value::Null),
            );
            assert_eq!(hidden.status, 404);
            assert_eq!(hidden.body.to_string().replace(&mine, missing), absent.body.to_string());
            let write =
                server.call(&key, "POST", "/secrets", &json!({"name": format!("prod/{role}-{scope}")}));
            let writes = matches!(role, "admin" | "writer");
            assert_eq!(write.status, if writes { 200 } else { 403 }, "{role} {scope}: {write:?}");
            let outside =
                server.call(&key, "POST", "/secrets", &json!({"name": format!("dev/{role}-{scope}")}));
            let allowed = writes && scope == "all";
            assert_eq!(outside.status, if allowed { 200 } else { 403 }, "{role} {scope}: {outside:?}");
            if writes {
                // Counted above for the next ones.
                let id = id(&write);
                assert_eq!(server.call(&key, "DELETE", &format!("/secrets/{id}"), &Value::Null).status, 200);
            }
            if allowed {
                let id = id(&outside);
                assert_eq!(server.call(&key, "DELETE", &format!("/secrets/{id}"), &Value::Null).status, 200);
            }
            let manage = server.call(&key, "POST", "/users", &json!({"name": "x", "is_admin": false}));
            assert_eq!(manage.status == 200, role == "admin", "{role} {scope}: {manage:?}");
            if role == "admin" {
                server.call(&key, "DELETE", "/users/x", &Value::Null);
            }
        }
    }
}

#[test]
fn what_was_issued_ends_with_what_it_was_issued_for() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let key = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let token = server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    let look = |credential: &str| server.call(credential, "GET", "/secrets", &Value::Null).status;
    assert_eq!((look(&key), look(&token)), (200, 200));
    home.ok(["service-account", "update", "bot", "--active", "false"]);
    assert_eq!((look(&key), look(&token)), (401, 401));
    home.ok(["service-account", "update", "bot", "--active", "true"]);
    assert_eq!(look(&key), 200);
    let next = home.ok(["api-key", "rotate", "bot", "default", "--retain", "5"]).trim().to_owned();
    assert_eq!((look(&key), look(&next)), (200, 200), "both, for five minutes");
    let last = home.ok(["api-key", "rotate", "bot", "default"]).trim().to_owned();
    assert_eq!((look(&key), look(&next), look(&last)), (401, 401, 200));
    home.ok(["api-key", "delete", "bot", "default"]);
    assert_eq!(look(&last), 401);
    for credential in ["", "garbage", "srt1_AAAA", &key.replace('5', "6")] {
        let refused = server.call(credential, "GET", "/secrets", &Value::Null);
        assert_eq!(refused.status, 401);
        let understood = refused.head.contains("www-authenticate: bearer")
            || refused.body["detail"][0] == "CredentialsNotValid";
        assert!(understood, "the client has to know that it should log in: {refused:?}");
    }

    home.run_with("Alice-password", ["user", "create", "alice", "--role", "writer", "--password-stdin"]);
    let alice = server.login("username=alice&password=Alice-password").unwrap();
    let change = json!({"name": "alice", "password": "Other-password", "old_password": "Alice-password"});
    let own = server.call(&alice, "GET", "/current-user", &Value::Null);
    let path = format!("/users/{}", id(&own));
    assert_eq!(server.call(&alice, "PUT", &path, &json!({"password": "Other-password"})).status, 403);
    assert_eq!(server.call(&alice, "PUT", &path, &change).status, 200);
    assert_eq!(look(&alice), 401, "a new password ends what was logged in with the old one");
    let wrong = server.login("username=alice&password=Alice-password").unwrap_err();
    let nobody = server.login("username=nobody&password=Alice-password").unwrap_err();
    assert_eq!((wrong.status, &wrong.body), (401, &nobody.body), "one text for all");
    assert!(server.login("username=alice&password=Other-password").is_ok());
}

#[test]
fn hostile_requests_get_an_error_of_the_usual_form_and_do_no_harm() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let auth = format!("Bearer {token}");
    let post = |body: &[u8]| server.send("POST", "/api/v1/secrets", &[("authorization", &auth)], body);
    let deep = format!("{{\"name\":\"a\",\"values\":{}1{}", "{\"canary\":".repeat(40), "}".repeat(41));
    let many: Vec<String> = (0..11_000).map(|n| format!("\"{n}\":\"canary\"")).collect();
    let many = format!("{{\"name\":\"a\",\"values\":{{{}}}}}", many.join(","));
    for body in [
        "",
        "canary",
        "[\"canary\"]",
        "{\"name\":1}",
        "{\"name\":null}",
        "{\"values\":{}}",
        "{\"name\":\"a\",\"values\":{\"k\":1}}",
        "{\"name\":\"a\",\"values\":{\"canary\":[]}}",
        "{\"name\":\"a\",\"values\":\"canary\"}",
        "{\"name\":\"a\",\"private\":null}",
        "{\"name\":\"a\",\"private\":\"canary\"}",
        "{\"name\":\"a\",\"name\":\"canary\"}",
        &deep,
        &many,
        &format!("{{\"name\":\"{}\"}}", "n".repeat(256)),
    ] {
        let refused = post(body.as_bytes());
        assert_eq!(
            (refused.status, &refused.body["detail"][0]),
            (422, &json!("ValueError")),
            "{body:.60}: {refused:?}"
        );
        assert!(!refused.body.to_string().contains("canary"), "{refused:?}");
    }
    let large = json!({"name": "a", "values": {"k": "canary".repeat(11_000)}}).to_string();
    let refused = post(large.as_bytes());
    assert_eq!((refused.status, &refused.body["detail"][0]), (400, &json!("ValueError")));
    assert!(refused.body.to_string().contains("65536"), "both numbers: {refused:?}");
    assert_eq!(post(&vec![b' '; 3 << 20]).status, 413);
    let chunked = format!(
        "POST /api/v1/secrets HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {auth}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        3 << 20,
        " ".repeat(3 << 20)
    );
    assert_eq!(answer(&server.raw(chunked.as_bytes())).status, 413);
    let zip = server.send(
        "POST",
        "/api/v1/secrets",
        &[("authorization", &auth), ("content-encoding", "gzip")],
        b"{\"name\":\"a\"}",
    );
    assert_eq!(zip.status, 415);
    for (method, path, status) in [
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v1/secrets/", 404),
        ("PATCH", "/api/v1/secrets", 405),
        ("GET", "/api/v1/secrets/no-uuid", 422),
        ("GET", "/api/v1/secrets?page=0", 422),
        ("GET", "/api/v1/secrets?page=9", 400),
        ("GET", "/api/v1/secrets?sort_by=values", 422),
        ("GET", "/api/v1/secrets?name=oneof:canary", 422),
        ("GET", "/api/v1/secrets?name=%ff%00", 422),
        ("GET", "/api/v1/users/nobody", 404),
        ("GET", "/api/v1/service_accounts/nobody", 404),
        ("PUT", "/api/v1/secrets_operations/backup", 501),
        ("POST", "/api/v1/device_authorization", 422),
        ("POST", "/api/v1/login", 400),
    ] {
        let refused = server.send(method, path, &[("authorization", &auth)], b"");
        assert_eq!(refused.status, status, "{method} {path}: {refused:?}");
        assert!(
            !refused.body["detail"].is_null() && !refused.body.to_string().contains("canary"),
            "{refused:?}"
        );
    }
    for junk in ["GET / HTTP/9\r\n\r\n".to_owned(), format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000))]
    {
        server.raw(junk.as_bytes());
    }
    assert_eq!(
        server.call(&token, "GET", "/secrets", &Value::Null).body["total"],
        0,
        "alive, and nothing was made"
    );
}

#[test]
fn a_signal_ends_it_in_good_order_and_no_acknowledged_write_is_lost() {
    write_through_a_restart(Duration::from_millis(1500));
}

#[test]
#[ignore = "takes half a minute: cargo xtask test"]
fn half_a_minute_of_writes_loses_none_when_the_server_is_replaced() {
    write_through_a_restart(Duration::from_secs(30));
}

/// Writes for so long, while the server is told to end after half of the time and another one takes its place.
fn write_through_a_restart(long: Duration) {
    const WRITERS: usize = 4;
    let home = Home::new();
    let first = Server::start(&home);
    let token = first.admin();
    let (port, begun) = (AtomicU16::new(first.port), Instant::now());
    let writer = |writer: usize| {
        let (mut made, mut after, mut key) = (Vec::new(), 0, uuid::Uuid::new_v4());
        while begun.elapsed() < long {
            let name = format!("s-{writer}-{}", made.len());
            let body = json!({"name": name, "values": {"k": name}}).to_string();
            let request = format!(
                "POST /api/v1/secrets HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
                 idempotency-key: {key}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let before = port.load(Ordering::SeqCst);
            let mut bytes = Vec::new();
            let sent = TcpStream::connect(("127.0.0.1", before)).and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                stream.read_to_end(&mut bytes)
            });
            if sent.is_err() || bytes.is_empty() {
                // It no longer listens: the same request is for whoever does next.
                thread::sleep(Duration::from_millis(20));
                continue;
            }
            let answer = answer(&bytes);
            assert!(answer.status == 200 && answer.body["id"].is_string(), "an answer was cut: {answer:?}");
            made.push(name);
            key = uuid::Uuid::new_v4();
            after += usize::from(before != first.port);
        }
        (made, after)
    };
    let acknowledged = thread::scope(|scope| {
        let writer = &writer;
        let writers: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || writer(n))).collect();
        thread::sleep((long / 2).saturating_sub(begun.elapsed()));
        first.signal("TERM");
        let second = Server::start(&home);
        port.store(second.port, Ordering::SeqCst);
        let mut acknowledged = Vec::new();
        for writer in writers {
            let (made, after) = writer.join().unwrap();
            assert!(after > 0 && after < made.len(), "{after} of {} on the second server", made.len());
            acknowledged.extend(made);
        }
        assert_eq!(second.stop(), 0);
        acknowledged
    });
    assert_eq!(first.stop_again(), 0);
    let mut listed = BTreeSet::new();
    for page in 1.. {
        let page = home.json(["secret", "list", "--size", "10000", "--page", &page.to_string()]);
        let page = page.as_array().unwrap();
        listed.extend(page.iter().filter_map(|one| one["name"].as_str().map(ToOwned::to_owned)));
        if page.len() < 10_000 {
            break;
        }
    }
    assert!(acknowledged.iter().all(|name| listed.contains(name)));
    // What was sent and never answered may be there: one request of each writer at most.
    assert!(listed.len() - acknowledged.len() <= WRITERS, "{} {}", listed.len(), acknowledged.len());
    for name in &acknowledged[acknowledged.len().saturating_sub(20)..] {
        assert_eq!(home.values(name)["k"], *name);
    }
    home.ok(["audit", "verify"]);
}

impl Server {
    /// Waits for the end of one that was told to.
    fn stop_again(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

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
    home.ok(["audit", "prune", "--before", "2020-01-01 00:00:00", "-y"]);
    home.ok(["audit", "prune", "--before", "2100-01-01 00:00:00", "-y"]);
    assert_eq!(verify(&home).code, 0, "what was pruned is accounted for");
    assert_eq!(home.json(["audit", "list", "--action", "secret.read"]), json!([]));
}

#[test]
fn an_end_that_was_cut_off_contradicts_the_chains_that_named_it() {
    let home = Home::new();
    home.ok(["secret", "create", "one", "--k=v"]);
    home.ok(["secret", "create", "two", "--k=v"]);
    let server = Server::start(&home);
    let token = server.admin();
    // The first read is written after the heads were named.
    while home.json(["audit", "list", "--action", "audit.heads"]) == json!([]) {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.call(&token, "GET", "/audit/verify", &Value::Null).status, 200);
    assert_eq!(server.stop(), 0);
    home.ok(["audit", "verify"]);
    let last = home.json(["audit", "list", "--limit", "1"]);
    assert_eq!(last[0]["action"], "audit.close", "a chain that was not cut off ends like this");
    // Somebody who writes the database makes everything agree again, but for the keys that he has not.
    let url = format!("sqlite:{}", home.database().display());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
        let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let cut = "DELETE FROM audit WHERE chain = 'local' AND seq = (SELECT MAX(seq) FROM audit WHERE chain = 'local'); \
                   UPDATE audit_chains SET seq = seq - 1, mac = (SELECT mac FROM audit a WHERE a.chain = 'local' \
                   ORDER BY seq DESC LIMIT 1) WHERE chain = 'local'";
        connection.execute(sqlx::raw_sql(cut)).await.unwrap();
        connection.close().await.unwrap();
    });
    let error = home.fails(1, ["audit", "verify"]);
    assert!(error.contains("cut off") && error.contains("local"), "{error}");
}

#[test]
fn two_hundred_logins_at_once_leave_it_answering_reads() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    let path = format!("/secrets/{}", id(&made));
    let reads = thread::scope(|scope| {
        let logins: Vec<_> = (0..200)
            .map(|n| {
                scope.spawn({
                    let server = &server;
                    move || login_as(server, n)
                })
            })
            .collect();
        let mut reads = 0;
        while logins.iter().any(|login| !login.is_finished()) {
            assert_eq!(server.call(&token, "GET", &path, &Value::Null).status, 200);
            reads += 1;
        }
        let outcomes: Vec<u16> = logins.into_iter().map(|login| login.join().unwrap()).collect();
        // Right, wrong, or told to wait: nothing else, and never an error of the server.
        assert!(outcomes.iter().all(|status| [200, 401, 503].contains(status)), "{outcomes:?}");
        reads
    });
    assert!(reads > 20, "{reads} reads while people logged in");
}

/// Every second one with a wrong password; answers the status.
fn login_as(server: &Server, n: usize) -> u16 {
    let password = if n.is_multiple_of(2) { PASSWORD } else { "wrong-password" };
    server
        .login(&format!("username=admin&password={password}"))
        .map_or_else(|refused| refused.status, |_| 200)
}

#[test]
fn what_would_be_unsafe_is_refused_at_the_start() {
    let home = Home::new();
    let error = home.fails(1, ["serve", "--listen", "0.0.0.0:0"]);
    assert!(error.contains("server.listen") && error.contains("behind-proxy"), "{error}");
    let config = home.file("config.toml", "[server]\ntls_cert = \"/nowhere.pem\"\n");
    let error = home.fails(1, ["serve", "--config", &config]);
    assert!(error.contains("server.tls_key"), "{error}");
    let config = home.file("config.toml", "[server]\nlisten_to = \"127.0.0.1:1\"\n");
    let error = home.fails(1, ["serve", "--config", &config]);
    assert!(error.contains("listen_to"), "{error}");
    assert!(home.run(["serve", "--check"]).err.contains("everything is as it should be"));
}
