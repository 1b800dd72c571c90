//! What the environment says when the server starts.

use super::{PASSWORD, Server};
use crate::support::{Home, mode};
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader},
    process::Command,
};

/// What is said of a variable that comes too late.
const NOTE: &str = "note: STRONGROOM_ADMIN_PASSWORD is set, but an admin has a password already";

/// `serve` with these variables, and no others.
fn serve(home: &Home, variables: &[(&str, &str)]) -> Command {
    let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
    command.envs(variables.iter().copied());
    command
}

/// Runs what is to be refused; answers what it complained about.
fn refused(mut command: Command) -> String {
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        said.push_str(&line.unwrap());
        said.push('\n');
        if said.contains("listening on ") {
            // It would not end by itself.
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(status.code().is_some_and(|code| code > 0), "it was not refused: {said}");
    said
}

fn lets_in(server: &Server, password: &str) -> bool {
    match server.login(&format!("username=admin&password={password}")) {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(refused.status, 401, "{refused:?}");
            false
        }
    }
}

#[test]
fn a_first_password_is_kept_where_no_configuration_directory_was() {
    let mut home = Home::new();
    home.ok(["keys", "generate", "-O", &home.arg("root.key")]);
    home.set("STRONGROOM_KEYS_FILE", home.arg("root.key"));
    let server = Server::start_as(serve(&home, &[]));
    let told = format!("note: made a new database {}, ", home.database().display());
    assert!(server.said().0.iter().any(|line| line.starts_with(&told)), "{:?}", server.said().0);
    let file = home.path("config/strongroom/initial-admin-password");
    assert_eq!((mode(&file).as_str(), mode(file.parent().unwrap()).as_str()), ("600", "700"));
    assert!(lets_in(&server, &std::fs::read_to_string(file).unwrap()));
    assert_eq!(server.stop(), 0);
}

#[test]
fn the_first_password_comes_from_a_file_and_is_never_replaced_by_a_variable() {
    const NAME: &str = "STRONGROOM_ADMIN_PASSWORD";
    const FILE: &str = "STRONGROOM_ADMIN_PASSWORD_FILE";
    let home = Home::new();
    let file = home.file("first", format!("{PASSWORD}\n"));
    // What cannot be a first password leaves none.
    let error = refused(serve(&home, &[(FILE, &home.arg("missing"))]));
    assert!(error.contains(FILE), "{error}");
    let error = refused(serve(&home, &[(FILE, &file), (NAME, "another-Password")]));
    assert!(error.contains(FILE) && !error.contains("another-Password"), "{error}");
    let error = refused(serve(&home, &[(NAME, "short")]));
    assert!(error.contains("password") && !error.contains("short"), "{error}");

    let server = Server::start_as(serve(&home, &[(FILE, &file)]));
    assert!(lets_in(&server, PASSWORD), "without the line's end");
    assert!(!lets_in(&server, "short"));
    let (code, said) = server.end();
    assert_eq!(code, 0);
    let said = said.0.join("\n");
    let note = "has a password already";
    assert!(!said.contains(note) && !said.contains(PASSWORD) && !said.contains("made up"), "{said}");
    assert!(!home.path("config/strongroom/initial-admin-password").exists());

    // Another one, in a variable and in the file.
    home.file("first", "another-Password");
    for variable in [(NAME, "another-Password"), (FILE, file.as_str())] {
        let server = Server::start_as(serve(&home, &[variable]));
        assert!(lets_in(&server, PASSWORD), "{variable:?}");
        assert!(!lets_in(&server, "another-Password"), "{variable:?}");
        let said = server.said().0.join("\n");
        let note = NOTE.replace(NAME, variable.0);
        assert!(said.contains(&note) && !said.contains("another-Password"), "{variable:?}: {said}");
        assert_eq!(server.stop(), 0);
    }
    // Nobody asks for it, and nothing is said.
    let server = Server::start_as(serve(&home, &[]));
    assert!(lets_in(&server, PASSWORD) && !server.said().0.join("\n").contains("note: "));
    assert_eq!(server.stop(), 0);
    let set = home.json(["audit", "list", "--action", "account.update"]);
    assert_eq!(set.as_array().unwrap().len(), 1, "{set}");
}

#[test]
fn the_variable_gives_no_password_while_another_admin_can_log_in() {
    let home = Home::new();
    let server = Server::start(&home);
    assert!(lets_in(&server, PASSWORD));
    home.run_with("Root-password", ["user", "create", "root", "--role", "admin", "--password-stdin"]);
    assert_eq!(server.stop(), 0);
    home.behind_our_back(
        "UPDATE logins SET password = NULL WHERE account = (SELECT id FROM accounts WHERE name = 'admin')",
    );
    let server = Server::start(&home);
    assert!(server.said().0.join("\n").contains(NOTE) && !lets_in(&server, PASSWORD));
    assert!(server.login("username=root&password=Root-password").is_ok());
    assert_eq!(server.stop(), 0);
}

#[test]
fn zenmls_variables_have_their_effect_or_are_named() {
    const VAULT: [(&str, &str); 3] = [
        ("ZENML_SECRETS_STORE_TYPE", "hashicorp"),
        // Nobody listens there.
        ("ZENML_SECRETS_STORE_VAULT_ADDR", "http://127.0.0.1:9"),
        ("ZENML_SECRETS_STORE_VAULT_TOKEN", "canary-token"),
    ];
    const NONE: [(&str, &str); 3] = [
        ("ZENML_STORE_URL", "mysql://root:canary@127.0.0.1:9/zenml"),
        ("ZENML_SECRETS_STORE_ENCRYPTION_KEY", "canary-key"),
        ("ZENML_DEBUG", "canary-true"),
    ];
    let home = Home::new();
    // It is a Vault now, or the program is one without.
    let mut check = serve(&home, &VAULT);
    check.arg("--check");
    let error = refused(check);
    assert!(error.contains("hashicorp") && !error.contains("canary"), "{error}");
    for (name, value) in [("AUTH_METHOD", "canary"), ("TYPE", "custom")] {
        let name = format!("ZENML_SECRETS_STORE_{name}");
        let error = refused(serve(&home, &[&VAULT[..], &[(name.as_str(), value)]].concat()));
        assert!(error.contains(&name) && !error.contains("canary"), "{error}");
    }

    // Who works beside the server has the same store, and not the database.
    let beside = Home::new().command(["secret", "create", "db", "--a=1"]).envs(VAULT).output().unwrap();
    let error = String::from_utf8_lossy(&beside.stderr);
    assert!(!beside.status.success() && !error.contains("canary"), "{error}");

    let note = |variables: &[(&str, &str)]| {
        let server = Server::start_as(serve(&home, variables));
        let info = server.send("GET", "/api/v1/info", &[], b"");
        assert_eq!((info.status, &info.body["secrets_store_type"]), (200, &json!("sql")), "{info:?}");
        let (code, said) = server.end();
        assert_eq!(code, 0);
        assert!(!said.0.join("\n").contains("canary"), "{:?}", said.0);
        let notes = said.0.into_iter().filter(|line| line.contains("no effect")).collect::<Vec<_>>();
        assert!(notes.len() < 2, "{notes:?}");
        notes.into_iter().next().unwrap_or_default()
    };
    let said = note(&[&NONE[..], &[("ZENML_SECRETS_STORE_TYPE", "sql")]].concat());
    assert!(NONE.iter().all(|(name, _)| said.contains(name)), "{said}");
    assert!(!said.contains("ZENML_SECRETS_STORE_TYPE"), "it has its effect: {said}");
    // What is said in our own words wins.
    let said = note(&[&VAULT[..], &[("STRONGROOM_STORE_TYPE", "sql")]].concat());
    for key in ["type", "address", "token"] {
        assert!(said.contains(&format!("ZENML_SECRETS_STORE_* ({key})")), "{said}");
    }
    assert_eq!(note(&[]), "");
}
