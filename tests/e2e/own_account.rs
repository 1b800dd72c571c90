//! What people may do to their own account, and what guessing leads to.

use crate::{
    server::{PASSWORD, Server, id},
    support::Home,
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

const OWN: &str = "a-password-of-eva";

fn eva(server: &Server) -> String {
    let user = json!({"name": "eva", "password": OWN, "is_admin": false});
    id(&server.call(&server.admin(), "POST", "/users", &user));
    server.login(&format!("username=eva&password={OWN}")).unwrap()
}

#[test]
fn nobody_passes_for_somebody_else() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = eva(&server);
    for name in ["root", "Eva"] {
        let renamed = server.call(&token, "PUT", "/current-user", &json!({"name": name}));
        assert_eq!(renamed.status, 403, "{renamed:?}");
    }
    let change = json!({"name": "eva", "full_name": "Eva E."});
    let changed = server.call(&token, "PUT", "/current-user", &change);
    assert_eq!((changed.status, &changed.body["body"]["full_name"]), (200, &json!("Eva E.")), "{changed:?}");
    assert_eq!(changed.body["name"], "eva");
}

#[test]
fn a_stolen_token_does_not_lead_to_the_password() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = eva(&server);
    let guess = |old: &str| {
        let change = json!({"password": "another-password", "old_password": old});
        server.call(&token, "PUT", "/current-user", &change)
    };
    for number in 0..5 {
        assert_eq!(guess(&format!("guess-{number}")).status, 403);
    }
    let slowed = guess(OWN);
    assert!(slowed.status == 401 && slowed.head.contains("retry-after"), "{slowed:?}");
    // It is the same for logins, and passes by itself.
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(guess(OWN).status, 200);
}

#[test]
fn what_is_refused_besides_does_not_tell_whether_the_old_password_is_right() {
    let home = Home::new();
    let server = Server::start(&home);
    let (admin, token) = (server.admin(), eva(&server));
    let long = "x".repeat(256);
    for (token, right, path, besides, status) in [
        (&token, OWN, "/current-user", json!({"password": "short"}), 422),
        (&token, OWN, "/current-user", json!({"full_name": long}), 422),
        (&token, OWN, "/current-user", json!({"email": long}), 422),
        (&token, OWN, "/users/eva", json!({"role": "admin"}), 403),
        (&token, OWN, "/users/eva", json!({"scope": "granted"}), 403),
        (&token, OWN, "/users/eva", json!({"active": false}), 403),
        (&admin, PASSWORD, "/current-user", json!({"name": " "}), 422),
        (&admin, PASSWORD, "/current-user", json!({"name": "EVA"}), 409),
    ] {
        let [told_right, told_wrong] = [right, "a-guess"].map(|old| {
            let mut change = json!({"password": "another-password", "old_password": old});
            change.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
            let refused = server.call(token, "PUT", path, &change);
            assert_eq!(refused.status, status, "{besides}: {refused:?}");
            refused.body
        });
        assert_eq!(told_right, told_wrong, "{besides}");
    }
    // Nothing of that was a guess, which would be slowed down by now.
    let change = json!({"password": "another-password", "old_password": OWN});
    assert_eq!(server.call(&token, "PUT", "/current-user", &change).status, 200);
    assert_eq!(server.stop(), 0);
    let denied = home.json(["audit", "list", "--action", "request.denied"]);
    assert!(!denied.to_string().contains("a wrong password"), "{denied}");
}

#[test]
fn a_trail_that_could_not_be_written_for_a_while_goes_on() {
    let home = Home::new();
    let server = Server::start_with(&home, &[("STRONGROOM_AUDIT_READS", "sync")]);
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    let path = format!("/secrets/{}", id(&made));
    let read = || server.call(&token, "GET", &path, &Value::Null).status;
    assert_eq!(read(), 200);
    home.behind_our_back("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END");
    for _ in 0..3 {
        assert_ne!(read(), 200, "an answer without an entry");
    }
    assert_eq!(server.send("GET", "/ready", &[], b"").status, 503);
    home.behind_our_back("DROP TRIGGER broken");
    let since = Instant::now();
    while read() != 200 {
        assert!(since.elapsed() < Duration::from_secs(20), "it refuses for ever");
        thread::sleep(Duration::from_millis(100));
    }
    home.ok(["audit", "verify"]);
}

/// What a server asks for with the old password would otherwise set both as one here.
#[test]
fn a_password_is_one_line() {
    let home = Home::new();
    let create = ["user", "create", "eva", "--role", "writer", "--password-stdin"];
    let change = ["user", "password", "eva", "--password-stdin"];
    assert_eq!(home.run_with("a-password-of-eva\r\n", create).code, 0);
    for lines in ["a-password-of-eva\nanother-password\n", "one-password\rof-two-lines", "\nmore-than-one\n"]
    {
        let refused = home.run_with(lines, change);
        assert_eq!(refused.code, 2, "{}", refused.err);
        assert!(refused.err.contains("--password-stdin: there are more lines"), "{}", refused.err);
        assert!(!refused.err.contains("another"), "{}", refused.err);
    }
    let server = Server::start(&home);
    server.login(&format!("username=eva&password={OWN}")).unwrap();
}

#[test]
fn names_that_differ_in_the_case_of_letters_alone_are_the_same() {
    let home = Home::new();
    let create = |name: &str| {
        home.run_with("A-password", ["user", "create", name, "--role", "reader", "--password-stdin"]).code
    };
    for (first, same) in [("anna", "ANNA"), ("straße", "STRASSE"), ("ΣΑΣ", "σασ"), ("ﬁx", "Fix")] {
        assert_eq!((create(first), create(same)), (0, 4), "{first}, {same}");
    }
    assert_eq!(create("änna"), 0, "another letter");
}
