//! Many secrets at once.

use super::{Server, id};
use crate::support::Home;
use serde_json::{Value, json};

fn values(server: &Server, token: &str, ids: &[&str], names: &[&str]) -> (u16, Value) {
    let answer = server.call(token, "POST", "/secrets/values", &json!({"ids": ids, "names": names}));
    (answer.status, answer.body)
}

#[test]
fn each_secret_is_asked_for_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "canary"}}));
    let id = &*id(&made);
    let bare = id.replace('-', "");
    for (ids, names, told) in
        [(vec![id, &bare], vec!["db"], &*bare), (vec![id], vec!["db", "other", "db"], "db")]
    {
        let (status, body) = values(&server, &token, &ids, &names);
        assert_eq!((status, &body["detail"][0]), (422, &json!("ValueError")), "{body}");
        let text = body["detail"][1].as_str().unwrap();
        assert!(text.contains(&format!("`{told}`")) && !text.contains("canary"), "{text}");
    }
    let (status, body) = values(&server, &token, &[id], &["db"]);
    assert_eq!((status, body["items"].as_array().unwrap().len()), (200, 2), "{body}");
}

#[test]
fn one_answer_has_so_many_values_and_the_rest_can_be_asked_for_again() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    // Each of these is six bytes in an answer.
    let value = "\u{1}".repeat(65_000);
    let names: Vec<String> = (0..60).map(|n| format!("db-{n}")).collect();
    for name in &names {
        let made = server.call(&token, "POST", "/secrets", &json!({"name": name, "values": {"k": value}}));
        assert_eq!(made.status, 200, "{made:?}");
    }
    let mut left: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut answers = Vec::new();
    while !left.is_empty() {
        let (status, body) = values(&server, &token, &[], &left);
        let items = body["items"].as_array().unwrap();
        assert_eq!((status, items.len()), (200, left.len()));
        let found = items.iter().take_while(|item| item["secret"]["body"]["values"]["k"] == value).count();
        assert!(items.iter().zip(&left).all(|(item, name)| item["ref"] == *name));
        for item in &items[found..] {
            let error = (&item["error"][0], item["error"][1].as_str().unwrap());
            assert!(error.0 == "RuntimeError" && error.1.contains("again"), "{item}");
        }
        assert!(found > 0);
        answers.push(found);
        left.drain(..found);
    }
    assert_eq!(answers, [43, 17], "16 MiB have room for 43 of 390,000 bytes");
}

#[test]
fn what_was_not_found_is_in_the_audit_trail_by_its_id() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let auth = format!("Bearer {token}");
    let missing = "00000000-0000-4000-8000-000000000001";
    let (status, body) = values(&server, &token, &[missing], &[]);
    assert_eq!((status, &body["items"][0]["error"][0]), (200, &json!("KeyError")), "{body}");
    // A repeat of what made a secret that is gone by now.
    let headers = [("authorization", &*auth), ("idempotency-key", "11111111-2222-4333-8444-555555555555")];
    let create = || server.send("POST", "/api/v1/secrets", &headers, b"{\"name\": \"db\"}");
    let gone = id(&create());
    assert_eq!(server.call(&token, "DELETE", &format!("/secrets/{gone}"), &Value::Null).status, 200);
    assert_eq!(create().status, 404);
    assert_eq!(server.stop(), 0);
    let noted = home.json(["audit", "list", "--action", "secret.missing"]);
    let mut ids: Vec<&str> =
        noted.as_array().unwrap().iter().map(|entry| entry["secret"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = [missing, &gone];
    expected.sort_unstable();
    assert_eq!(ids, expected, "{noted}");
}

#[test]
fn many_at_once_are_a_few_entries_also_where_the_answer_waits_for_them() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_AUDIT_READS", "sync")]);
    let token = server.admin();
    let make = |n: usize| {
        let new = json!({"name": format!("db-{n}"), "values": {"k": "v"}});
        id(&server.call(&token, "POST", "/secrets", &new))
    };
    let there: Vec<String> = (0..120).map(make).collect();
    let missing: Vec<String> = (0..40).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    let ids: Vec<&str> = there.iter().chain(&missing).map(String::as_str).collect();
    let (status, body) = values(&server, &token, &ids, &[]);
    assert_eq!((status, body["items"].as_array().unwrap().len()), (200, 160), "{body}");
    for (action, ids, expected) in
        [("secret.read", there, vec![20, 100]), ("secret.missing", missing, vec![40])]
    {
        let noted = home.json(["audit", "list", "--action", action]);
        let details: Vec<&str> =
            noted.as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
        let count = |detail: &&str| detail.split_once(" secrets:").unwrap().0.parse::<usize>().unwrap();
        let mut counts: Vec<usize> = details.iter().map(count).collect();
        counts.sort_unstable();
        assert_eq!(counts, expected, "{noted}");
        assert!(ids.iter().all(|id| details.iter().any(|detail| detail.contains(id))), "{noted}");
    }
}
