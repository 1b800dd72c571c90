//! Every command of `secret`, on a local database and over a server.

use super::Server;
use crate::support::{Ended, Home, ended};

/// Ids and moments are different each time.
fn without_chance(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (String::new(), 0);
    let fits = |at: usize, shape: &[u8]| {
        bytes.get(at..at + shape.len()).is_some_and(|part| {
            part.iter().zip(shape).all(|(byte, like)| match like {
                b'x' => byte.is_ascii_hexdigit(),
                b'0' => byte.is_ascii_digit(),
                like => byte == like,
            })
        })
    };
    while at < bytes.len() {
        if fits(at, b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
            out.push_str("ID");
            at += 36;
        } else if fits(at, b"0000-00-00T00:00:00.000000Z") {
            out.push_str("TIME");
            at += 27;
        } else {
            let c = text[at..].chars().next().unwrap();
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

fn run(home: &Home, args: &[&str]) -> Ended {
    let args = ["-o", "json"].iter().chain(args);
    let ended = ended(home.command(args).output().unwrap());
    let err = ended.err.lines().filter(|line| !line.starts_with("note: made a new database"));
    Ended {
        code: ended.code,
        out: without_chance(&ended.out),
        err: without_chance(&err.collect::<Vec<_>>().join("\n")),
    }
}

#[test]
fn every_secret_command_says_and_does_the_same_as_on_a_local_database() {
    let server = Server::start();
    let (local, remote) = (Home::new(), server.admin());
    for home in [&local, &remote] {
        home.file("map.yaml", "k: v\n");
        home.file("large", "x".repeat(70_000));
    }
    let commands: &[&[&str]] = &[
        &["list"],
        &["create", "db", "--a=1", "--b=2"],
        &["create", "db", "--a=1"],
        &["create", "db", "--private", "--mine=1"],
        &["create", "none", "-v", "{}"],
        &["create", "large", "--v=@large"],
        &["create", "", "--v=empty"],
        &["create", "..", "--v=dots"],
        &["create", "a/b c?d#e%2F\\é💻", "--v=odd"],
        &["get", "db"],
        &["get", "db", "--private"],
        &["get", "db", "a"],
        &["get", "db", "nothing"],
        &["get", "nothing"],
        &["get", "", "v"],
        &["get", "..", "v"],
        &["get", "a/b c?d#e%2F\\é💻", "v"],
        &["get", "dv"],
        &["list", "--name", "contains:D", "--sort-by", "created"],
        &["list", "--private", "--user", "admin"],
        &["list", "--logical-operator", "or", "--name", "equals:", "--name", "oneof:[\"db\",\"..\"]"],
        &[
            "list",
            "--created",
            "gt:2020-01-01 00:00:00",
            "--size",
            "2",
            "--page",
            "2",
            "--sort-by",
            "created",
        ],
        &["list", "--size", "2", "--page", "99"],
        &["list", "--created", "contains:x"],
        &["update", "db", "--a=3", "-r", "b", "--c=4"],
        &["update", "db", "-r", "b"],
        &["update", "db", "--v=@large"],
        &["update", "none", "--private", "true"],
        &["update", "nothing", "--a=1"],
        &["rename", "db", "db2"],
        &["rename", "nothing", "x"],
        &["versions", "db2"],
        &["versions", "nothing"],
        &["get", "db2", "--revision", "1"],
        &["get", "db2", "--revision", "99"],
        &["rollback", "db2", "1"],
        &["rollback", "nothing", "1"],
        &["export", "db2"],
        &["import", "map.yaml"],
        &["import", "map.yaml"],
        &["import", "map.yaml", "-y"],
        &["get", "map"],
        &["delete", "map"],
        &["delete", "map", "-y"],
        &["delete", "map", "-y"],
        &["delete", "..", "-y"],
        &["list", "--sort-by", "name"],
    ];
    for command in commands {
        let args = [&["secret"], *command].concat();
        assert_eq!(run(&remote, &args), run(&local, &args), "left: over the server; {args:?}");
    }
    // What the texts cannot have in common.
    for (code, command) in
        [(4, ["rename", "db2", ""]), (3, ["get", "db2", "--revision=0"]), (3, ["rollback", "db2", "0"])]
    {
        let args = [&["secret"][..], &command].concat();
        let (here, there) = (run(&local, &args), run(&remote, &args));
        assert_eq!((here.code, there.code), (code, code), "{args:?}: {} {}", here.err, there.err);
    }
    // Whoever works beside the server sees the same.
    assert_eq!(server.home.values("db2"), remote.values("db2"));
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let server = Server::start();
    let home = server.admin();
    drop(server);
    for args in
        [&["secret", "list"][..], &["secret", "create", "db", "--a=1"], &["status"], &["user", "list"]]
    {
        let ended = ended(home.command(args).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (6, ""), "{args:?}: {}", ended.err);
        assert!(ended.err.contains("cannot be reached"), "{}", ended.err);
    }
}
