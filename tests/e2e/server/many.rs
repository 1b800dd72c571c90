//! Many secrets at once.

use super::Server;
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
    let id = made.body["id"].as_str().unwrap();
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
