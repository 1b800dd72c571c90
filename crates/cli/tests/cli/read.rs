//! `get` and `export`.

use crate::support::{Around, Program};
use serde_json::json;

#[test]
fn one_value_is_printed_raw_and_on_a_terminal_with_a_newline() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "-v", r#"{"a": "x\ty\u001b[0m\u202e\n", "name with space": "2"}"#]);
    assert_eq!(program.ok(["secret", "get", "db", "a"]), "x\ty\x1b[0m\u{202e}\n");
    assert_eq!(program.ok(["secret", "get", "db", "name with space"]), "2");
    let ended = program.run_in(Around::terminal([]), ["secret", "get", "db", "name with space"]);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("2\n", ""));
}

#[test]
fn one_value_in_a_format_is_one_document() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=no"]);
    assert_eq!(program.ok(["secret", "get", "db", "a", "-o", "json"]), "\"no\"\n");
    assert_eq!(program.ok(["secret", "get", "db", "a", "-o", "yaml"]), "\"no\"\n");
    assert_eq!(program.ok(["secret", "get", "db", "a", "-o", "table"]), "no");
}

#[test]
fn a_key_that_is_not_there_suggests_the_near_one() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--password=1"]);
    let ended = program.run(["secret", "get", "db", "passwrod"]);
    assert_eq!(ended.code, 3);
    assert!(ended.err.contains("no key `passwrod` (did you mean `password`?)"), "{}", ended.err);
    assert_eq!(ended.out, "");
}

#[test]
fn the_json_of_a_secret_has_these_fields_and_no_others() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--b=2", "--a=1"]);
    let secret = program.json("db");
    let fields: Vec<_> = secret.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields.len(), 8);
    for field in ["id", "name", "private", "owner", "created", "updated", "revision", "values"] {
        assert!(fields.contains(&field), "{field}");
    }
    assert_eq!(secret["owner"], "admin");
    assert_eq!(secret["private"], false);
    assert_eq!(secret["values"], json!({"a": "1", "b": "2"}));
    let created = secret["created"].as_str().unwrap();
    assert_eq!((created.len(), &created[10..11], &created[19..20], &created[26..]), (27, "T", ".", "Z"));
}

#[test]
fn piped_values_are_tab_separated_and_can_be_read_back() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "-v", r#"{"b": "2", "a\tb": "c\\d\n"}"#]);
    assert_eq!(program.ok(["secret", "get", "db"]), "key\tvalue\na\\tb\tc\\\\d\\n\nb\t2\n");
}

#[test]
fn a_table_is_aligned_whatever_the_width_of_its_characters() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "-v", r#"{"日本": "2", "abcde": "3"}"#]);
    let table = program.ok(["secret", "get", "db", "-o", "table"]);
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("db: public, of admin, revision 1"), "{table}");
    assert_eq!(lines[1..], ["KEY    VALUE", "abcde  3", "日本   2"]);
}

#[test]
fn the_history_is_not_reached_beyond_what_is_kept() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    assert_eq!(program.run(["secret", "get", "db", "--revision", "0"]).code, 3);
    assert_eq!(program.run(["secret", "get", "db", "--revision", "2"]).code, 3);
    assert_eq!(program.run(["secret", "get", "db", "--revision", "-1"]).code, 2);
    assert_eq!(program.run(["secret", "get", "db", "--revision", "x"]).code, 2);
}

#[test]
fn export_is_a_flat_map_of_texts() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "-v", r#"{"user": "joe", "port": "5432", "no": "yes", "e": ""}"#]);
    assert_eq!(
        program.ok(["secret", "export", "db"]),
        "e: \"\"\n\"no\": \"yes\"\nport: \"5432\"\nuser: joe\n"
    );
    assert_eq!(
        program.ok(["secret", "export", "db", "-o", "json"]),
        "{\n  \"e\": \"\",\n  \"no\": \"yes\",\n  \"port\": \"5432\",\n  \"user\": \"joe\"\n}\n"
    );
}

#[test]
fn a_certificate_is_exported_in_lines() {
    let program = Program::new();
    program.ok([
        "secret",
        "create",
        "tls",
        "-v",
        r#"{"key": "-----BEGIN X-----\nabc=\n\ndef\n-----END X-----\n", "z": "a\nb"}"#,
    ]);
    let expected = "key: |\n  -----BEGIN X-----\n  abc=\n\n  def\n  -----END X-----\nz: |-\n  a\n  b\n";
    assert_eq!(program.ok(["secret", "export", "tls"]), expected);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let ended = program.run_in(Around::closed_pipe(), ["secret", "get", "db"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}
