//! Answers of a real ZenML server, and whether ours are like them.
//!
//! A file in `recordings` is a conversation: requests, and what ZenML 0.98.0 answered to each. What differs from one run
//! to the next is cleaned away: ids, moments, tokens. Our server has the same conversation, and its answers must be of the
//! same status and hold the same, but for [`OURS`] and the words of errors.
//!
//! Of a request:
//! - `as` is who sends it: `admin`, or a name under which an answer with an access token was kept;
//! - `send` is the method and the path, `body` an object or a form. `{p}` stands for a prefix of this run, `{NAME}` for the
//!   id of the answer that was kept under that name, `{NAME.key}` and `{NAME.token}` for its key and activation token;
//! - `keep` is the name to keep the answer under.
//!
//! - `ours` is the status of our answer where it is meant to be another one, and `why` says why.
//!
//! With `STRONGROOM_TEST_RECORD=1` the test of the real server writes what it answers into the files.

use crate::{http, site::Site};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, fmt::Write as _, path::PathBuf};

/// Fields that only our answers have, and that clients of ZenML ignore.
const OURS: [&str; 6] = ["role", "scope", "expires", "revision", "values_revision", "strongroom"];

/// Fields that only ZenML's answers have: they are about what we do not do.
const THEIRS: [&str; 9] = [
    "last_user_activity",
    "pro_dashboard_url",
    "pro_api_url",
    "pro_organization_id",
    "pro_organization_name",
    "pro_workspace_id",
    "pro_workspace_name",
    "components",
    "labels",
];

/// A run through one conversation.
struct Talk<'a> {
    site: &'a Site,
    prefix: String,
    kept: HashMap<String, String>,
    tokens: HashMap<String, String>,
}

impl<'a> Talk<'a> {
    fn new(site: &'a Site) -> Self {
        let tokens = HashMap::from([("admin".to_owned(), site.token())]);
        Self { site, prefix: site.name(""), kept: HashMap::new(), tokens }
    }

    /// Sends one request; answers the status and the cleaned answer.
    fn exchange(&mut self, exchange: &Value) -> (u16, Value) {
        let text = |field: &str| exchange[field].as_str().unwrap_or_default();
        let send = self.fill(text("send"));
        let (method, path) = send.split_once(' ').expect("a method and a path");
        let body = match &exchange["body"] {
            Value::Null => String::new(),
            Value::String(form) => self.fill(form),
            object => self.fill(&object.to_string()),
        };
        let token = self.tokens.get(text("as")).map(String::as_str);
        let answer = http::send(&self.site.url, method, &format!("/api/v1{path}"), token, &body);
        if !text("keep").is_empty() {
            self.keep(text("keep"), &answer.body);
        }
        (answer.status, self.clean("", &answer.body))
    }

    fn keep(&mut self, name: &str, answer: &Value) {
        for (suffix, pointer) in
            [("", "/items/0/id"), ("", "/id"), (".key", "/body/key"), (".token", "/body/activation_token")]
        {
            if let Some(found) = answer.pointer(pointer).and_then(Value::as_str) {
                self.kept.insert(format!("{name}{suffix}"), found.to_owned());
            }
        }
        if let Some(token) = answer["access_token"].as_str() {
            self.tokens.insert(name.to_owned(), token.to_owned());
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.replace("{p}", &self.prefix);
        for (name, found) in &self.kept {
            filled = filled.replace(&format!("{{{name}}}"), found);
        }
        filled
    }

    /// What is the same in every run.
    fn clean(&self, field: &str, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().filter(|(name, _)| !THEIRS.contains(&name.as_str()));
                fields
                    .map(|(name, value)| (name.clone(), self.clean(name, value)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            Value::Array(items) => items.iter().map(|item| self.clean(field, item)).collect(),
            Value::String(text) => {
                let text = text.replace(&self.prefix, "");
                match field {
                    "key" | "access_token" | "activation_token" => "<secret>".into(),
                    _ if uuid::Uuid::parse_str(&text).is_ok() => "<id>".into(),
                    _ if is_time(&text) => "<time>".into(),
                    _ if text == self.site.username => "admin".into(),
                    // The rest would be what was sent, and where the server is installed.
                    _ => without_ids(text.lines().next().unwrap_or_default()).into(),
                }
            }
            Value::Number(_) if field == "expires_in" => "<seconds>".into(),
            other => other.clone(),
        }
    }
}

/// As the contract writes moments: UTC, with microseconds, without saying so.
fn is_time(text: &str) -> bool {
    let like = "0000-00-00T00:00:00.000000";
    // ZenML leaves microseconds out when there are none.
    (text.len() == like.len() || text.len() == 19)
        && text.bytes().zip(like.bytes()).all(|(a, b)| if b == b'0' { a.is_ascii_digit() } else { a == b })
}

/// Ids in a text.
fn without_ids(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words
        .map(|word| {
            let id = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
            if uuid::Uuid::parse_str(id).is_ok() { word.replace(id, "<id>") } else { word.to_owned() }
        })
        .collect()
}

/// Whether a user's metadata are asked for in a way in which `user describe` does not.
fn asked_for(at: &str) -> bool {
    at.contains("GET /users/") && !at.contains("/{p}")
}

/// Notes where `ours` is not like `theirs`.
fn compare(at: &str, field: &str, theirs: &Value, ours: &Value, found: &mut String) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, value) in theirs {
                match ours.get(name) {
                    Some(other) => compare(&format!("{at}/{name}"), name, value, other, found),
                    None => writeln!(found, "{at}/{name}: it is not there").unwrap(),
                }
            }
            for name in ours.keys() {
                if !theirs.contains_key(name) && !OURS.contains(&name.as_str()) {
                    writeln!(found, "{at}/{name}: only ours has it").unwrap();
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (n, (one, other)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{at}/{n}"), field, one, other, found);
            }
        }
        // The words of an error are for people, but for the first of two, which is the exception's name.
        (Value::String(_), Value::String(_)) if field == "detail" && !at.ends_with("/0") => {}
        // Some errors are a bare list there. Its client understands both.
        (Value::Array(_), Value::Object(object)) if field.is_empty() && object.contains_key("detail") => {
            compare(at, "detail", theirs, &object["detail"], found);
        }
        // Tokens end.
        (Value::Null, Value::String(_)) if field == "expires_in" => {}
        // Nobody is asked.
        (Value::Bool(_), Value::Null) if field == "email_opted_in" => {}
        // ZenML notes it only for passwords that the person chose.
        (Value::Null, Value::String(time)) if field == "password_changed_at" && time == "<time>" => {}
        // What its client's `user describe` cannot print.
        (Value::Object(theirs), Value::Null) if theirs.contains_key("user_metadata") && !asked_for(at) => {}
        (Value::String(_), Value::String(_)) if at.contains("GET /info ") && field == "name" => {}
        _ if theirs == ours => {}
        _ => writeln!(found, "{at}: {theirs} is recorded, not {ours}").unwrap(),
    }
}

/// All conversations: their files and what is in them.
fn conversations() -> Vec<(PathBuf, Vec<Value>)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/zenml/recordings");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let exchanges =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, exchanges)
    };
    let all: Vec<_> = files.map(read).collect();
    assert!(!all.is_empty(), "nothing is recorded");
    all
}

/// Has all conversations with a server; answers what is not as recorded.
fn differences(site: &Site) -> String {
    let mut found = String::new();
    for (path, exchanges) in conversations() {
        let mut talk = Talk::new(site);
        for exchange in &exchanges {
            let (status, answer) = talk.exchange(exchange);
            let what = format!(
                "{}: {} as {}",
                path.file_stem().unwrap().display(),
                exchange["send"].as_str().unwrap_or_default(),
                exchange["as"]
            );
            let expected = if site.is_ours() { exchange.get("ours") } else { None };
            if let Some(expected) = expected {
                if *expected != status {
                    writeln!(found, "{what}: {expected} is ours, not {status}: {answer}").unwrap();
                }
            } else if exchange["status"] != status {
                writeln!(found, "{what}: {} is recorded, not {status}: {answer}", exchange["status"])
                    .unwrap();
            } else {
                compare(&what, "", &exchange["answer"], &answer, &mut found);
            }
        }
    }
    found
}

#[test]
fn our_server_answers_as_recorded() {
    let found = differences(&Site::ours());
    assert!(found.is_empty(), "\n{found}");
}

mod zenml {
    use super::*;

    #[test]
    #[ignore = "needs ZenML: cargo xtask test"]
    fn the_real_server_answers_as_recorded() {
        let site = Site::real();
        if std::env::var_os("STRONGROOM_TEST_RECORD").is_some() {
            record(&site);
        }
        let found = differences(&site);
        assert!(found.is_empty(), "\n{found}");
    }

    fn record(site: &Site) {
        for (path, exchanges) in conversations() {
            let mut talk = Talk::new(site);
            talk.prefix = format!("{}record-", talk.prefix);
            let recorded = exchanges.into_iter().map(|mut exchange| {
                let (status, answer) = talk.exchange(&exchange);
                (exchange["status"], exchange["answer"]) = (json!(status), answer);
                exchange
            });
            let recorded: Vec<Value> = recorded.collect();
            std::fs::write(path, serde_json::to_string_pretty(&recorded).unwrap() + "\n").unwrap();
        }
    }
}
