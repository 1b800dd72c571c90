//! The program as its next release might be: it widens the tables, for tests that both releases run on one database.

use std::process::ExitCode;
use strongroom_sql::{Dialect, NextRelease};

fn main() -> ExitCode {
    strongroom_cli::run(strongroom::Registry::builtin().with_next_release(NextRelease { widens, narrows }))
}

/// A column that the release before does not fill, a table and an index that it does not know.
fn widens(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => {
            "ALTER TABLE secrets ADD COLUMN label TEXT NOT NULL DEFAULT 'none';
             CREATE TABLE labels (label TEXT NOT NULL PRIMARY KEY);
             CREATE TABLE handover (id BIGINT NOT NULL PRIMARY KEY);
             CREATE INDEX secrets_label ON secrets (label, id);"
        }
        _ => {
            "ALTER TABLE secrets ADD COLUMN label VARBINARY(64) NOT NULL DEFAULT 'none';
             CREATE TABLE labels (label VARBINARY(64) NOT NULL PRIMARY KEY) ENGINE = InnoDB;
             CREATE TABLE handover (id BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB;
             CREATE INDEX secrets_label ON secrets (label, id);"
        }
    }
}

/// What is of use only while both run.
fn narrows(_: Dialect) -> &'static str {
    "DROP TABLE handover;"
}
