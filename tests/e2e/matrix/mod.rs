//! Every route for every kind of caller, as the table beside says; and every answer as the API's description says.

mod cast;
mod request;

use crate::{server::Answer, support::Home};
use cast::{CALLERS, Cast};
use request::{request, targets};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

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
        for method in ["get", "post", "put", "delete"] {
            if let Some(about) = item.get(method) {
                let id = about["operationId"].as_str().unwrap().to_owned();
                all.push(Operation {
                    id,
                    method: method.to_uppercase(),
                    path: path.clone(),
                    about: about.clone(),
                });
            }
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
    assert_no_more(&document["components"]["schemas"], &json["schema"], &answer.body, &operation.id);
}

/// Panics if an object has a field that is not described.
fn assert_no_more(schemas: &Value, schema: &Value, body: &Value, place: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &schemas[name.rsplit('/').next().unwrap()],
        None => schema,
    };
    if let (Some(object), Some(fields)) = (body.as_object(), schema["properties"].as_object()) {
        for (name, value) in object {
            let field = fields.get(name).unwrap_or_else(|| panic!("{place}: `{name}` is not described"));
            assert_no_more(schemas, field, value, &format!("{place}.{name}"));
        }
    }
    for item in body.as_array().into_iter().flatten() {
        assert_no_more(schemas, &schema["items"], item, place);
    }
}

#[test]
fn every_route_answers_every_caller_as_the_table_says_and_as_it_is_described() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let operations = operations(&document);
    assert!(operations.len() > 40, "{}", operations.len());
    let known: BTreeMap<(&str, &str), &str> = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (operation, rest) = line.split_once(' ').unwrap();
            let (target, rest) = rest.trim_start().split_once(' ').unwrap();
            ((operation, target), rest.trim())
        })
        .collect();
    let (mut seen, mut found) = (BTreeSet::new(), String::new());
    for operation in &operations {
        for &target in targets(&operation.path) {
            let mut cells = Vec::new();
            // What shows no valid credentials gets one answer, whatever is wrong with them.
            let bad: Vec<u16> = cast
                .strangers()
                .map(|credential| {
                    let answer = request(&cast, operation_parts(operation), target, "admin", credential);
                    check_shape(&document, operation, &answer);
                    answer.status
                })
                .collect();
            assert!(bad.iter().all(|status| *status == bad[0]), "{} {target}: {bad:?}", operation.id);
            cells.push(bad[0]);
            for caller in CALLERS {
                let credential = cast.credential(caller);
                let answer = request(&cast, operation_parts(operation), target, caller, &credential);
                check_shape(&document, operation, &answer);
                let text = answer.body.to_string();
                let hidden = caller == "auditor" || target == "others";
                assert!(!(hidden && text.contains("canary")), "{} {target} {caller}: {text}", operation.id);
                cells.push(answer.status);
            }
            let cells = cells.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
            let _ = writeln!(found, "{:<30} {target:<8} {cells}", operation.id);
            seen.insert((operation.id.clone(), target));
        }
    }
    let mut wrong = Vec::new();
    for line in found.lines() {
        let mut words = line.split_whitespace();
        let key = (words.next().unwrap(), words.next().unwrap());
        let cells = words.collect::<Vec<_>>().join(" ");
        match known.get(&key) {
            Some(expected) if expected.split_whitespace().collect::<Vec<_>>().join(" ") == cells => {}
            Some(expected) => wrong.push(format!("{key:?}: {cells}, but the table says {expected}")),
            None => wrong.push(format!("{key:?}: {cells}, but the table has no row for it")),
        }
    }
    for (operation, target) in known.keys() {
        if !seen.contains(&((*operation).to_owned(), *target)) {
            wrong.push(format!("{operation} {target}: the table has a row for what is not there"));
        }
    }
    assert!(wrong.is_empty(), "{}\n\nas it is:\n{found}", wrong.join("\n"));
}

fn operation_parts(operation: &Operation) -> (&str, &str, &str) {
    (&operation.id, &operation.method, &operation.path)
}

#[test]
fn what_is_anothers_private_secret_looks_exactly_as_if_it_were_missing() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    for operation in operations(&document) {
        if !targets(&operation.path).contains(&"others") {
            continue;
        }
        for caller in CALLERS {
            let credential = cast.credential(caller);
            let [hidden, missing] = ["others", "missing"].map(|target| {
                let (secret, name) = cast.secret(target, caller);
                let answer = request(&cast, operation_parts(&operation), target, caller, &credential);
                let same = |text: &str| text.replace(&secret, "ID").replace(&name, "NAME");
                let head: Vec<String> = answer
                    .head
                    .lines()
                    .filter(|line| {
                        !["date:", "x-request-id:", "content-length:"].iter().any(|own| line.starts_with(own))
                    })
                    .map(same)
                    .collect();
                (answer.status, head, same(&answer.body.to_string()))
            });
            assert_eq!(hidden, missing, "{} {caller}", operation.id);
        }
    }
}

/// How many statements a request sends to the database, its audit entry included. What happens besides now and then
/// only adds to it.
fn statements(cast: &Cast, operation: &Operation, target: &str, caller: &str) -> u64 {
    let count = || {
        let metrics = cast.server.send("GET", "/metrics", &[], b"").body;
        let text = metrics.as_str().unwrap().to_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("strongroom_database_statements_total "));
        line.expect("the metric is not there").parse::<u64>().unwrap()
    };
    let credential = cast.credential(caller);
    let once = || {
        cast.owner_reads();
        let before = count();
        request(cast, operation_parts(operation), target, caller, &credential);
        count() - before
    };
    once();
    (0..4).map(|_| once()).min().unwrap()
}

#[test]
fn what_is_anothers_private_secret_takes_as_many_queries_as_what_is_missing() {
    let home = Home::new();
    // Then an entry is written before the answer, and belongs to its request.
    let cast = Cast::with(&home, &[("STRONGROOM_AUDIT_READS", "sync")]);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let (mut routes, mut wrong) = (0, Vec::new());
    for operation in operations(&document) {
        if !targets(&operation.path).contains(&"others") {
            continue;
        }
        routes += 1;
        for caller in CALLERS {
            let [hidden, missing] =
                ["others", "missing"].map(|target| statements(&cast, &operation, target, caller));
            assert!(hidden > 0, "{}: nothing was counted", operation.id);
            if hidden != missing {
                wrong.push(format!("{} {caller}: {hidden}, {missing} if missing", operation.id));
            }
        }
    }
    assert!(routes > 5 && wrong.is_empty(), "{routes} routes: {wrong:#?}");
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

#[test]
fn metrics_tell_what_a_store_costs() {
    let home = Home::with_directory();
    let cast = Cast::new(&home);
    let admin = cast.credential("admin");
    for name in ["one", "two"] {
        let body = json!({"name": name, "values": {"k": "v"}});
        assert_eq!(cast.server.call(&admin, "POST", "/secrets", &body).status, 200);
    }
    let metrics = cast.server.send("GET", "/metrics", &[], b"").body;
    let text = metrics.as_str().unwrap();
    let labels = "{store=\"default\",operation=\"put\"}";
    let value = |metric: &str| -> f64 {
        let line = format!("strongroom_{metric}_total{labels} ");
        let found = text.lines().find_map(|one| one.strip_prefix(&line));
        found.unwrap_or_else(|| panic!("no {line} in {text}")).parse().unwrap()
    };
    let calls = value("store_calls");
    assert!(calls >= 2.0, "{text}");
    // The directory says that 10,000 calls are 0.05 dollars.
    assert!((value("store_estimated_cost_usd") - calls * 0.05 / 10_000.0).abs() < 1e-12, "{text}");
}

#[test]
fn metrics_count_and_name_nothing() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let admin = cast.credential("admin");
    let body = json!({"name": "canary-name", "values": {"k": "canary"}});
    assert_eq!(cast.server.call(&admin, "POST", "/secrets", &body).status, 200);
    assert_eq!(cast.server.call(&admin, "GET", "/secrets/by-name/canary-name", &Value::Null).status, 200);
    let metrics = cast.server.send("GET", "/metrics", &[], b"").body;
    let text = metrics.as_str().unwrap();
    let line = "strongroom_http_requests_total{method=\"GET\",route=\"/api/v1/secrets/by-name/{name}\",status=\"200\"} 1";
    assert!(text.contains(line), "{text}");
    assert!(
        text.contains("strongroom_cache_hits_total") && text.contains("strongroom_audit_works 1"),
        "{text}"
    );
    assert!(!text.contains("canary") && text.ends_with("# EOF\n"));
    let forwarded = [("x-forwarded-for", "192.0.2.1")];
    assert_eq!(cast.server.send("GET", "/metrics", &forwarded, b"").status, 401, "not from this machine");
}
