//! Requests that mean harm.

use super::{Answer, Server, answer, id};
use crate::support::Home;
use serde_json::{Value, json};

/// Panics unless it is an error of the API's form that repeats nothing of what was sent, and nothing of ours within.
pub(super) fn assert_harmless(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what:.80}: {answer:?}");
    let (form, extra) = (answer.body.as_object(), &answer.body["detail"]);
    let pair = extra.as_array().is_some_and(|pair| pair.len() == 2 && pair.iter().all(Value::is_string));
    assert!(form.is_some_and(|form| form.len() == 1), "{what:.80}: {answer:?}");
    assert!(pair || extra.as_str().is_some_and(|text| !text.is_empty()), "{what:.80}: {answer:?}");
    assert!(answer.head.contains("content-type: application/json"), "{what:.80}: {answer:?}");
    assert!(answer.head.contains("x-request-id: "), "{what:.80}: {answer:?}");
    let said = format!("{}{}", answer.head, answer.body).to_lowercase();
    for word in
        ["canary", "srt1_", "select ", "insert ", "sqlite", "sqlx", "syntax error", "constraint", ".rs:"]
    {
        assert!(!said.contains(word), "{what:.80}: {word} in {answer:?}");
    }
}

#[test]
fn hostile_requests_get_an_error_of_the_usual_form_and_do_no_harm() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let auth = format!("Bearer {token}");
    let post = |body: &[u8]| server.send("POST", "/api/v1/secrets", &[("authorization", &auth)], body);
    let deep = format!("{{\"name\":\"a\",\"values\":{}1{}", "{\"canary\":".repeat(40), "}".repeat(41));
    let many: Vec<String> = (0..31_000).map(|n| format!("\"{n}\":\"canary\"")).collect();
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
        assert_harmless(&refused, body);
    }
    let large = json!({"name": "a", "values": {"k": "canary".repeat(11_000)}}).to_string();
    let refused = post(large.as_bytes());
    assert_eq!((refused.status, &refused.body["detail"][0]), (400, &json!("ValueError")));
    assert!(refused.body.to_string().contains("65536"), "both numbers: {refused:?}");
    assert_harmless(&refused, "too large");
    let refused = post(&b"canary ".repeat(3 << 17));
    assert_eq!(refused.status, 413);
    assert_harmless(&refused, "a large body");
    let chunked = format!(
        "POST /api/v1/secrets HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {auth}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        3 << 20,
        " ".repeat(3 << 20)
    );
    let refused = answer(&server.raw(chunked.as_bytes()));
    assert_eq!(refused.status, 413);
    assert_harmless(&refused, "a large body without a length");
    let zip = server.send(
        "POST",
        "/api/v1/secrets",
        &[("authorization", &auth), ("content-encoding", "gzip")],
        b"{\"name\":\"a\"}",
    );
    assert_eq!(zip.status, 415);
    assert_harmless(&zip, "a compressed body");
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
        ("POST", "/api/v1/device_authorization", 422),
        ("POST", "/api/v1/login", 400),
    ] {
        let refused = server.send(method, path, &[("authorization", &auth)], b"");
        assert_eq!(refused.status, status, "{method} {path}: {refused:?}");
        assert_harmless(&refused, path);
    }
    let refused = server.send("PUT", "/api/v1/secrets_operations/backup", &[("authorization", &auth)], b"");
    assert_eq!((refused.status, &refused.body["detail"][0]), (501, &json!("NotImplementedError")));
    assert_eq!(
        server.call(&token, "GET", "/secrets", &Value::Null).body["total"],
        0,
        "alive, and nothing was made"
    );
}

#[test]
fn a_million_keys_and_as_many_depths_are_refused_and_take_no_memory_for_long() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_SERVER_MAX_BODY_BYTES", "67108864")]);
    let token = server.admin();
    let (_, before) = server.memory();
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"k{n}\":\"v\"")).collect();
    let keys = format!("{{{}}}", keys.join(","));
    let many = json!({"name": "a", "values": {}}).to_string().replace("{}", &keys);
    let list = format!("{{\"names\":[{}]}}", vec!["\"a\""; 1_000_000].join(","));
    let auth = format!("Bearer {token}");
    for (path, body) in
        [("/api/v1/secrets", &many), ("/api/v1/secrets", &keys), ("/api/v1/secrets/values", &list)]
    {
        let refused = server.send("POST", path, &[("authorization", &auth)], body.as_bytes());
        assert_eq!((refused.status, &refused.body["detail"][0]), (422, &json!("ValueError")), "{refused:?}");
        assert_harmless(&refused, path);
    }
    // As deep as there is room for, in all the ways that there are.
    for (path, open) in [
        ("/api/v1/secrets", "["),
        ("/api/v1/secrets", "{\"values\":"),
        ("/api/v1/secrets/values", "{\"names\":["),
        ("/api/v1/users", "{\"name\":[{\"a\":"),
    ] {
        let deep = open.repeat((32 << 20) / open.len());
        let refused = server.send("POST", path, &[("authorization", &auth)], deep.as_bytes());
        assert_eq!((refused.status, &refused.body["detail"][0]), (422, &json!("ValueError")), "{refused:?}");
        assert_harmless(&refused, path);
    }
    let (after, most) = server.memory();
    // The body itself, and what it takes to receive it.
    assert!(most - before < 100, "{most} MiB, {before} before");
    assert!(after.saturating_sub(before) < 60, "{after} MiB stay, {before} before");
    assert_eq!(server.call(&token, "GET", "/secrets", &Value::Null).body["total"], 0);
}

#[test]
fn forms_and_queries_are_small() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    // Anybody may send one.
    for path in ["/api/v1/login", "/api/v1/device_authorization", "/devices/verify"] {
        let headers = [("sec-fetch-site", "same-origin")];
        for (form, status) in [
            (format!("username={}&password=canary", "x".repeat(16 << 10)), 413),
            (format!("{}username=x&password=canary", "a=b&".repeat(255)), 422),
        ] {
            let refused = server.send("POST", path, &headers, form.as_bytes());
            assert_eq!(refused.status, status, "{path}: {refused:?}");
            assert_harmless(&refused, path);
        }
    }
    let list = |pairs: usize| {
        let path = format!("/secrets?{}", "a=b&".repeat(pairs));
        server.call(&token, "GET", &path, &Value::Null).status
    };
    assert_eq!((list(256), list(257)), (200, 422));
}

#[test]
fn a_path_that_is_no_text_gets_an_error_of_the_usual_form() {
    let home = Home::new();
    let server = Server::start(&home);
    let auth = format!("Bearer {}", server.admin());
    let id = "00000000-0000-4000-8000-000000000000";
    for path in [
        "/secrets/%ff".to_owned(),
        "/secrets/by-name/%ff%fe".to_owned(),
        "/secrets/by-name/%c3%28".to_owned(),
        "/users/%80".to_owned(),
        "/service_accounts/%ff".to_owned(),
        format!("/service_accounts/{id}/api_keys/%ff"),
        "/accounts/%ff/grants".to_owned(),
        "/projects/%ff".to_owned(),
    ] {
        let answer = server.send("GET", &format!("/api/v1{path}"), &[("authorization", &auth)], b"");
        assert_eq!(
            (answer.status, &answer.body["detail"][0]),
            (422, &json!("ValueError")),
            "{path}: {answer:?}"
        );
        assert_harmless(&answer, &path);
    }
    // Bytes that no address may have, and what is hidden in it.
    for path in
        ["/api/v1/secrets/by-name/%00", "/api/v1/secrets/by-name/..%2f..%2fetc", "/api/v1/%2e%2e/%2e%2e"]
    {
        let answer = server.send("GET", path, &[("authorization", &auth)], b"");
        assert_harmless(&answer, path);
    }
    let raw =
        server.raw(b"GET /api/v1/secrets/by-name/\xff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert_harmless(&answer(&raw), "a path that is not ASCII");
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 200);
}

#[test]
fn a_name_of_somebody_elses_and_forged_addresses_lead_nowhere() {
    let home = Home::new();
    let hosts = [("STRONGROOM_SERVER_ALLOWED_HOSTS", "strongroom.example,localhost")];
    let server = Server::start_with(&home, &hosts);
    let token = server.admin();
    let ask = |host: &str| {
        let request = format!(
            "GET /api/v1/secrets HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        answer(&server.raw(request.as_bytes()))
    };
    for host in ["strongroom.example", "STRONGROOM.example:8237", "localhost:1"] {
        assert_eq!(ask(host).status, 200, "{host}");
    }
    for host in ["evil.example", "strongroom.example.evil", "strongroom.example:80@evil", "", "127.0.0.1"] {
        let refused = ask(host);
        assert_eq!((refused.status, refused.body["detail"].is_string()), (421, true), "{host}: {refused:?}");
        assert_harmless(&refused, host);
    }
    assert_eq!(server.stop(), 0);

    // Whom the audit trail names as the caller.
    let logged_in_from =
        |home: &Home| home.json(["audit", "list", "--action", "login", "--limit", "1"])[0]["address"].clone();
    let forged =
        [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.8"), ("x-real-ip", "192.0.2.9")];
    let form = format!("username=admin&password={}", super::PASSWORD);
    for (trusted, sent, from) in [
        ("", "192.0.2.7", "127.0.0.1"),
        ("10.0.0.0/8", "192.0.2.7", "127.0.0.1"),
        ("127.0.0.0/8", "192.0.2.7", "192.0.2.7"),
        // What the client wrote stands in front of what the proxy saw.
        ("127.0.0.0/8", "198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("127.0.0.0/8", "é, 192.0.2.7", "192.0.2.7"),
        ("127.0.0.0/8,10.0.0.0/8", "198.51.100.1, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("127.0.0.0/8", "nonsense", "127.0.0.1"),
        ("127.0.0.0/8", "192.0.2.7, nonsense", "127.0.0.1"),
    ] {
        let server = Server::start_with(&home, &[("STRONGROOM_SERVER_TRUSTED_PROXIES", trusted)]);
        let headers = [("x-forwarded-for", sent), forged[1], forged[2]];
        assert_eq!(server.send("POST", "/api/v1/login", &headers, form.as_bytes()).status, 200);
        assert_eq!(server.stop(), 0);
        assert_eq!(logged_in_from(&home), from, "{trusted}: {sent}");
    }

    // One that listens for both families is shown a proxy's IPv4 address as an IPv6 one. Needs both.
    std::net::TcpListener::bind("[::]:0").expect("this machine has no IPv6: switch it on for this test");
    for (trusted, from) in [("127.0.0.0/8", "192.0.2.7"), ("10.0.0.0/8", "127.0.0.1")] {
        let mut command = home.command(["serve", "--listen", "[::]:0"]);
        command.env("STRONGROOM_SERVER_PLAINTEXT", "behind-proxy").env("STRONGROOM_SERVER_UNREADY_MS", "0");
        command.env("STRONGROOM_SERVER_TRUSTED_PROXIES", trusted);
        let server = Server::start_as(command);
        assert_eq!(server.send("POST", "/api/v1/login", &forged, form.as_bytes()).status, 200);
        assert_eq!(server.stop(), 0);
        assert_eq!(logged_in_from(&home), from, "{trusted}");
    }
}

#[test]
fn a_name_with_a_null_character_is_refused_by_its_rule() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let path = format!("/secrets/{}", id(&server.call(&token, "POST", "/secrets", &json!({"name": "db"}))));
    for name in ["\0", "\0db", "d\0b", "db\0"] {
        let body = json!({"name": name, "values": {"k": "canary"}});
        for (method, path) in [("POST", "/secrets"), ("PUT", &path)] {
            let refused = server.call(&token, method, path, &body);
            assert_eq!(
                (refused.status, &refused.body["detail"][0]),
                (422, &json!("ValueError")),
                "{refused:?}"
            );
            assert_harmless(&refused, "U+0000");
            let text = refused.body["detail"][1].as_str().unwrap();
            assert!(text.contains("name") && text.contains("U+0000"), "{method} {name:?}: {text}");
            assert!(!text.contains("canary") && !text.contains('\0'), "{method} {name:?}: {text}");
        }
    }
    let listed = server.call(&token, "GET", "/secrets", &Value::Null);
    assert_eq!((&listed.body["total"], &listed.body["items"][0]["name"]), (&json!(1), &json!("db")));
    assert_eq!(server.stop(), 0);
}
