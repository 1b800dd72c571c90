//! Guesses that come all at once.

use super::{Answer, PASSWORD, Server, denied::times};
use crate::{devices::look, support::Home};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::Write as _,
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// How many statements the server sent to its database.
fn statements(server: &Server) -> u64 {
    server.metric("strongroom_database_statements_total ")
}

#[test]
fn guesses_at_once_are_no_way_around_the_limiter() {
    let home = Home::new();
    let server = Server::start(&home);
    let answers = thread::scope(|scope| {
        let guess = |n: usize| {
            let server = &server;
            move || server.login(&format!("username=admin&password=wrong-{n}")).unwrap_err()
        };
        let guesses: Vec<_> = (0..40).map(|n| scope.spawn(guess(n))).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect::<Vec<_>>()
    });
    let mut looked_at = 0;
    for answer in &answers {
        assert_eq!(answer.status, 401, "{answer:?}");
        looked_at += usize::from(!answer.head.contains("retry-after"));
    }
    assert_eq!(looked_at, 5, "as many as one after the other");
    // Right ones wait for each other, and are all let in.
    thread::sleep(Duration::from_millis(1_200));
    let logins = thread::scope(|scope| {
        let login = || server.login(&format!("username=admin&password={PASSWORD}")).is_ok();
        let logins: Vec<_> = (0..20).map(|_| scope.spawn(login)).collect();
        logins.into_iter().map(|login| login.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(logins.iter().all(|let_in| *let_in), "{logins:?}");
}

#[test]
fn whoever_waits_for_as_long_as_they_were_told_is_looked_at() {
    let home = Home::new();
    let server = Server::start(&home);
    let guess = |password: &str| server.login(&format!("username=admin&password={password}"));
    let is_told = |refused: &Answer| refused.head.contains("retry-after");
    // Each that is looked at makes the next wait longer, so that one comes too early, however slow the machine is.
    let too_early = || {
        let mut guesses = (0..12).map(|_| guess("wrong").unwrap_err());
        guesses.find(|refused| is_told(refused)).expect("nobody is slowed down").retry_after()
    };
    thread::sleep(too_early());
    let wrong = guess("wrong").unwrap_err();
    assert!(!is_told(&wrong), "{wrong:?}");
    // Part of the last second is over when it is told.
    thread::sleep(too_early());
    guess(PASSWORD).unwrap();
}

/// Sends a guess, and goes away before it is answered.
fn guess_and_go(server: &Server, name: &str, password: &str) {
    let form = format!("username={name}&password={password}");
    // It is looked at by then, and takes longer than that.
    send_and_go(server, "/api/v1/login", &form, Duration::from_millis(5));
}

/// Sends a form, and goes away after this time.
fn send_and_go(server: &Server, path: &str, form: &str, after: Duration) {
    let length = form.len();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + form).as_bytes()).unwrap();
    thread::sleep(after);
}

/// How often something is noted in the audit trail, by whom.
fn noted(home: &Home, action: &str) -> BTreeMap<String, usize> {
    let mut noted = BTreeMap::new();
    for entry in home.json(["audit", "list", "--action", action]).as_array().unwrap() {
        let actor = entry["actor"].as_str().unwrap().to_owned();
        *noted.entry(actor).or_default() += times(entry["detail"].as_str().unwrap_or_default());
    }
    noted
}

#[test]
fn guesses_of_those_who_go_away_are_counted_and_noted() {
    let home = Home::new();
    let server = Server::start(&home);
    (0..40).for_each(|n| guess_and_go(&server, "admin", &format!("wrong-{n}")));
    // It waits for those that are looked at.
    let refused = server.login(&format!("username=admin&password={PASSWORD}")).unwrap_err();
    assert_eq!((refused.status, refused.head.contains("retry-after")), (401, true), "{refused:?}");
    assert_eq!(server.stop(), 0);
    let failed = noted(&home, "login.failed");
    assert!(failed["nobody"] > 5, "five guesses and one that had to wait: {failed:?}");
}

#[test]
fn a_right_guess_is_noted_also_if_whoever_guessed_goes_away() {
    let home = Home::new();
    let server = Server::start(&home);
    (0..4).for_each(|_| guess_and_go(&server, "admin", PASSWORD));
    assert_eq!(server.stop(), 0);
    let logins = noted(&home, "login");
    assert!(logins.contains_key("admin"), "{logins:?}");
}

#[test]
fn codes_that_are_guessed_by_those_who_go_away_are_counted_and_noted() {
    let home = Home::new();
    let server = Server::start(&home);
    let form = format!("user_code=BBBB-BBBB&username=admin&password={PASSWORD}");
    // An answer to all but the first takes longer than that: the keys are read again for it, once in a second.
    (0..12).for_each(|_| send_and_go(&server, "/devices/verify", &form, Duration::from_millis(100)));
    let slowed = look(&server, "BBBB-BBBB", "admin", PASSWORD);
    assert_eq!((slowed.status, slowed.head.contains("retry-after")), (401, true), "{slowed:?}");
    assert_eq!(server.stop(), 0);
    let missing = noted(&home, "device.missing");
    assert!(missing["admin"] > 5 && missing.len() == 1, "five codes and one that had to wait: {missing:?}");
    assert_eq!(noted(&home, "login.failed"), BTreeMap::new(), "the password was right");
}

#[test]
fn whoever_goes_away_leaves_no_more_work_behind_than_others_wait_for() {
    let home = Home::new();
    let server = Server::start(&home);
    server.admin();
    let (_, before) = server.memory();
    // Names that nobody guessed at, so that nothing but the work itself is in their way.
    (0..120).for_each(|n| guess_and_go(&server, &format!("nobody-{n}"), "some-Password"));
    // There is no place for another one until those that are left are worked on.
    while server.login(&format!("username=admin&password={PASSWORD}")).is_err() {
        thread::sleep(Duration::from_millis(50));
    }
    let (_, most) = server.memory();
    let at_once = thread::available_parallelism().map_or(1, |cores| (cores.get() as u64 / 2).max(1));
    // Each takes 19 MiB while it is worked on.
    assert!(most < before + 20 * at_once + 40, "{before} MiB, then {most}");
    assert_eq!(server.stop(), 0);
}

/// The same token, of a key that nobody has.
fn made_up(token: &str) -> String {
    let mut forged = URL_SAFE_NO_PAD.decode(&token["srt1_".len()..]).unwrap();
    // Behind the version stands the id of the key.
    forged[1..17].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    format!("srt1_{}", URL_SAFE_NO_PAD.encode(forged))
}

#[test]
fn made_up_tokens_make_the_database_no_work() {
    const TOKENS: usize = 200;
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let before = statements(&server);
    let begun = Instant::now();
    let statuses = thread::scope(|scope| {
        let ask = |_| {
            let (server, forged) = (&server, made_up(&token));
            move || server.call(&forged, "GET", "/secrets", &Value::Null).status
        };
        let asked: Vec<_> = (0..TOKENS).map(ask).map(|ask| scope.spawn(ask)).collect();
        let mut statuses = BTreeMap::new();
        asked.into_iter().for_each(|asked| *statuses.entry(asked.join().unwrap()).or_insert(0) += 1);
        statuses
    });
    assert_eq!(statuses, BTreeMap::from([(401, TOKENS)]));
    let (took, sent) = (begun.elapsed(), statements(&server) - before);
    assert!(sent < 60, "{sent} statements for {TOKENS} made-up tokens in {took:?}");
}

#[test]
fn whoever_has_a_real_token_does_not_wait_for_those_with_a_made_up_one() {
    const CALLS: usize = 50;
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let (refused, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            // One that waits for the keys to be read again, and the next, for as long as the other asks.
            for _ in 0..CALLS {
                let status = server.call(&made_up(&token), "GET", "/secrets", &Value::Null).status;
                assert_eq!(status, 401);
                if answered.load(SeqCst) == CALLS {
                    break;
                }
                refused.fetch_add(1, SeqCst);
            }
        });
        for _ in 0..CALLS {
            assert_eq!(server.call(&token, "GET", "/current-user", &Value::Null).status, 200);
            answered.fetch_add(1, SeqCst);
        }
    });
    // Were they held up alike, they would come in turn.
    let refused = refused.into_inner();
    assert!(refused < CALLS / 2, "{refused} were refused before {CALLS} were answered");
}
