//! Names, ids, and what was probably meant.

use crate::support::Program;
use std::sync::Arc;
use strongroom_core::{
    Context, GetOptions, NewSecret, Page, Result, Revision, Secret, SecretFilter, SecretMeta, SecretRef,
    SecretUpdate, SecretsStore, Version, async_trait,
    filter::{Condition, TextOp},
};

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

/// Compares names without case, as some databases of ZenML do.
struct WithoutCase(Arc<dyn SecretsStore>);

#[async_trait]
impl SecretsStore for WithoutCase {
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret> {
        self.0.create(cx, new).await
    }

    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        self.0.get(cx, which, options).await
    }

    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        let mut loose = filter.clone();
        for condition in &mut loose.conditions {
            if let Condition::Name(TextOp::Equals(name)) = condition {
                // What is asked for holds ASCII letters in either case: no name here is a part of another.
                *condition = Condition::Name(TextOp::Contains(name.clone()));
            }
        }
        self.0.list(cx, &loose).await
    }

    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        self.0.update(cx, which, update).await
    }

    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        self.0.delete(cx, which, expected).await
    }

    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        self.0.versions(cx, which).await
    }

    async fn check(&self) -> Result<()> {
        self.0.check().await
    }
}

#[test]
fn a_name_in_other_letters_is_another_secret_also_where_names_compare_without_case() {
    let program = Program::new();
    program.ok(["secret", "create", "DB", "--a=1"]);
    let program = program.through(|store| Arc::new(WithoutCase(store)));
    assert_eq!(program.run(["secret", "delete", "-y", "db"]).code, 3);
    assert_eq!(program.run(["secret", "rename", "db", "db2"]).code, 3);
    program.ok(["secret", "create", "db", "-p", "--a=2"]);
    program.ok(["secret", "delete", "-y", "db"]);
    assert_eq!(program.ok(["secret", "get", "DB", "a"]), "1");
}
