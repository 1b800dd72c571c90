//! What shows that the audit trail is whole: chains, and their heads.

use super::Server;
use crate::support::Home;
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn an_end_that_was_cut_off_contradicts_the_chains_that_named_it() {
    let home = Home::new();
    home.ok(["secret", "create", "one", "--k=v"]);
    home.ok(["secret", "create", "two", "--k=v"]);
    let server = Server::start(&home);
    let token = server.admin();
    // The first read is written after the heads were named.
    while home.json(["audit", "list", "--action", "audit.heads"]) == json!([]) {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.call(&token, "GET", "/audit/verify", &Value::Null).status, 200);
    assert_eq!(server.stop(), 0);
    home.ok(["audit", "verify"]);
    let last = home.json(["audit", "list", "--limit", "1"]);
    assert_eq!(last[0]["action"], "audit.close", "a chain that was not cut off ends like this");
    // Somebody who writes the database makes everything agree again, but for the keys that he has not.
    home.behind_our_back(
        "DELETE FROM audit WHERE chain = 'local' AND seq = (SELECT MAX(seq) FROM audit WHERE chain = 'local'); \
                   UPDATE audit_chains SET seq = seq - 1, mac = (SELECT mac FROM audit a WHERE a.chain = 'local' \
                   ORDER BY seq DESC LIMIT 1) WHERE chain = 'local'",
    );
    let error = home.fails(1, ["audit", "verify"]);
    assert!(error.contains("cut off") && error.contains("local"), "{error}");
    // It grows again, beyond what was named, and is named again.
    home.ok(["secret", "create", "three", "--k=v"]);
    home.ok(["secret", "create", "four", "--k=v"]);
    let named = || home.json(["audit", "list", "--action", "audit.heads"]).as_array().unwrap().len();
    let before = named();
    let (server, since) = (Server::start(&home), Instant::now());
    while named() == before {
        assert!(since.elapsed() < Duration::from_secs(60), "no head is named");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.stop(), 0);
    let error = home.fails(1, ["audit", "verify"]);
    assert!(error.contains("not the one whose head was noted") && error.contains("local"), "{error}");
}

#[test]
fn entries_that_are_in_no_chain_are_found() {
    for (made_up, told) in [
        (
            "INSERT INTO audit SELECT 'ghost', 7, at, revision, randomblob(16), actor, 'secret.read', secret, 'made up', \
             channel, address, request, key_id, zeroblob(32) FROM audit LIMIT 1",
            "is in no chain",
        ),
        (
            "INSERT INTO audit SELECT chain, 0, at, revision, randomblob(16), actor, 'secret.read', secret, 'made up', \
             channel, address, request, key_id, zeroblob(32) FROM audit LIMIT 1",
            "before the beginning of its chain",
        ),
    ] {
        let home = Home::new();
        home.ok(["secret", "create", "one", "--k=v"]);
        home.ok(["audit", "verify"]);
        home.behind_our_back(made_up);
        let error = home.fails(1, ["audit", "verify"]);
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn an_end_that_was_cut_off_shows_against_a_head_that_was_noted_elsewhere() {
    let home = Home::new();
    let head = || {
        let chains = home.json(["audit", "verify"]);
        let local = chains.as_array().unwrap().iter().find(|chain| chain["chain"] == "local").unwrap();
        local["head"].as_str().unwrap().to_owned()
    };
    home.ok(["secret", "create", "one", "--k=v"]);
    let early = head();
    for name in ["two", "three"] {
        home.ok(["secret", "create", name, "--k=v"]);
    }
    let noted = head();
    home.ok(["audit", "verify", "--head", &early, "--head", &noted]);
    // Somebody who writes the database removes the last two entries, and makes the rest agree with that.
    home.behind_our_back(
        "DELETE FROM audit WHERE chain = 'local' AND seq > 1; \
         UPDATE audit_chains SET seq = 1, mac = (SELECT mac FROM audit WHERE chain = 'local') WHERE chain = 'local'",
    );
    home.ok(["audit", "verify"]);
    home.ok(["audit", "verify", "--head", &early]);
    let error = home.fails(1, ["audit", "verify", "--head", &noted]);
    assert!(error.contains("cut off") && error.contains("chain: local, entry: 2)"), "{error}");
    // Nor do other entries in their places pass for them.
    for name in ["four", "five", "six"] {
        home.ok(["secret", "create", name, "--k=v"]);
    }
    home.ok(["audit", "verify", "--head", &early]);
    let error = home.fails(1, ["audit", "verify", "--head", &noted]);
    assert!(error.contains("not the one whose head was noted") && error.contains("entry: 3)"), "{error}");
    // The whole chain.
    home.behind_our_back("DELETE FROM audit; DELETE FROM audit_chains");
    home.ok(["audit", "verify"]);
    let error = home.fails(1, ["audit", "verify", "--head", &early]);
    assert!(error.contains("gone") && error.contains("chain: local"), "{error}");
}

#[test]
fn whoever_noted_a_head_of_what_was_pruned_is_told() {
    let home = Home::new();
    let head = || home.json(["audit", "verify"])[0]["head"].as_str().unwrap().to_owned();
    home.ok(["secret", "create", "one", "--k=v"]);
    let early = head();
    home.ok(["secret", "create", "two", "--k=v"]);
    let last = head();
    home.ok(["audit", "prune", "--before", "2999-01-01 00:00:00", "-y"]);
    let verified = home.run(["audit", "verify", "--head", &early]);
    assert_eq!(verified.code, 0, "{}", verified.err);
    assert!(
        verified.err.contains("local:1") && verified.err.contains("cannot be compared"),
        "{}",
        verified.err
    );
    // The last of what was pruned is what the rest goes on from.
    let verified = home.run(["audit", "verify", "--head", &last]);
    assert_eq!((verified.code, verified.err.as_str()), (0, ""));
    let (place, _) = last.rsplit_once(':').unwrap();
    let error = home.fails(1, ["audit", "verify", "--head", &format!("{place}:{}", "00".repeat(32))]);
    assert!(error.contains("not the one whose head was noted"), "{error}");
    let error = home.fails(2, ["audit", "verify", "--head", &format!("{place}:00")]);
    assert!(error.contains("--head: expected CHAIN:SEQUENCE:HEX"), "{error}");
}
