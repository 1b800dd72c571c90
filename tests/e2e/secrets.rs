//! `secret ...`: what each command does, and how it fails.

use crate::support::Home;
use serde_json::json;

#[test]
fn a_secret_lives_through_all_commands() {
    let home = Home::new();
    assert_eq!(home.ok(["secret", "create", "db", "--user=joe", "--password=hunter2"]), "");
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter2");
    home.ok(["secret", "update", "db", "--password=hunter3", "--host=h", "-r", "user"]);
    assert_eq!(home.values("db"), json!({"password": "hunter3", "host": "h"}));
    home.ok(["secret", "rename", "db", "prod/db"]);
    assert_eq!(home.ok(["secret", "get", "prod/db", "password", "--revision", "1"]), "hunter2");
    home.ok(["secret", "rollback", "prod/db", "1"]);
    assert_eq!(home.values("prod/db"), json!({"user": "joe", "password": "hunter2"}));
    assert_eq!(home.json(["secret", "versions", "prod/db"]).as_array().unwrap().len(), 3);
    assert_eq!(home.json(["secret", "list"])[0]["revision"], 4);
    home.ok(["secret", "delete", "prod/db", "-y"]);
    assert_eq!(home.json(["secret", "list"]), json!([]));
}

#[test]
fn the_json_of_a_secret_is_as_documented() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--private", "--a=1"]);
    let secret = home.json(["secret", "get", "db"]);
    let mut fields: Vec<_> = secret.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created", "id", "name", "owner", "private", "revision", "updated", "values"]);
    assert_eq!((&secret["private"], &secret["owner"]), (&json!(true), &json!("admin")));
    let created = secret["created"].as_str().unwrap();
    assert!(created.len() == 27 && created.ends_with('Z') && &created[10..11] == "T", "{created}");
}

#[test]
fn what_is_not_there_is_3() {
    let home = Home::new();
    home.ok(["secret", "create", "database", "--password=1"]);
    for command in ["get", "delete", "export", "versions"] {
        let error = home.fails(3, ["secret", command, "databsae"]);
        assert!(error.contains("did you mean `database`?"), "{error}");
    }
    home.fails(3, ["secret", "update", "databsae", "--a=1"]);
    home.fails(3, ["secret", "rename", "databsae", "x"]);
    home.fails(3, ["secret", "rollback", "databsae", "1"]);
    home.fails(3, ["secret", "rollback", "database", "7"]);
    home.fails(3, ["secret", "get", "database", "--revision", "7"]);
    let error = home.fails(3, ["secret", "get", "database", "pasword"]);
    assert!(error.contains("did you mean `password`?"), "{error}");
    home.fails(3, ["secret", "import", "missing.yaml"]);
}

#[test]
fn what_is_there_already_is_4() {
    let home = Home::new();
    home.ok(["secret", "create", "a", "--k=1"]);
    home.ok(["secret", "create", "b", "--k=1"]);
    home.fails(4, ["secret", "create", "a", "--k=2"]);
    home.fails(4, ["secret", "rename", "b", "a"]);
    let file = home.file("a.yaml", "k: x\n");
    home.fails(4, ["secret", "import", &file]);
    home.fails(4, ["secret", "export", "a", "-f", &file]);
    home.fails(4, ["keys", "generate", "-O", &file]);
    assert_eq!(home.values("a"), json!({"k": "1"}));
    home.ok(["secret", "import", &file, "-y"]);
    assert_eq!(home.values("a"), json!({"k": "x"}));
}

#[test]
fn export_and_import_are_each_others_inverse() {
    let home = Home::new();
    let values = r#"{"no": "1e3", "": " lead", "pem": "-----BEGIN-----\nx\n-----END-----\n", "e": "😀\u202e\u0001\u0000"}"#;
    assert_eq!(home.run_with(values, ["secret", "create", "a", "-v", "@-"]).code, 0);
    home.ok(["secret", "export", "a", "-f", &home.arg("b.yaml")]);
    home.ok(["secret", "import", &home.arg("b.yaml")]);
    assert_eq!(home.values("a"), home.values("b"));
    let exported = home.ok(["secret", "export", "a"]);
    assert_eq!(exported, std::fs::read_to_string(home.path("b.yaml")).unwrap());
    assert_eq!(home.run_with(&exported, ["secret", "create", "c", "-v", "@-"]).code, 0);
    assert_eq!(home.values("a"), home.values("c"));
    assert_eq!(home.values("a"), serde_json::from_str::<serde_json::Value>(values).unwrap());
}

#[test]
fn an_import_over_a_private_secret_does_not_publish_it() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "-p", "--a=1"]);
    home.ok(["secret", "export", "db", "-f", &home.arg("db.yaml")]);
    let file = home.file("db.yaml", "a: changed\n");
    home.fails(4, ["secret", "import", &file]);
    home.ok(["secret", "import", &file, "-y"]);
    let listed = home.json(["secret", "list"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["private"]), (1, &json!(true)));
    assert_eq!(home.values("db"), json!({"a": "changed"}));

    // Beside it there may be a public one, if that is asked for; that one is meant by the name from then on.
    home.ok(["secret", "import", &file, "--private=false"]);
    let file = home.file("db.yaml", "a: again\n");
    home.ok(["secret", "import", &file, "-y"]);
    assert_eq!(home.ok(["secret", "get", "db", "a", "-p", "false"]), "again");
    assert_eq!(home.ok(["secret", "get", "db", "a", "-p"]), "changed");
    home.ok(["secret", "import", &file, "-y", "-p"]);
    assert_eq!(home.ok(["secret", "get", "db", "a", "-p"]), "again");
}

#[test]
fn ids_and_their_beginnings_name_a_secret_and_a_name_wins() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let id = home.json(["secret", "get", "db"])["id"].as_str().unwrap().to_owned();
    assert_eq!(home.ok(["secret", "get", &id, "a"]), "1");
    assert_eq!(home.ok(["secret", "get", &id[..8], "a"]), "1");
    home.ok(["secret", "create", &id[..8], "--a=2"]);
    assert_eq!(home.ok(["secret", "get", &id[..8], "a"]), "2");
}

#[test]
fn what_falls_out_of_the_history_leaves_the_store_with_the_next_change() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_ENGINE_HISTORY", "1");
    home.set("STRONGROOM_ENGINE_GRACE_MS", "0");
    home.ok(["secret", "create", "db", "--n=1"]);
    for n in ["--n=2", "--n=3"] {
        home.ok(["secret", "update", "db", n]);
        assert_eq!(home.kept().len(), 1, "nobody had to repair anything");
    }
    assert_eq!(home.values("db")["n"], "3");
}
