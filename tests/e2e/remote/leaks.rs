//! What is said meanwhile holds no secrets.

use super::{PASSWORD, Server};
use crate::canary::Canary;
use std::{io::Write as _, process::Stdio};

#[test]
fn neither_credentials_nor_values_are_in_logs_or_process_lists() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let value = Canary::new("value");
    let mut home = server.with_key(&key);
    home.set("STRONGROOM_LOG", "trace");
    home.set("RUST_LOG", "trace");
    home.file("map", format!("k: {}\n", value.value()));
    let mut said = Vec::new();
    let mut run = |args: &[&str], input: &str| {
        let mut child = home.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // The command waits for its input, so that it is there to be looked at.
        let list = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        said.extend([list, output.stdout, output.stderr]);
        output.status.code()
    };
    assert_eq!(run(&["secret", "create", "db", "--k=@-"], value.value()), Some(0));
    assert_eq!(run(&["secret", "create", "db", "--k=@-"], value.value()), Some(4));
    assert_eq!(run(&["secret", "update", "db", "-v", "@map"], ""), Some(0));
    assert_eq!(run(&["login", &server.url, "--api-key-stdin"], &key), Some(0));
    let wrong = ["login", &server.url, "--username", "admin", "--password-stdin"];
    assert_eq!(run(&wrong, value.value()), Some(5));
    assert_eq!(run(&["status"], ""), Some(0));
    said.push(std::fs::read(server.home.path("server.log")).unwrap());
    let said = said.concat();
    value.is_not_in("what was said", &said);
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("logged in") && said.contains("/api/v1/login"), "nothing was logged");
    for secret in [key.as_str(), PASSWORD, "srt1_", "srk1_"] {
        assert!(!said.contains(secret), "{secret:.5} was said");
    }
    assert_eq!(home.values("db")["k"], value.value());
}
