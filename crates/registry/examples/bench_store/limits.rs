//! What the machine itself can do.

use crate::{report::Report, store::places};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    fs::OpenOptions,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};
use strongroom::SecretId;

/// Appends and syncs, one after the other.
pub(crate) fn syncs(directory: &Path, report: &mut Report) {
    let path = directory.join("syncs");
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a file to sync");
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(2) {
        file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).expect("a sync");
        done += 1;
    }
    report.rate("  limit: syncs of this disk, one after the other", done, started.elapsed(), "");
}

/// A bare prepared SELECT of the sealed row, on one connection.
pub(crate) async fn selects(directory: &Path, ids: &[SecretId], report: &mut Report) {
    let options = SqliteConnectOptions::new().filename(places(directory).database()).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a second connection");
    let sql = "SELECT s.name, s.revision, v.uid, p.bytes FROM secrets s \
               JOIN versions v ON v.uid = s.current_version JOIN payloads p ON p.id = v.payload WHERE s.id = ?";
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(3) {
        for id in ids.iter().cycle().skip(done % ids.len()).take(256) {
            let row = sqlx::query(sql).bind(id.0.as_bytes().as_slice()).fetch_one(&mut connection).await;
            std::hint::black_box(row.expect("the row"));
            done += 1;
        }
    }
    report.rate("  limit: bare prepared SELECTs, 1 connection", done, started.elapsed(), "");
}
