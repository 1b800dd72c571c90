//! Requests that mean harm.

use super::{Server, answer};
use crate::support::Home;
use serde_json::{Value, json};

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
