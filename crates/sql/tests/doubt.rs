//! Connections that are lost during a COMMIT: the answer is right or says that it is not known, and what was asked
//! for is done once at most.
#![cfg(all(feature = "postgres", feature = "mysql"))]

mod common;
#[path = "doubt/proxy.rs"]
mod proxy;
#[path = "doubt/wire.rs"]
mod wire;

use common::{
    engine::{Deployment, Process, text},
    options,
    server::{Databases, Server},
};
use futures::future::join_all;
use proxy::{Cut, Proxy};
use std::time::Duration;
use strongroom_core::{
    Error, ErrorKind, GetOptions, Result, Revision, SecretFilter, SecretName, SecretUpdate, Secrets,
};
use strongroom_engine::Catalog as _;
use strongroom_sql::SqlCatalog;

const CUTS: [Cut; 4] = [Cut::After, Cut::Before, Cut::Late, Cut::Silence];
/// How long the database's answers are waited for.
const PATIENCE: Duration = Duration::from_secs(1);
const CHANGES: [Change; 4] = [Change::Create, Change::Update, Change::Rename, Change::Delete];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Create,
    Update,
    Rename,
    Delete,
}

/// One database, a process beside the proxy and one behind it.
struct Scene {
    databases: Databases,
    deployment: Deployment,
    direct: Process,
    behind: Process,
    proxy: Proxy,
}

impl Scene {
    async fn on(server: Server, deployment: Deployment) -> Self {
        let databases = Databases::on(server);
        let url = databases.fresh().await;
        let proxy = Proxy::to(server, &url).await;
        let direct = deployment.process(SqlCatalog::open(options(&url)).await.unwrap()).await;
        let through = options(proxy.url(server, &url)).patience(PATIENCE);
        let through = SqlCatalog::open(through).await.unwrap();
        let behind = deployment.process(through).await;
        Self { databases, deployment, direct, behind, proxy }
    }

    /// On behalf of somebody behind the proxy who waits so long.
    fn secrets(&self, deadline: Duration) -> Secrets {
        self.behind.secrets().on_behalf_of(self.behind.context().with_timeout(deadline))
    }

    async fn entries(&self) -> u64 {
        self.direct.catalog.summary().await.unwrap().audit_entries
    }

    async fn finish(self) {
        self.direct.assert_whole(self.deployment.held.as_ref()).await;
        self.behind.catalog.close().await.unwrap();
        self.direct.catalog.close().await.unwrap();
        self.databases.drop_all().await;
    }

    /// What the change is made to, if anything.
    async fn prepare(&self, change: Change, name: &str) {
        if change != Change::Create {
            self.direct.secrets().create(name, [("a", "1"), ("b", "1")]).await.unwrap();
        }
    }

    /// How often the change took effect: never or once. Anything else, or a half of it, is a failure.
    async fn times(&self, change: Change, name: &str) -> usize {
        let secrets = self.direct.secrets();
        let read = secrets.get(name).await;
        let times = match change {
            Change::Create => usize::from(read.is_ok()),
            Change::Update => usize::from(text(read.as_ref().unwrap(), "a") == "2"),
            Change::Rename => usize::from(read.is_err()),
            Change::Delete => return usize::from(read.is_err()),
        };
        let now = match change {
            Change::Rename if times == 1 => secrets.get(&renamed(name)).await,
            Change::Create if times == 0 => return 0,
            _ => read,
        };
        let now = now.expect("it is neither here nor there");
        let base = usize::from(change != Change::Create);
        assert_eq!(now.meta.revision, Revision((base + times) as u64), "{change:?}");
        assert_eq!(text(&now, "b"), "1");
        times
    }
}

fn renamed(name: &str) -> String {
    format!("{name}-renamed")
}

/// Makes the change; the revision that it says it made, 0 for a deletion.
async fn make(secrets: &Secrets, change: Change, name: &str) -> Result<u64> {
    match change {
        Change::Create => Ok(secrets.create(name, [("a", "1"), ("b", "1")]).await?.meta.revision.0),
        Change::Update => Ok(secrets.set(name, "a", "2").await?.revision.0),
        Change::Rename => {
            let update = SecretUpdate::new().name(SecretName::new(renamed(name))?);
            Ok(secrets.update(&SecretName::new(name)?.into(), update).await?.revision.0)
        }
        Change::Delete => secrets.delete(name).await.map(|()| 0),
    }
}

fn expected(change: Change) -> u64 {
    match change {
        Change::Create => 1,
        Change::Update | Change::Rename => 2,
        Change::Delete => 0,
    }
}

/// One COMMIT is cut off, each in turn: the change is made all the same, once, and the answer says so.
async fn one_lost_connection_is_made_up_for(server: Server, deployment: Deployment) {
    let scene = Scene::on(server, deployment).await;
    let secrets = scene.secrets(Duration::from_secs(20));
    let mut cases = 0;
    for change in CHANGES {
        for cut in CUTS {
            for after in 0.. {
                let name = format!("{change:?}-{cut:?}-{after}");
                scene.prepare(change, &name).await;
                let before = scene.entries().await;
                scene.proxy.plan.cut_one(after, cut);
                let answer = make(&secrets, change, &name).await;
                let was_cut = scene.proxy.plan.stop();
                let what = format!("{name}: {answer:?}");
                assert_eq!(answer.as_ref().ok(), Some(&expected(change)), "{what}");
                assert_eq!(scene.times(change, &name).await, 1, "{what}");
                assert_eq!(scene.entries().await, before + 1, "{what}");
                if was_cut == 0 {
                    assert!(after > 0, "no COMMIT was seen");
                    break;
                }
                cases += 1;
            }
        }
    }
    assert!(cases >= CHANGES.len() * CUTS.len(), "only {cases}");
    scene.finish().await;
}

/// No COMMIT gets its answer: the answer is right, or says that nobody knows.
async fn an_answer_is_never_wrong(server: Server, deployment: Deployment) {
    let scene = Scene::on(server, deployment).await;
    for change in CHANGES {
        for cut in CUTS {
            // Time for several that nobody answers, or for as many as come of it at once.
            let deadline = if cut == Cut::Silence { 15 * PATIENCE } else { 2 * PATIENCE };
            let secrets = scene.secrets(deadline);
            let name = format!("{change:?}-{cut:?}");
            scene.prepare(change, &name).await;
            let before = scene.entries().await;
            scene.proxy.plan.cut_all(cut);
            let answer = make(&secrets, change, &name).await;
            assert!(scene.proxy.plan.stop() > 0, "no COMMIT was cut off");
            // What may still be on its way arrives.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let times = scene.times(change, &name).await;
            let made = scene.entries().await - before;
            assert_eq!(made, times as u64, "{name}: {answer:?}");
            match &answer {
                Ok(_) => assert_eq!(times, 1, "{name}: {answer:?}"),
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {}
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    assert_eq!(times, 0, "{name}: {error}")
                }
                Err(error) => panic!("{name}: {error:?}"),
            }
            match cut {
                Cut::Before => assert_eq!(times, 0, "{name}: {answer:?}"),
                Cut::After | Cut::Silence => {
                    assert!(answer.is_ok(), "it can be found out: {name}: {answer:?}")
                }
                Cut::Late => {}
            }
        }
    }
    scene.finish().await;
}

/// Many change one secret over connections that keep breaking.
async fn changes_in_a_storm_are_made_once(server: Server, deployment: Deployment) {
    let scene = Scene::on(server, deployment).await;
    scene.direct.secrets().create("db", [("first", "0")]).await.unwrap();
    scene.proxy.plan.cut_some(4, 1);
    let workers = (0..6).map(|worker| {
        let secrets = scene.secrets(Duration::from_secs(20));
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for round in 0..6 {
                let key = format!("{worker}-{round}");
                answers.push((secrets.set("db", &key, "x").await, key));
            }
            answers
        })
    });
    let answers = join_all(workers).await.into_iter().flat_map(|answers| answers.unwrap());
    let answers: Vec<(Result<_>, String)> = answers.collect();
    assert!(scene.proxy.plan.stop() > 3, "hardly a connection was cut");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let read = scene.direct.secrets().get("db").await.unwrap();
    for (answer, key) in &answers {
        let there = read.values.contains_key(key);
        match answer {
            Ok(_) => assert!(there, "{key} is lost"),
            Err(error) => assert_maybe(error, there),
        }
    }
    let (values, entries) = (read.values.len() as u64, scene.entries().await);
    assert_eq!(read.meta.revision.0, values, "something was done twice");
    assert_eq!(entries, values, "the log tells something else");
    scene.finish().await;
}

/// An error may be given for what was not done, and for what was done only if it says that nobody knows.
fn assert_maybe(error: &Error, done: bool) {
    assert!(!done || error.kind() == ErrorKind::OutcomeUnknown, "it was done: {error:?}");
    let right = matches!(
        error.kind(),
        ErrorKind::OutcomeUnknown | ErrorKind::Unavailable | ErrorKind::Conflict | ErrorKind::Timeout
    );
    assert!(right, "{error:?}");
}

/// Many want one name over connections that keep breaking.
async fn a_name_in_a_storm_is_given_once(server: Server, deployment: Deployment) {
    let scene = Scene::on(server, deployment).await;
    for round in 0..4 {
        let name = format!("name-{round}");
        let before = scene.entries().await;
        scene.proxy.plan.cut_some(2, round);
        let racers = (0..8).map(|by: u64| {
            let (secrets, name) = (scene.secrets(Duration::from_secs(20)), name.clone());
            tokio::spawn(async move { secrets.create(&name, [("by", by.to_string())]).await })
        });
        let answers: Vec<Result<_>> =
            join_all(racers).await.into_iter().map(|answer| answer.unwrap()).collect();
        scene.proxy.plan.stop();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let read = scene.direct.secrets().get(&name).await;
        let winner = read.as_ref().ok().map(|secret| text(secret, "by").parse::<usize>().unwrap());
        for (by, answer) in answers.iter().enumerate() {
            match answer {
                Ok(secret) => {
                    assert_eq!(Some(by), winner, "told that it won");
                    assert_eq!(secret.meta.id, read.as_ref().unwrap().meta.id);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    assert_ne!(Some(by), winner, "told that it lost");
                }
                Err(error) => assert_maybe(error, Some(by) == winner),
            }
        }
        assert_eq!(scene.entries().await - before, u64::from(winner.is_some()));
    }
    let all = scene.direct.secrets().list(&SecretFilter::new()).await.unwrap();
    for meta in &all.items {
        let read = scene.direct.secrets().get_ref(&meta.id.into(), &GetOptions::new()).await;
        assert!(read.is_ok(), "{read:?}");
    }
    scene.finish().await;
}

macro_rules! on_both {
    ($($case:ident)*) => {
        mod postgres {
            on_both!(@values "needs PostgreSQL: cargo xtask test", Postgres, $($case)*);
        }
        mod mariadb {
            on_both!(@values "needs MariaDB: cargo xtask test", MariaDb, $($case)*);
        }
    };
    (@values $why:literal, $server:ident, $($case:ident)*) => {
        mod inline {
            $(on_both!(@test $why, $server, inline, $case);)*
        }
        mod external {
            $(on_both!(@test $why, $server, external, $case);)*
        }
    };
    (@test $why:literal, $server:ident, $values:ident, $case:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = $why]
        async fn $case() {
            super::super::$case(super::super::Server::$server, super::super::Deployment::$values()).await;
        }
    };
}

on_both! {
    one_lost_connection_is_made_up_for
    an_answer_is_never_wrong
    changes_in_a_storm_are_made_once
    a_name_in_a_storm_is_given_once
}
