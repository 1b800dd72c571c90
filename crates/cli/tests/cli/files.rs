//! `@FILE`, `export -f` and `import`.

use crate::support::{Around, Program};
use serde_json::json;
use std::{fs, path::Path};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_value_from_a_file_is_kept_byte_for_byte() {
    let program = Program::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("value");
    fs::write(&file, " line\r\nlast\n").unwrap();
    program.ok(["secret", "create", "db", &format!("--a=@{}", text(&file)), "--b=@@x", "--c=x@y"]);
    assert_eq!(program.json("db")["values"], json!({"a": " line\r\nlast\n", "b": "@x", "c": "x@y"}));
}

#[test]
fn standard_input_is_read_once() {
    let program = Program::new();
    let ended = program.run_in(Around::input("v\n"), ["secret", "create", "db", "--a=@-"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(program.ok(["secret", "get", "db", "a"]), "v\n");
    let ended = program.run_in(Around::input("{}"), ["secret", "create", "db2", "--a=@-", "-v", "@-"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("used twice"), "{}", ended.err);
}

#[test]
fn a_file_that_cannot_be_used_is_explained_without_its_name() {
    let program = Program::new();
    let dir = tempfile::tempdir().unwrap();
    let binary = dir.path().join("binary");
    fs::write(&binary, b"hunter2\xff").unwrap();
    let large = dir.path().join("large");
    fs::write(&large, vec![b'x'; (2 << 20) + 1]).unwrap();
    let missing = dir.path().join("missing");
    for (file, code, words) in [(&missing, 3, "write @@"), (&binary, 2, "base64"), (&large, 2, "2097152")] {
        let ended = program.run(["secret", "create", "db", &format!("--a=@{}", text(file))]);
        assert_eq!(ended.code, code, "{}", ended.err);
        assert!(ended.err.contains("--a") && ended.err.contains(words), "{}", ended.err);
        assert!(!ended.err.contains("hunter2"));
        // What stands behind the @ may have been meant as the value.
        assert!(!ended.err.contains(text(file)), "{}", ended.err);
    }
    assert_eq!(program.run(["secret", "create", "db", "--a=@"]).code, 2);
    assert_eq!(program.opened(), 0);
}

#[cfg(unix)]
#[test]
fn an_exported_file_is_for_its_owner_alone_and_replaces_nothing_unasked() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.yaml");
    program.ok(["secret", "export", "db", "-f", text(&file)]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "a: \"1\"\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    program.ok(["secret", "update", "db", "--a=2"]);
    let ended = program.run(["secret", "export", "db", "-f", text(&file)]);
    assert_eq!(ended.code, 4);
    assert!(ended.err.contains("--force"), "{}", ended.err);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    program.ok(["secret", "export", "db", "-f", text(&file), "--force"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "a: \"2\"\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_directories_not_replaced() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let dir = tempfile::tempdir().unwrap();
    let (victim, link) = (dir.path().join("victim"), dir.path().join("link"));
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    assert_eq!(program.run(["secret", "export", "db", "-f", text(&link)]).code, 4);
    assert!(!victim.exists());
    fs::write(&victim, "kept").unwrap();
    program.ok(["secret", "export", "db", "-f", text(&link), "--force"]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
    assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(program.run(["secret", "export", "db", "-f", text(dir.path()), "--force"]).code, 0);
}

#[test]
fn an_import_takes_its_name_from_the_file() {
    let program = Program::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.prod.yaml");
    fs::write(&file, "# comment\nuser: joe\nport: '5432'\n").unwrap();
    program.ok(["secret", "import", text(&file)]);
    assert_eq!(program.json("db.prod")["values"], json!({"user": "joe", "port": "5432"}));
    program.ok(["secret", "import", text(&file), "--name", "other", "-p"]);
    assert_eq!(program.json("other")["private"], true);
    let ended = program.run_in(Around::input("{\"a\": \"1\"}"), ["secret", "import", "-"]);
    assert_eq!(ended.code, 2);
    let ended = program.run_in(Around::input("{\"a\": \"1\"}"), ["secret", "import", "-", "-n", "piped"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(program.json("piped")["values"], json!({"a": "1"}));
}

#[test]
fn an_import_over_a_secret_needs_a_yes() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.json");
    fs::write(&file, "{\"b\": \"2\"}").unwrap();
    let ended = program.run(["secret", "import", text(&file)]);
    assert_eq!(ended.code, 4);
    assert!(ended.err.contains("-y") && ended.err.contains("--name"), "{}", ended.err);
    assert_eq!(program.json("db")["values"], json!({"a": "1"}));
    program.ok(["secret", "import", text(&file), "-y"]);
    let secret = program.json("db");
    assert_eq!((&secret["values"], &secret["revision"]), (&json!({"b": "2"}), &json!(2)));
}

#[test]
fn a_root_key_is_made_without_a_database() {
    let program = Program::new();
    let line = program.ok(["keys", "generate"]);
    let key = strongroom_engine::crypto::RootKey::parse(&line).unwrap();
    assert_eq!(line.lines().count(), 1);
    assert_ne!(program.ok(["keys", "generate"]), line);
    assert!(line.contains(&key.id().to_string()));

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("root.key");
    assert_eq!(program.ok(["keys", "generate", "--output", text(&file)]), "");
    let kept = fs::read_to_string(&file).unwrap();
    strongroom_engine::crypto::RootKey::parse(&kept).unwrap();
    assert_eq!(program.run(["keys", "generate", "-O", text(&file)]).code, 4);
    assert_eq!(fs::read_to_string(&file).unwrap(), kept, "a key that may be in use is not overwritten");
    assert_eq!(program.opened(), 0);
}
