//! Guesses that come all at once.

use super::{PASSWORD, Server};
use crate::support::Home;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    collections::BTreeMap,
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
fn made_up_tokens_make_the_database_no_work() {
    const TOKENS: usize = 200;
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let real = URL_SAFE_NO_PAD.decode(&token["srt1_".len()..]).unwrap();
    let before = statements(&server);
    let begun = Instant::now();
    let statuses = thread::scope(|scope| {
        let ask = |_| {
            let (server, mut forged) = (&server, real.clone());
            // Behind the version stands the id of the key: one that nobody has.
            forged[1..17].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
            let forged = format!("srt1_{}", URL_SAFE_NO_PAD.encode(forged));
            move || server.call(&forged, "GET", "/secrets", &Value::Null).status
        };
        let asked: Vec<_> = (0..TOKENS).map(ask).map(|ask| scope.spawn(ask)).collect();
        // Whoever has a real one does not wait.
        let since = Instant::now();
        assert_eq!(server.call(&token, "GET", "/current-user", &Value::Null).status, 200);
        assert!(since.elapsed() < Duration::from_millis(800), "{:?}", since.elapsed());
        let mut statuses = BTreeMap::new();
        asked.into_iter().for_each(|asked| *statuses.entry(asked.join().unwrap()).or_insert(0) += 1);
        statuses
    });
    assert_eq!(statuses, BTreeMap::from([(401, TOKENS)]));
    let (took, sent) = (begun.elapsed(), statements(&server) - before);
    assert!(sent < 60, "{sent} statements for {TOKENS} made-up tokens in {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}
