//! Names, ids, and what was probably meant.

use crate::support::Program;

#[test]
fn a_secret_is_found_by_name_id_and_the_beginning_of_its_id() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let id = program.json("db")["id"].as_str().unwrap().to_owned();
    for text in ["db", &id, &id[..4], &id[..8], &id[..13], &id.replace('-', ""), &id.to_uppercase()] {
        assert_eq!(program.ok(["secret", "get", text, "a"]), "1", "{text}");
    }
    program.ok(["secret", "update", &id[..10], "--a=2"]);
    program.ok(["secret", "rename", &id[..10], "db2"]);
    program.ok(["secret", "versions", &id]);
    program.ok(["secret", "export", &id]);
    program.ok(["secret", "delete", "-y", &id[..6]]);
    assert_eq!(program.run(["secret", "get", &id]).code, 3);
}

#[test]
fn an_exact_name_wins_over_an_id() {
    let program = Program::new();
    program.ok(["secret", "create", "other", "--a=by id"]);
    let id = program.json("other")["id"].as_str().unwrap().to_owned();
    for name in [&id[..8], &id] {
        assert_eq!(program.ok(["secret", "get", name, "a"]), "by id");
        program.ok(["secret", "create", name, "--a=by name"]);
        assert_eq!(program.ok(["secret", "get", name, "a"]), "by name");
        program.ok(["secret", "delete", "-y", name]);
        assert_eq!(program.ok(["secret", "get", "other", "a"]), "by id");
    }
}

#[test]
fn a_beginning_that_fits_several_ids_reaches_none() {
    let program = Program::new();
    // Among that many ids two begin with the same four digits, nearly always in fewer.
    let mut seen = std::collections::BTreeMap::new();
    let prefix = (0..5000)
        .find_map(|n| {
            let name = format!("s{n}");
            let made = program.ok(["-o", "json", "secret", "create", &name, "--a=1"]);
            let made: serde_json::Value = serde_json::from_str(&made).unwrap();
            let prefix = made["id"].as_str().unwrap()[..4].to_owned();
            seen.insert(prefix.clone(), name).map(|_| prefix)
        })
        .unwrap();
    let ended = program.run(["secret", "delete", "-y", &prefix]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("is the beginning of 2 ids: `s"), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 1);
}

#[test]
fn a_short_hexadecimal_word_is_a_name_and_nothing_else() {
    let program = Program::new();
    program.ok(["secret", "create", "x", "--a=1"]);
    let id = program.json("x")["id"].as_str().unwrap().to_owned();
    assert_eq!(program.run(["secret", "delete", "-y", &id[..3]]).code, 3);
    program.ok(["secret", "get", "x"]);
}

#[test]
fn a_typo_in_a_name_suggests_the_near_one() {
    let program = Program::new();
    program.ok(["secret", "create", "database", "--a=1"]);
    for command in ["get", "delete", "versions", "export"] {
        let ended = program.run(["secret", command, "databsae"]);
        assert_eq!(ended.code, 3);
        assert!(ended.err.contains("`databsae` (did you mean `database`?)"), "{}", ended.err);
    }
    let ended = program.run(["secret", "get", "completely-different"]);
    assert!(ended.code == 3 && !ended.err.contains("did you mean"), "{}", ended.err);
}

#[test]
fn a_private_secret_is_not_suggested_where_a_public_one_is_wanted() {
    let program = Program::new();
    program.ok(["secret", "create", "database", "-p", "--a=1"]);
    let ended = program.run(["secret", "get", "databsae", "-p", "false"]);
    assert!(ended.code == 3 && !ended.err.contains("did you mean"), "{}", ended.err);
    let id = program.json("database")["id"].as_str().unwrap().to_owned();
    assert_eq!(program.run(["secret", "get", &id, "-p", "false"]).code, 3);
    assert_eq!(program.run(["secret", "get", &id[..8], "-p", "false"]).code, 3);
    program.ok(["secret", "get", &id[..8], "-p", "true"]);
}
