//! What the README shows of the server and of ZenML's client works as it is written there.

use crate::{site::variable, support::Home};
use std::{net::TcpListener, path::Path};

const README: &str = include_str!("../../README.md");
/// How the README gets the client: the tests have it already.
const INSTALL: &str =
    "python3 -m venv zenml-client && . zenml-client/bin/activate && pip install zenml==0.98.0";

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn a_person_gets_from_nothing_to_a_secret_of_zenmls_client() {
    let (_, rest) = README.split_once("## A server for the team").unwrap();
    let section = rest.split_once("\n## ").unwrap().0;
    let (_, password) = section.split_once("with the password ").unwrap();
    let password = password.lines().next().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut script = "set -eu\n".to_owned();
    let mut installed = 0;
    for command in section.lines().filter_map(|line| line.strip_prefix("$ ")) {
        if command == INSTALL {
            installed += 1;
        } else if command == "strongroom serve &" {
            script.push_str(&format!(
                "strongroom serve --listen 127.0.0.1:{port} &\ntrap \"kill $!\" EXIT\n\
                 until curl --silent --fail --output ready http://127.0.0.1:{port}/ready; do sleep 0.1; done\n"
            ));
        } else {
            // Without a terminal the password is in a file, not on the screen.
            let command = command.replace(password, "\"$(cat config/strongroom/initial-admin-password)\"");
            script.push_str(&command.replace("127.0.0.1:8237", &format!("127.0.0.1:{port}")));
            script.push('\n');
        }
    }
    assert_eq!(installed, 1, "{script}");
    assert!(script.contains("zenml secret create mail") && !script.contains("8237"), "{script}");

    let home = Home::new();
    home.file("pw", "correct horse battery");
    // What the README shows before.
    home.ok(["secret", "create", "db", "--user=app", "--password=@pw"]);
    let ours = Path::new(env!("CARGO_BIN_EXE_strongroom")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", ours.display(), variable("STRONGROOM_TEST_ZENML_BIN"));
    let mut bash = std::process::Command::new("bash");
    home.around(&mut bash);
    bash.args(["-c", &script]).current_dir(home.path(".")).env("PATH", path);
    let output = bash.env("ZENML_ANALYTICS_OPT_IN", "false").env("NO_COLOR", "1").output().unwrap();
    // ZenML's client prints its tables to standard error.
    let out = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{script}\n{out}");
    // From curl, ours over HTTP, ZenML's client, and ours on the database.
    assert_eq!(out.matches("correct horse battery").count(), 4, "{out}");
    assert_eq!(home.values("mail")["user"], "app");
}
