//! Methods that a route does not have, and HEAD, which it has if it has GET.

use super::{
    Operation,
    cast::Cast,
    operations,
    request::{prepare, targets},
};
use crate::support::Home;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"];

#[test]
fn a_method_that_a_route_does_not_have_is_refused_whoever_asks() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations(&document) {
        paths.entry(operation.path).or_default().insert(operation.method);
    }
    assert!(paths.len() > 25, "{}", paths.len());
    for (path, known) in &paths {
        let filled = path.replace("{id}", super::cast::MISSING);
        let filled = filled.replace(['{', '}'], "");
        for method in METHODS {
            if known.contains(method) || (method == "HEAD" && known.contains("GET")) {
                continue;
            }
            for caller in ["", "reader", "admin"] {
                let auth = if caller.is_empty() { String::new() } else { cast.credential(caller) };
                let auth = format!("Bearer {auth}");
                let headers: &[_] = if caller.is_empty() { &[] } else { &[("authorization", auth.as_str())] };
                let answer = cast.server.send(method, &filled, headers, b"");
                assert_eq!(answer.status, 405, "{method} {path} {caller}: {answer:?}");
                if method != "HEAD" {
                    assert_eq!(answer.body, json!({"detail": "Method Not Allowed"}), "{method} {path}");
                }
                let allow =
                    answer.head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap_or_default();
                let allow: BTreeSet<String> = allow
                    .split(',')
                    .map(|one| one.trim().to_uppercase())
                    .filter(|one| one != "HEAD")
                    .collect();
                assert_eq!(&allow, known, "{method} {path}");
            }
        }
    }
}

#[test]
fn head_answers_as_get_without_the_body() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let document = cast.server.send("GET", "/openapi.json", &[], b"").body;
    let reads: Vec<Operation> =
        operations(&document).into_iter().filter(|operation| operation.method == "GET").collect();
    assert!(reads.len() > 20, "{}", reads.len());
    // Accounts of each kind of rights, and nobody.
    let callers = ["reader", "auditor", "granted", "admin"].map(|caller| (caller, cast.credential(caller)));
    let strangers = ["", "garbage"].map(|credential| ("admin", credential.to_owned()));
    for operation in &reads {
        for &target in targets(&operation.path) {
            for (caller, credential) in callers.iter().chain(&strangers) {
                let get = prepare(&cast, (&operation.id, "GET", &operation.path), target, caller);
                let [get, head] = ["GET", "HEAD"].map(|method| get.by(method).send(&cast, credential));
                assert_eq!(get.status, head.status, "{} {target} {caller}", operation.id);
                assert_eq!(head.body, json!(""), "{} {target} {caller}", operation.id);
                let named = |head: &str| -> BTreeSet<String> {
                    head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
                };
                assert_eq!(named(&get.head), named(&head.head), "{} {target} {caller}", operation.id);
            }
        }
    }
}
