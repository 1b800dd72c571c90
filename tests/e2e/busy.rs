//! Commands beside a program that keeps the database to itself.

use crate::support::Home;
use serde_json::json;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, sqlite::SqliteConnectOptions};
use std::time::{Duration, Instant};

/// Does something while somebody else is in the middle of a change.
fn beside_a_writer(home: &Home, work: impl FnOnce()) {
    let options = SqliteConnectOptions::new().filename(home.database());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql("BEGIN IMMEDIATE")).await.unwrap();
        work();
        connection.close().await.unwrap();
    });
}

#[test]
fn who_reads_waits_for_no_writer_and_who_writes_waits_for_one_once() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--k=v"]);
    beside_a_writer(&home, || {
        let begun = Instant::now();
        assert_eq!(home.values("db"), json!({"k": "v"}));
        home.ok(["secret", "list"]);
        home.ok(["status"]);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        let begun = Instant::now();
        let error = home.fails(6, ["secret", "update", "db", "--k=w"]);
        assert!(error.contains("busy"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    });
    home.ok(["secret", "update", "db", "--k=w"]);
    assert_eq!(home.values("db"), json!({"k": "w"}));
}
