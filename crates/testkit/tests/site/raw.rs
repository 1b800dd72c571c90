//! The database's file, behind the catalog's back.

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// A connection of somebody who may write the file.
pub(crate) struct Raw(SqliteConnection);

impl Raw {
    /// Opens the file without the checks that the catalog relies on.
    pub(crate) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(false)
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(Duration::from_secs(20));
        Self(options.connect().await.unwrap())
    }

    /// Runs a statement; it must change that many rows.
    pub(crate) async fn run(&mut self, sql: &str, blobs: &[&[u8]], rows: u64) {
        let done = bound(sql, blobs).execute(&mut self.0).await.unwrap();
        assert_eq!(done.rows_affected(), rows, "{sql}");
    }

    /// The blobs that a statement reads, row by row.
    pub(crate) async fn blobs(&mut self, sql: &str) -> Vec<Vec<Vec<u8>>> {
        let rows = bound(sql, &[]).fetch_all(&mut self.0).await.unwrap();
        rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect()
    }
}

fn bound(sql: &str, blobs: &[&[u8]]) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    blobs.iter().fold(query, |query, blob| query.bind(blob.to_vec()))
}
