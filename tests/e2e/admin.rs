//! `status`, `backends`, `repair`, `completions`.

use crate::support::Home;
use serde_json::json;
use std::fs;

#[test]
fn status_says_where_everything_is() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=hunter2"]);
    home.ok(["secret", "update", "db", "--a=hunter2"]);
    let status = home.json(["status"]);
    assert_eq!(status["secrets"], 1);
    assert_eq!(status["versions"]["in the database"], 2);
    assert_eq!(status["database"], format!("sqlite:{}", home.database().display()));
    assert_eq!(status["account"], "admin");
    assert!(status["root_key"].as_str().unwrap().starts_with(home.keys().to_str().unwrap()));
    assert_eq!(status["keys"].as_array().unwrap().len(), 5);
    assert!(status["audit_entries"].as_u64().unwrap() >= 2);
    for text in [home.ok(["status"]), home.ok(["status", "-o", "table"]), status.to_string()] {
        assert!(!text.contains("hunter2") && !text.contains("strongroom-root-key"), "{text}");
    }
    assert!(home.ok(["status"]).contains("secrets\t1\n"));
}

#[test]
fn backends_lists_what_is_built_in_and_what_is_not() {
    let home = Home::new();
    let backends = home.json(["backends"]);
    let sql = backends.as_array().unwrap().iter().find(|backend| backend["type"] == "sql").unwrap();
    assert_eq!((&sql["in_program"], &sql["payload_bytes"]), (&json!(true), &json!(65_536)));
    assert!(home.ok(["backends"]).lines().any(|line| line.starts_with("sql\t")));
    assert!(!home.database().exists());
}

#[test]
fn repairing_what_is_whole_changes_nothing() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    for report in [home.json(["repair"]), home.json(["repair", "--restored"])] {
        assert_eq!((&report["failed"], &report["unknown"]), (&json!(0), &json!(0)));
    }
    home.ok(["repair"]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    let error = home.fails(2, ["repair", "--remove-foreign"]);
    assert!(error.contains("-y"), "{error}");
    home.ok(["repair", "--remove-foreign", "-y"]);
}

/// Somebody works in the store's directory.
#[test]
fn what_went_wrong_in_a_store_is_told_by_name_and_mended() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_STORE_SEAL", "false");
    home.ok(["secret", "create", "db", "--a=one"]);
    home.ok(["secret", "update", "db", "--a=two"]);
    let object = home.only_object();
    let read = |version: &String| fs::read_to_string(object.join(version)).unwrap();
    // What a file begins with: `version 2 newest`.
    let fact = |version: &String, at: usize| {
        read(version).lines().next().and_then(|head| head.split(' ').nth(at)).unwrap().to_owned()
    };
    let newest = || -> Vec<String> {
        let versions = home.kept().into_iter().map(|(_, version)| version);
        let mut newest: Vec<_> = versions.filter(|version| fact(version, 2) == "newest").collect();
        newest.sort_by_key(|version| fact(version, 1).parse::<u64>().unwrap());
        newest
    };
    let [older, current] = <[String; 2]>::try_from(newest()).unwrap();

    // As if the older one had been restored.
    fs::write(object.join(&current), read(&current).replacen("newest", "older", 1)).unwrap();
    let report = home.json(["repair"]);
    assert_eq!(
        (&report["overlaid"], &report["mended"], &report["unknown"]),
        (&json!(1), &json!(1), &json!(0)),
        "{report}"
    );
    let told = &report["overlaid_secrets"][0];
    assert_eq!((&told["name"], &told["shown"], &told["mended"]), (&json!("db"), &json!(older), &json!(true)));
    let mended = newest().pop().unwrap();
    assert!(mended != older && mended != current, "it was not put again");
    assert_eq!(home.json(["repair"])["overlaid"], 0);

    // Values that are cut.
    let head = read(&mended).lines().next().unwrap().to_owned();
    fs::write(object.join(&mended), format!("{head}\nx")).unwrap();
    let report = home.json_and_code(1, ["repair", "--read"]);
    assert_eq!(report["lost"], 1, "{report}");
    let told = &report["lost_versions"][0];
    assert_eq!((&told["name"], &told["revision"], &told["current"]), (&json!("db"), &json!(2), &json!(true)));
    assert_eq!(told["damaged"], true);
    assert!(told["remedy"].as_str().unwrap().contains("roll back to an older version"), "{told}");
    let ended = home.run(["repair", "--read"]);
    assert!(ended.out.lines().any(|line| line.starts_with("damaged version\tdb (")), "{}", ended.out);
    assert_eq!(
        ended.err.lines().filter(|line| line.starts_with("error: 1 secrets cannot be read")).count(),
        1
    );
    home.ok(["secret", "rollback", "db", "1"]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "one");
    // The older version is still lost, and told of, but nobody misses it.
    assert_eq!(home.json(["repair", "--read"])["lost"], 1);
}

#[test]
fn a_store_that_does_not_work_is_in_the_report_and_the_exit_code() {
    let home = Home::with_directory();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["status", "--deep"]);
    let values = home.only_object().parent().unwrap().to_owned();
    fs::rename(&values, values.with_extension("away")).unwrap();
    fs::write(&values, "in the way").unwrap();
    home.ok(["status"]);
    let ended = home.run(["-o", "json", "status", "--deep"]);
    assert_eq!(ended.code, 6, "{}", ended.err);
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_ne!(report["tried"]["default"], "works");
    assert!(ended.err.contains("these do not work: default"), "{}", ended.err);

    let report = home.json_and_code(6, ["repair"]);
    assert_eq!((&report["unseen"], &report["lost"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(report["unseen_stores"][0]["store"], "default", "{report}");
    let ended = home.run(["repair"]);
    assert!(
        ended.out.lines().any(|line| line.starts_with("store not done with\tdefault: ")),
        "{}",
        ended.out
    );
    assert!(ended.err.contains("cleaned up to the end: default"), "{}", ended.err);
}

#[test]
fn completions_need_no_database() {
    let home = Home::new();
    assert!(home.ok(["completions", "bash"]).contains("_strongroom"));
    assert!(home.ok(["completions", "zsh"]).contains("#compdef strongroom"));
    home.fails(2, ["completions", "tcsh"]);
    assert_eq!(home.files(), [""; 0].map(std::path::PathBuf::from));
}
