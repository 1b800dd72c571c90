//! The command line over a real ZenML server, which knows nothing of us.

use crate::support::Home;
use serde_json::json;

/// A home that is logged in to the server that the environment names.
fn logged_in() -> Home {
    let var = |name: &str| {
        let name = format!("STRONGROOM_TEST_ZENML_{name}");
        std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set"))
    };
    let home = Home::new();
    let (url, username) = (var("URL"), var("USERNAME"));
    let ended = home.run_with(var("PASSWORD"), ["login", &url, "--username", &username, "--password-stdin"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    home
}

#[test]
#[ignore = "needs a ZenML server: cargo xtask test"]
fn secrets_live_their_life_on_a_zenml_server() {
    let home = logged_in();
    let name = format!("strongroom-{}", std::process::id());
    let renamed = format!("{name}-renamed");
    let (name, renamed) = (name.as_str(), renamed.as_str());
    assert!(home.json(["status"])["strongroom"].is_null(), "this is no ZenML server");

    home.ok(["secret", "create", name, "--a=1", "--b=2"]);
    home.fails(4, ["secret", "create", name, "--a=1"]);
    home.ok(["secret", "create", name, "--private", "--mine=1"]);
    let read = home.json(["secret", "get", name]);
    assert_eq!((&read["values"], &read["revision"]), (&json!({"a": "1", "b": "2"}), &json!(0)));
    assert_eq!(home.json(["secret", "get", name, "--private"])["values"], json!({"mine": "1"}));
    assert_eq!(home.ok(["secret", "get", name, "a"]), "1");

    let listed = home.json(["secret", "list", "--name", name, "--private", "false"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["name"]), (1, &json!(name)));
    assert!(listed[0]["owner"].as_str().is_some_and(|owner| !owner.is_empty()), "{listed}");

    home.ok(["secret", "update", name, "--a=3", "-r", "b", "--c=4"]);
    assert_eq!(home.values(name), json!({"a": "3", "c": "4"}));
    home.ok(["secret", "rename", name, renamed, "--private", "false"]);
    assert_eq!(home.values(renamed), json!({"a": "3", "c": "4"}));
    assert_eq!(home.values(name), json!({"mine": "1"}), "the private one kept the name");

    for args in [
        &["secret", "versions", renamed][..],
        &["secret", "rollback", renamed, "1"],
        &["secret", "get", renamed, "--revision", "1"],
        &["user", "list"],
    ] {
        let output = home.command(args).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("ZenML server"), "{args:?}: {said}");
    }
    home.fails(1, ["audit", "list"]);

    home.ok(["secret", "delete", renamed, "-y"]);
    home.ok(["secret", "delete", name, "-y"]);
    home.fails(3, ["secret", "get", name]);
    home.fails(3, ["secret", "delete", renamed, "-y"]);
}

#[test]
#[ignore = "needs a ZenML server: cargo xtask test"]
fn what_a_zenml_server_repeats_is_not_shown() {
    let home = logged_in();
    let name = format!("strongroom-large-{}", std::process::id());
    let value = "canary".repeat(20_000);
    let ended = home.run_with(&value, ["secret", "create", &name, "--k=@-"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(!ended.err.contains("canary"), "{}", ended.err);
}
