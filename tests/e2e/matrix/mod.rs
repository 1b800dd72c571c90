//! Every route for every kind of caller, as the table beside says; and every answer as the API's description says.

mod cast;
mod counts;
mod hidden;
mod methods;
mod request;
mod undescribed;

use crate::{
    server::{Answer, id},
    support::Home,
};
use cast::{CALLERS, Cast, NOBODY};
use request::{prepare, request, targets};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _};
use undescribed::undescribed;

const TABLE: &str = include_str!("table.txt");

/// One operation of the description.
struct Operation {
    id: String,
    method: String,
    path: String,
    about: Value,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, about) in item.as_object().unwrap() {
            // Beside methods there are only these.
            if ["summary", "description", "parameters", "servers"].contains(&method.as_str()) {
                continue;
            }
            let id = about["operationId"].as_str().unwrap().to_owned();
            all.push(Operation {
                id,
                method: method.to_uppercase(),
                path: path.clone(),
                about: about.clone(),
            });
        }
    }
    all
}

/// Panics if an answer is not as it is described.
fn check_shape(document: &Value, operation: &Operation, answer: &Answer) {
    let responses = &operation.about["responses"];
    let status = answer.status.to_string();
    let described =
        [status.clone(), format!("{}XX", &status[..1])].into_iter().find_map(|key| responses.get(key));
    let described = described.unwrap_or_else(|| panic!("{}: {status} is not described", operation.id));
    let content = described["content"].as_object().unwrap_or_else(|| panic!("{}: no content", operation.id));
    let Some(json) = content.get("application/json") else { return };
    let mut schema = json["schema"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = validator.validate(&answer.body) {
        panic!("{} {status}: {} at {}", operation.id, error.kind().keyword(), error.instance_path());
    }
    let undescribed = undescribed(&document["components"]["schemas"], &[&json["schema"]], &answer.body);
    assert!(undescribed.is_empty(), "{} {status}: {undescribed:?} are not described", operation.id);
}

/// The rows of a table: what stands behind each operation and target.
fn rows(table: &str) -> BTreeMap<(&str, &str), String> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut rows = BTreeMap::new();
    for line in lines {
        let mut words = line.split_whitespace();
        let key = (words.next().unwrap(), words.next().unwrap());
        let twice = rows.insert(key, words.collect::<Vec<_>>().join(" "));
        assert!(twice.is_none(), "{key:?} stands there twice");
    }
    rows
}

/// Where what was found is not as the table says, in either direction.
fn differences(table: &str, found: &str) -> Vec<String> {
    let (known, found) = (rows(table), rows(found));
    let mut wrong = Vec::new();
    for (key, cells) in &found {
        match known.get(key) {
            Some(expected) if expected == cells => {}
            Some(expected) => wrong.push(format!("{key:?}: {cells}, but the table says {expected}")),
            None => wrong.push(format!("{key:?}: {cells}, but the table has no row for it")),
        }
    }
    let gone = known.keys().filter(|key| !found.contains_key(*key));
    wrong.extend(gone.map(|key| format!("{key:?}: the table has a row for what is not there")));
    wrong
}

#[test]
fn a_route_without_a_row_and_a_row_without_a_route_are_noticed() {
    let lines: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(differences(TABLE, TABLE), [""; 0]);
    for at in [0, lines.len() / 2, lines.len() - 1] {
        let mut without = lines.clone();
        let row = without.remove(at);
        let without = without.join("\n");
        assert!(differences(&without, TABLE)[0].contains("has no row for it"), "{row}");
        assert!(differences(TABLE, &without)[0].contains("is not there"), "{row}");
        let mut other = lines.clone();
        let changed = format!("{} 299", row.rsplit_once(' ').unwrap().0);
        other[at] = &changed;
        assert!(differences(&other.join("\n"), TABLE)[0].contains("but the table says"), "{row}");
    }
}

#[test]
fn every_route_answers_every_caller_as_the_table_says_and_as_it_is_described() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let operations = operations(&document);
    assert!(operations.len() > 40, "{}", operations.len());
    let mut found = String::new();
    for operation in &operations {
        for &target in targets(&operation.path) {
            let mut cells = Vec::new();
            // What shows no valid credentials gets one answer, whatever is wrong with them.
            let open = operation.about["security"].is_array();
            // Where a form tells who asks, theirs tells nothing.
            let asker = if open { NOBODY } else { "admin" };
            let mut prepared = prepare(&cast, operation_parts(operation), target, asker);
            let mut bad: Vec<(&str, u16)> = Vec::new();
            for (why, credential) in cast.strangers() {
                let answer = prepared.send(&cast, credential);
                check_shape(&document, operation, &answer);
                bad.push((why, answer.status));
                // What is refused changes nothing; what is not may be possible once.
                if open {
                    prepared = prepare(&cast, operation_parts(operation), target, asker);
                }
            }
            assert!(bad.iter().all(|(_, status)| *status == bad[0].1), "{} {target}: {bad:?}", operation.id);
            cells.push(bad[0].1);
            for caller in CALLERS {
                let credential = cast.credential(caller);
                let answer = request(&cast, operation_parts(operation), target, caller, &credential);
                check_shape(&document, operation, &answer);
                let text = answer.body.to_string();
                let hidden = caller == "auditor" || target == "others";
                assert!(!(hidden && text.contains("canary")), "{} {target} {caller}: {text}", operation.id);
                assert!(!text.contains("canary-others"), "{} {target} {caller}: {text}", operation.id);
                cells.push(answer.status);
            }
            let cells = cells.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
            let _ = writeln!(found, "{:<30} {target:<8} {cells}", operation.id);
        }
    }
    let wrong = differences(TABLE, &found);
    assert!(wrong.is_empty(), "{}\n\nas it is:\n{found}", wrong.join("\n"));
}

fn operation_parts(operation: &Operation) -> (&str, &str, &str) {
    (&operation.id, &operation.method, &operation.path)
}

/// Whoever makes requests from the description makes none of a secret that is refused for its nulls.
#[test]
fn nulls_are_described_where_they_are_taken() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let admin = cast.credential("admin");
    let made = cast.server.call(&admin, "POST", "/secrets", &json!({"name": "nulls"}));
    let path = format!("/secrets/{}", id(&made));
    for (schema, method, path) in [("NewSecret", "POST", "/secrets"), ("SecretChange", "PUT", path.as_str())]
    {
        for field in ["private", "values"] {
            let mut body = json!({"name": format!("{schema}-{field}")});
            body[field] = Value::Null;
            let answer = cast.server.call(&admin, method, path, &body);
            let described = &document["components"]["schemas"][schema]["properties"][field]["type"];
            assert!(!described.is_null(), "{schema}.{field}");
            let allowed = described.as_array().is_some_and(|types| types.contains(&json!("null")));
            assert_eq!(answer.status, if allowed { 200 } else { 422 }, "{schema}.{field}: {answer:?}");
        }
    }
}

#[test]
fn the_page_shows_every_route_and_runs_nothing() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let page = cast.server.send("GET", "/docs", &[], b"");
    assert!(
        page.head.contains("content-security-policy: default-src 'none'; style-src 'self'"),
        "{}",
        page.head
    );
    let text = page.body.as_str().unwrap();
    for operation in operations(&document) {
        assert!(text.contains(&operation.path), "{}", operation.path);
    }
    assert!(!text.contains("<script") && !text.contains("http://") && !text.contains("https://"));
    assert_eq!(cast.server.send("GET", "/docs/style.css", &[], b"").status, 200);
    assert_eq!(document["security"], json!([{"bearer": []}]));
}
