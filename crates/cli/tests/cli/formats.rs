//! JSON and YAML documents as strangers read them.

use crate::support::Program;
use serde_json::{Value, json};

#[test]
fn the_yaml_of_a_list_and_of_a_secret_nests() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=no", "--b=x y"]);
    let secret = program.ok(["secret", "get", "db", "-o", "yaml"]);
    assert!(secret.contains("name: db\nprivate: false\nowner: admin\n"), "{secret}");
    assert!(secret.ends_with("revision: 1\nvalues:\n  a: \"no\"\n  b: \"x y\"\n"), "{secret}");
    let list = program.ok(["secret", "list", "-o", "yaml"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(lines[0].starts_with("- id: ") && lines[1] == "  name: db" && lines.len() == 7, "{list}");
}

#[test]
fn an_option_before_or_behind_the_command_chooses_the_format() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let before = program.ok(["-o", "json", "secret", "list"]);
    assert_eq!(program.ok(["--output=json", "secret", "list"]), before);
    assert_eq!(program.ok(["secret", "list", "-o", "json"]), before);
    assert_eq!(program.ok(["-o", "yaml", "secret", "list", "--output", "json"]), before);
    assert_eq!(program.run(["-o", "xml", "secret", "list"]).code, 2);
}

#[test]
fn backends_show_their_limits() {
    let program = Program::new();
    let backends: Value = serde_json::from_str(&program.ok(["backends", "-o", "json"])).unwrap();
    let find = |kind: &str| backends.as_array().unwrap().iter().find(|b| b["type"] == kind).unwrap();
    let sql = json!({
        "type": "sql", "in_program": true, "payload_bytes": 65_536, "names": "any", "history": null, "bulk_read": 1,
        "removal": "destroys", "recoverable": false, "seals": true,
        "about": "sealed values in the rows of the database",
    });
    assert_eq!(find("sql"), &sql);
    let remote = find("remote");
    assert_eq!(remote["in_program"], true);
    for column in ["payload_bytes", "names", "history", "bulk_read", "removal", "recoverable", "seals"] {
        assert!(remote[column].is_null(), "{column} is for the other store to say: {remote}");
        for kind in ["aws", "azure", "gcp", "hashicorp"].map(find) {
            let known = kind["in_program"] == true && (column != "history" || kind["type"] == "aws");
            assert_eq!(!kind[column].is_null(), known, "{column}: {kind}");
        }
    }
    let head =
        "type\tin_program\tpayload_bytes\tnames\thistory\tbulk_read\tremoval\trecoverable\tseals\tabout\n";
    assert!(program.ok(["backends"]).starts_with(head));
    assert_eq!(program.opened(), 0);
}
