//! Callers of several processes that want the same, on each database.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use common::{
    engine::{Deployment, Process, text},
    options, place,
    server::{Databases, Server},
};
use futures::future::join_all;
use strongroom_core::{
    ErrorKind, GetOptions, NewSecret, Revision, SecretFilter, SecretName, SecretUpdate, ValuesChange,
};
use strongroom_engine::Catalog as _;
use strongroom_sql::SqlCatalog;

/// A database of one case.
enum Database {
    File { url: String, _directory: tempfile::TempDir },
    Server { url: String, databases: Databases },
}

impl Database {
    async fn file() -> Self {
        let (directory, url) = place();
        Self::File { url, _directory: directory }
    }

    async fn on(server: Server) -> Self {
        let databases = Databases::on(server);
        Self::Server { url: databases.fresh().await, databases }
    }

    /// A process with connections of its own, 8 of them.
    async fn process(&self, deployment: &Deployment) -> Process {
        let (Self::File { url, .. } | Self::Server { url, .. }) = self;
        let catalog = SqlCatalog::open(options(url).max_connections(8)).await.unwrap();
        deployment.process(catalog).await
    }

    async fn finish(self, processes: impl IntoIterator<Item = Process>) {
        for process in processes {
            process.catalog.close().await.unwrap();
        }
        if let Self::Server { databases, .. } = self {
            databases.drop_all().await;
        }
    }
}

async fn one_of_64_wins_a_name(database: Database, deployment: Deployment) {
    let processes = [database.process(&deployment).await, database.process(&deployment).await];
    let racers = (0..64).map(|i| {
        let secrets = processes[i % 2].secrets();
        tokio::spawn(async move { secrets.create("db", [("by", i.to_string())]).await })
    });
    let answers = join_all(racers).await.into_iter().map(|answer| answer.unwrap());
    let (won, lost): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
    }
    let winner = won.into_iter().next().unwrap().unwrap();
    for process in &processes {
        let read = process.secrets().get("db").await.unwrap();
        assert_eq!((read.meta.id, text(&read, "by")), (winner.meta.id, text(&winner, "by")));
        assert_eq!(process.secrets().list(&SecretFilter::new()).await.unwrap().total, 1);
    }
    processes[0].assert_whole(deployment.held.as_ref()).await;
    assert_eq!(processes[0].catalog.summary().await.unwrap().audit_entries, 1);
    database.finish(processes).await;
}

async fn thirty_two_patches_at_once_all_count(database: Database, deployment: Deployment) {
    let processes = [database.process(&deployment).await, database.process(&deployment).await];
    processes[0].secrets().create("db", [("first", "0")]).await.unwrap();
    let patches = (0..32).map(|i| {
        let secrets = processes[i % 2].secrets();
        tokio::spawn(async move { secrets.set("db", &format!("key-{i}"), i.to_string()).await.unwrap() })
    });
    for patch in join_all(patches).await {
        patch.unwrap();
    }
    for process in &processes {
        let read = process.secrets().get("db").await.unwrap();
        assert_eq!((read.meta.revision, read.values.len()), (Revision(33), 33));
    }
    let puts = |process: &Process| {
        let calls = process.engine.stats().calls;
        calls.iter().filter(|((_, name), _)| *name == "put").map(|(_, calls)| calls.sent).sum::<u64>()
    };
    if deployment.held.is_some() {
        assert_eq!(processes.iter().map(puts).sum::<u64>(), 33, "the create and one for each patch");
    }
    processes[0].assert_whole(deployment.held.as_ref()).await;
    database.finish(processes).await;
}

async fn a_stale_revision_changes_nothing(database: Database, deployment: Deployment) {
    let process = database.process(&deployment).await;
    let secrets = process.secrets();
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    let before = secrets.set("db", "a", "2").await.unwrap();
    for expected in [0, 1, 3] {
        let update = SecretUpdate::new()
            .name(SecretName::new("other").unwrap())
            .private(true)
            .values(ValuesChange::Replace([("a", "3")].into_iter().collect()))
            .expecting(Revision(expected));
        let error = secrets.update(&id.into(), update).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        let error = secrets.delete_at(id, Revision(expected)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    }
    let after = secrets.get("db").await.unwrap();
    assert_eq!((&after.meta, text(&after, "a")), (&before, "2".to_owned()));
    assert_eq!(secrets.versions("db").await.unwrap().len(), 2);
    process.assert_whole(deployment.held.as_ref()).await;
    assert_eq!(process.catalog.summary().await.unwrap().audit_entries, 2);
    database.finish([process]).await;
}

async fn name_privacy_and_values_change_together_or_not_at_all(database: Database, deployment: Deployment) {
    let process = database.process(&deployment).await;
    let secrets = process.secrets();
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    for private in [false, true] {
        let values = [("a", "1")].into_iter().collect();
        let taken = NewSecret::new(SecretName::new("taken").unwrap(), values).private(private);
        secrets.store().create(&process.context(), taken).await.unwrap();
    }
    let change = async |name: &str, private| {
        let update = SecretUpdate::new().name(SecretName::new(name).unwrap()).private(private);
        let values = ValuesChange::Replace([("b", "2")].into_iter().collect());
        secrets.update(&id.into(), update.values(values)).await
    };
    let before = secrets.get("db").await.unwrap();
    for private in [false, true] {
        let error = change("taken", private).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
        let after = secrets.get("db").await.expect("it has another name");
        assert_eq!((&after.meta, text(&after, "a")), (&before.meta, "1".to_owned()));
    }
    let meta = change("free", true).await.unwrap();
    assert_eq!((meta.name.as_str(), meta.private, meta.revision), ("free", true, Revision(2)));
    assert_eq!(text(&secrets.get("free").await.unwrap(), "b"), "2");
    process.assert_whole(deployment.held.as_ref()).await;
    database.finish([process]).await;
}

async fn what_one_writes_the_other_reads_at_once(database: Database, deployment: Deployment) {
    let [one, two] = [database.process(&deployment).await, database.process(&deployment).await];
    let (writer, reader) = (one.secrets(), two.secrets());
    let id = writer.create("db", [("n", "0")]).await.unwrap().meta.id;
    for n in 1..=1000_u64 {
        // Both have it in their caches.
        let meta = writer.set("db", "n", n.to_string()).await.unwrap();
        let by_id = reader.get_ref(&id.into(), &GetOptions::new()).await.unwrap();
        assert_eq!((by_id.meta.revision, text(&by_id, "n")), (meta.revision, n.to_string()));
        let by_name = reader.get("db").await.unwrap();
        assert_eq!((&by_name.meta, text(&by_name, "n")), (&meta, n.to_string()));
        if n % 100 == 0 {
            // A name that is given up and taken by another secret.
            let update = SecretUpdate::new().name(SecretName::new(format!("old-{n}")).unwrap());
            writer.update(&id.into(), update).await.unwrap();
            assert_eq!(reader.get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
            let other = writer.create("db", [("n", "other")]).await.unwrap().meta.id;
            assert_eq!(reader.get("db").await.unwrap().meta.id, other);
            writer.delete("db").await.unwrap();
            assert_eq!(reader.get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
            let update = SecretUpdate::new().name(SecretName::new("db").unwrap());
            writer.update(&id.into(), update).await.unwrap();
        }
    }
    two.assert_whole(deployment.held.as_ref()).await;
    database.finish([one, two]).await;
}

macro_rules! everywhere {
    ($($case:ident)*) => {
        mod sqlite {
            everywhere!(@values "", super::super::Database::file(), $($case)*);
        }
        mod postgres {
            everywhere!(
                @values "needs PostgreSQL: cargo xtask test",
                super::super::Database::on(super::super::Server::Postgres),
                $($case)*
            );
        }
        mod mariadb {
            everywhere!(
                @values "needs MariaDB: cargo xtask test",
                super::super::Database::on(super::super::Server::MariaDb),
                $($case)*
            );
        }
    };
    (@values $why:tt, $database:expr, $($case:ident)*) => {
        mod inline {
            $(everywhere!(@test $why, $database, inline, $case);)*
        }
        mod external {
            $(everywhere!(@test $why, $database, external, $case);)*
        }
    };
    (@test "", $database:expr, $values:ident, $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            super::super::$case($database.await, super::super::Deployment::$values()).await;
        }
    };
    (@test $why:tt, $database:expr, $values:ident, $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = $why]
        async fn $case() {
            super::super::$case($database.await, super::super::Deployment::$values()).await;
        }
    };
}

everywhere! {
    one_of_64_wins_a_name
    thirty_two_patches_at_once_all_count
    a_stale_revision_changes_nothing
    name_privacy_and_values_change_together_or_not_at_all
    what_one_writes_the_other_reads_at_once
}
