//! What each release does to the tables.
//!
//! A release widens: it adds tables, columns and indexes that the one before does not mind, so that both run side by side.
//! What nobody needs any more goes later, when somebody asks for it ([`SqlCatalog::finish`](crate::SqlCatalog::finish)).

use crate::dialect::Dialect;
use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType},
};

/// What this program's own release writes.
const SCHEMA: i64 = 4;
/// The numbers of what narrows begin here, so that the two kinds do not meet in the table of what was applied.
const FINISH: i64 = 10_000;

/// What the release after this one would do, for proofs that two releases work side by side: a program that is built with
/// it takes itself for that release.
// Hidden, with what hands it on, since its numbers are those of our own next migration: a database that anything else has
// opened with it cannot be brought to that release.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct NextRelease {
    /// Adds to the tables; this release goes on working with what comes of it.
    pub widens: fn(Dialect) -> &'static str,
    /// Removes what this release still needs and that one does not.
    pub narrows: fn(Dialect) -> &'static str,
}

/// Which release a program is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Release {
    pub(crate) next: Option<NextRelease>,
}

/// Something that is removed when a migration is finished.
pub(crate) struct Narrowing {
    /// The oldest schema whose programs do without it.
    pub(crate) since: i64,
    pub(crate) migration: Migration,
}

macro_rules! of_each {
    ($dialect:expr, $($file:literal),*) => {
        match $dialect {
            Dialect::Sqlite => [$(($file, include_str!(concat!("../migrations/sqlite/", $file, ".sql")))),*],
            Dialect::Postgres => [$(($file, include_str!(concat!("../migrations/postgres/", $file, ".sql")))),*],
            Dialect::MySql => [$(($file, include_str!(concat!("../migrations/mysql/", $file, ".sql")))),*],
        }
    };
}

impl Release {
    /// What it writes, and understands.
    pub(crate) fn schema(self) -> i64 {
        SCHEMA + i64::from(self.next.is_some())
    }

    /// What makes the tables, and widens older ones.
    pub(crate) fn widening(self, dialect: Dialect) -> Vec<Migration> {
        let ours = of_each!(dialect, "0001_initial", "0002_logins", "0003_devices", "0004_replicas");
        let next = self.next.map(|next| ("0005_next", (next.widens)(dialect)));
        (1..)
            .zip(ours.into_iter().chain(next))
            .map(|(version, (file, sql))| migration(version, file, sql))
            .collect()
    }

    /// What removes things that no program needs any more that is new enough.
    pub(crate) fn narrowing(self, dialect: Dialect) -> Vec<Narrowing> {
        let ours = of_each!(dialect, "finish/0001_devices_client").into_iter().zip([3]);
        let next = self.next.map(|next| (("finish/0002_next", (next.narrows)(dialect)), self.schema()));
        let all = (FINISH + 1..).zip(ours.chain(next));
        all.map(|(version, ((file, sql), since))| Narrowing {
            since,
            migration: migration(version, file, sql),
        })
        .collect()
    }
}

fn migration(version: i64, file: &'static str, sql: &'static str) -> Migration {
    // The number is not part of a migration's name.
    let name = file.split_once('_').map_or(file, |(_, name)| name);
    Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
}
