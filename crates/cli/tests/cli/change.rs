//! `create`, `update`, `rename`, `delete`, `versions`, `rollback`.

use crate::support::{Around, Program};
use serde_json::json;
use strongroom_core::SecretValues;

#[test]
fn every_pair_is_kept_byte_for_byte() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--user=joe", "--url=a=b&c=d ", "--output=x", "--empty="]);
    let values = &program.json("db")["values"];
    assert_eq!(*values, json!({"user": "joe", "url": "a=b&c=d ", "output": "x", "empty": ""}));
}

#[test]
fn a_secret_without_values_has_to_be_asked_for() {
    let program = Program::new();
    let ended = program.run(["secret", "create", "db"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("-v '{}'"), "{}", ended.err);
    assert_eq!(program.opened(), 0, "a usage error must not open a database, which may make one");
    program.ok(["secret", "create", "db", "-v", "{}"]);
    assert_eq!(program.json("db")["values"], json!({}));
}

#[test]
fn creating_what_is_there_changes_nothing() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let ended = program.run(["secret", "create", "db", "--a=2"]);
    assert_eq!(ended.code, 4, "{}", ended.err);
    assert_eq!(program.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn a_private_and_a_public_secret_may_share_a_name() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=public"]);
    program.ok(["secret", "create", "db", "-p", "--a=private"]);
    assert_eq!(program.ok(["secret", "get", "db", "a"]), "public");
    assert_eq!(program.ok(["secret", "get", "db", "a", "--private"]), "private");
    assert_eq!(program.ok(["secret", "get", "db", "a", "-p", "false"]), "public");
    program.ok(["secret", "delete", "db", "-p", "true", "-y"]);
    assert_eq!(program.run(["secret", "get", "db", "--private"]).code, 3);
    assert_eq!(program.ok(["secret", "get", "db", "a"]), "public");
}

#[test]
fn a_word_behind_private_is_a_name_or_a_key_unless_it_is_true_or_false() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "-p", "--on=1", "--true=2"]);
    for args in [
        ["secret", "get", "--private", "db", "on"],
        ["secret", "get", "db", "-p", "on"],
        ["secret", "get", "--private=yes", "db", "on"],
        ["secret", "get", "-p=true", "db", "on"],
        ["secret", "get", "-ptrue", "db", "on"],
    ] {
        assert_eq!(program.ok(args), "1", "{args:?}");
    }
    assert_eq!(program.ok(["secret", "get", "-p", "True", "db", "on"]), "1");
    assert_eq!(program.ok(["secret", "get", "db", "-p", "--", "true"]), "2");
    // There is no public one.
    for public in [["-p", "false"], ["--private", "FALSE"]] {
        assert_eq!(program.run(["secret", "export", public[0], public[1], "db"]).code, 3, "{public:?}");
    }
    for public in ["--private=no", "-pfalse"] {
        assert_eq!(program.run(["secret", "export", public, "db"]).code, 3, "{public}");
    }
    program.ok(["secret", "rename", "-p", "db", "other"]);
    program.ok(["secret", "delete", "-p", "other", "-y"]);
}

#[test]
fn private_with_an_equals_sign_is_no_pair() {
    let program = Program::new();
    program.ok(["secret", "create", "a", "--private=true", "--k=v"]);
    program.ok(["secret", "create", "b", "--private=no", "--k=v"]);
    assert_eq!(program.json("a")["private"], true);
    assert_eq!(program.json("b")["private"], false);
    assert_eq!(program.run(["secret", "create", "c", "--private=maybe", "--k=v"]).code, 2);
}

#[test]
fn an_update_sets_adds_and_removes_in_one_step() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1", "--b=2", "--c=3"]);
    program.ok(["secret", "update", "db", "--a=9", "--d=4", "-r", "b", "--remove-keys", "c"]);
    let secret = program.json("db");
    assert_eq!(secret["values"], json!({"a": "9", "d": "4"}));
    assert_eq!(secret["revision"], 2);
}

#[test]
fn an_update_with_a_typo_in_a_key_to_remove_changes_nothing() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--password=1"]);
    let ended = program.run(["secret", "update", "db", "--user=joe", "-r", "pasword"]);
    assert_eq!(ended.code, 3);
    assert!(ended.err.contains("did you mean `password`?"), "{}", ended.err);
    assert_eq!(program.json("db")["revision"], 1);
}

#[test]
fn an_update_must_change_something_and_not_contradict_itself() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    for args in [&["--a=2", "-r", "a"][..], &[], &["--a=2", "-v", "{\"a\": \"3\"}"]] {
        let all: Vec<_> = ["secret", "update", "db"].iter().chain(args).copied().collect();
        let ended = match all[..] {
            [a, b, c] => program.run([a, b, c]),
            [a, b, c, d, e, f] => program.run([a, b, c, d, e, f]),
            _ => unreachable!(),
        };
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.err);
    }
    assert_eq!(program.json("db")["revision"], 1);
}

#[test]
fn privacy_is_changed_by_its_owner_alone() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    program.ok(["secret", "update", "db", "--private", "true"]);
    assert_eq!(program.json("db")["private"], true);
    program.ok(["secret", "update", "db", "--private=false"]);
    assert_eq!(program.json("db")["private"], false);

    let values: SecretValues = [("a", "1")].into_iter().collect();
    let new = strongroom_core::NewSecret::new(strongroom_core::SecretName::new("theirs").unwrap(), values);
    let other = program.somebody_else();
    futures::executor::block_on(other.store().create(other.context(), new)).unwrap();
    assert_eq!(program.run(["secret", "update", "theirs", "-p", "true"]).code, 5);
}

#[test]
fn a_new_name_is_given_in_either_way() {
    let program = Program::new();
    program.ok(["secret", "create", "a", "--k=v"]);
    program.ok(["secret", "rename", "a", "b"]);
    program.ok(["secret", "rename", "b", "--new-name", "c"]);
    program.ok(["secret", "rename", "c", "-n", "d"]);
    assert_eq!(program.json("d")["revision"], 4);
    assert_eq!(program.run(["secret", "get", "a"]).code, 3);
    program.ok(["secret", "create", "e", "--k=v"]);
    assert_eq!(program.run(["secret", "rename", "d", "e"]).code, 4);
    assert_eq!(program.run(["secret", "rename", "d"]).code, 2);
    assert_eq!(program.run(["secret", "rename", "d", "x", "-n", "y"]).code, 2);
}

#[test]
fn deleting_asks_and_piped_it_must_be_told() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let ended = program.run(["secret", "delete", "db"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("-y"), "{}", ended.err);
    let ended = program.run_in(Around::terminal(["n"]), ["secret", "delete", "db"]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("Delete the secret `db`"), "{}", ended.err);
    program.ok(["secret", "get", "db"]);
    assert_eq!(program.run_in(Around::terminal(["y"]), ["secret", "delete", "db"]).code, 0);
    assert_eq!(program.run(["secret", "get", "db"]).code, 3);
    program.ok(["secret", "create", "db", "--a=1"]);
    program.ok(["secret", "delete", "db", "-y"]);
    assert_eq!(program.run(["secret", "delete", "db", "-y"]).code, 3);
}

#[test]
fn an_older_version_can_be_read_and_restored() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1", "--b=1"]);
    program.ok(["secret", "update", "db", "--a=2", "-r", "b"]);
    assert_eq!(program.ok(["secret", "get", "db", "a", "--revision", "1"]), "1");
    assert_eq!(program.ok(["secret", "get", "db", "a"]), "2");

    program.ok(["secret", "rollback", "db", "1"]);
    let secret = program.json("db");
    assert_eq!((&secret["values"], &secret["revision"]), (&json!({"a": "1", "b": "1"}), &json!(3)));
    program.ok(["secret", "rollback", "db", "--revision", "2"]);
    assert_eq!(program.json("db")["values"], json!({"a": "2"}));

    let versions: serde_json::Value =
        serde_json::from_str(&program.ok(["secret", "versions", "db", "-o", "json"])).unwrap();
    let rows: Vec<_> =
        versions.as_array().unwrap().iter().map(|v| (v["revision"].as_u64(), v["current"] == true)).collect();
    assert_eq!(rows, [(Some(4), true), (Some(3), false), (Some(2), false), (Some(1), false)]);
    assert_eq!(program.run(["secret", "rollback", "db", "77"]).code, 3);
    assert_eq!(program.run(["secret", "rollback", "db"]).code, 2);
}

#[test]
fn an_older_version_is_shown_with_the_revision_that_wrote_it() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    program.ok(["secret", "rename", "db", "db2"]);
    program.ok(["secret", "update", "db2", "--a=2"]);
    let older = program.ok(["secret", "get", "db2", "--revision", "2", "-o", "json"]);
    let older: serde_json::Value = serde_json::from_str(&older).unwrap();
    assert_eq!((&older["revision"], &older["values"]["a"]), (&json!(1), &json!("1")));
}

#[test]
fn programs_that_ask_for_a_format_get_what_a_change_made() {
    let program = Program::new();
    let created: serde_json::Value =
        serde_json::from_str(&program.ok(["-o", "json", "secret", "create", "db", "--a=hunter2"])).unwrap();
    assert_eq!((&created["name"], &created["revision"]), (&json!("db"), &json!(1)));
    assert!(created.get("values").is_none());
    assert_eq!(program.ok(["secret", "update", "db", "--a=2"]), "");
}
