//! A database whose files are replaced while a server has them open.

use super::Server;
use crate::{processes::until, support::Home};
use serde_json::json;
use std::fs;

#[test]
fn what_would_be_lost_with_the_old_files_is_not_written() {
    for moved in [&["", "-wal", "-shm"][..], &["-wal", "-shm"], &[""]] {
        let home = Home::new();
        home.ok(["secret", "create", "db", "--k=v"]);
        let copy = home.arg("copy.db");
        home.ok(["database", "backup", &copy]);
        let server = Server::start_with(&home, &[("STRONGROOM_ENGINE_BEAT_MS", "100")]);
        let token = server.admin();
        assert_eq!(server.send("GET", "/ready", &[], b"").status, 200);
        for end in moved {
            let from = format!("{}{end}", home.database().display());
            fs::rename(from, home.path(&format!("old.db{end}"))).unwrap();
        }
        if !home.database().exists() {
            fs::copy(&copy, home.database()).unwrap();
        }

        // Without anybody who asks for something.
        until("it is noticed", || !server.said().logged("strongroom::sql").is_empty());
        let ready = server.send("GET", "/ready", &[], b"");
        assert!(ready.status == 503 && ready.body.to_string().contains("was replaced"), "{ready:?}");
        let new = json!({"name": "lost", "values": {"k": "v"}});
        let refused = server.call(&token, "POST", "/secrets", &new);
        assert_eq!(refused.status, 503, "{refused:?}");
        let (_, said) = server.end();
        let logged = said.logged("strongroom::sql");
        assert!(logged.len() == 1 && logged[0]["level"] == "ERROR", "{logged:?}");

        if moved == [""] {
            // What is left beside it is the log of the other one: whoever starts now would read both as one.
            assert!(fs::read(home.database()).unwrap() == fs::read(&copy).unwrap(), "the copy was written");
            continue;
        }
        assert_eq!(home.values("db"), json!({"k": "v"}));
        let server = Server::start(&home);
        assert_eq!(server.call(&server.admin(), "POST", "/secrets", &new).status, 200);
        assert_eq!(server.stop(), 0);
    }
}

#[test]
fn files_that_are_put_back_are_written_again() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--k=v"]);
    let server = Server::start_with(&home, &[("STRONGROOM_ENGINE_BEAT_MS", "100")]);
    let token = server.admin();
    let ready = || server.send("GET", "/ready", &[], b"").status;
    let files = ["", "-wal", "-shm"]
        .map(|end| (format!("{}{end}", home.database().display()), home.path(&format!("away.db{end}"))));
    for time in 1..=2 {
        files.iter().for_each(|(here, away)| fs::rename(here, away).unwrap());
        until("it is noticed", || ready() == 503);
        files.iter().for_each(|(here, away)| fs::rename(away, here).unwrap());
        until("it is noticed, too", || ready() == 200);
        let new = json!({"name": format!("new-{time}"), "values": {"k": "v"}});
        assert_eq!(server.call(&token, "POST", "/secrets", &new).status, 200);
        assert_eq!(home.values(&format!("new-{time}")), json!({"k": "v"}));
    }
    let (_, said) = server.end();
    let levels: Vec<_> = said
        .logged("strongroom::sql")
        .iter()
        .map(|line| line["level"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(levels, ["ERROR", "INFO", "ERROR", "INFO"]);
}
