//! Connections on which nothing comes any more, as after a failover: none is told that it is lost.
#![cfg(all(feature = "postgres", feature = "mysql"))]

#[macro_use]
mod common;

use common::{
    engine::Deployment,
    options,
    server::{Databases, Server, address, through},
};
use futures::future::join_all;
use std::time::{Duration, Instant};
use strongroom_core::Result;
use strongroom_sql::SqlCatalog;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// How long somebody waits for a read.
const DEADLINE: Duration = Duration::from_secs(3);
/// Within this time reads are answered again.
const SOON: Duration = Duration::from_secs(30);

/// Passes everything on, until those connections fall silent that there are then.
struct Proxy {
    port: u16,
    silenced: watch::Sender<u32>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    async fn to(url: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let silenced = watch::Sender::new(0);
        let (target, silent) = (address(url).to_owned(), silenced.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (target, mut silent) = (target.clone(), silent.subscribe());
                tokio::spawn(async move {
                    let mut database = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        // A side that closed ends it.
                        _ = copy_bidirectional(&mut client, &mut database) => {}
                        _ = silent.changed() => {
                            drop(database);
                            // Open, and nothing more.
                            tokio::time::sleep(10 * SOON).await;
                        }
                    }
                });
            }
        });
        Self { port, silenced, accepting }
    }

    fn silence(&self) {
        self.silenced.send_modify(|times| *times += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Reads go on over new connections, however few there may be, and whoever waited for the old ones left.
async fn reads_go_on(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    let proxy = Proxy::to(&url).await;
    let few = options(through(server, &url, proxy.port)).max_connections(2);
    let process = Deployment::inline().process(SqlCatalog::open(few).await.unwrap()).await;
    let secrets = process.secrets().on_behalf_of(process.context().with_timeout(DEADLINE));
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    // By name and by id are two statements.
    let both = || async {
        let by_id = async { secrets.get_ref(&id.into(), &Default::default()).await.map(drop) };
        let by_name = async { secrets.get("db").await.map(drop) };
        let (id, name) = futures::join!(by_id, by_name);
        id.and(name)
    };
    both().await.unwrap();
    proxy.silence();
    let begun = Instant::now();
    let mut last: Result<()>;
    loop {
        last = both().await;
        if last.is_ok() || begun.elapsed() > SOON {
            break;
        }
    }
    assert!(last.is_ok(), "after {:?}: {last:?}", begun.elapsed());
    for answer in join_all((0..20).map(|_| both())).await {
        answer.unwrap();
    }
    process.catalog.close().await.unwrap();
    databases.drop_all().await;
}

/// Whoever is still waiting for an answer that does not come holds up nobody else.
async fn a_patient_reader_holds_up_nobody(server: Server) {
    // On a slow machine the first one may have been given a new connection, and waits for nothing.
    for _ in 0..5 {
        if somebody_waits_and_another_one_reads(server).await {
            return;
        }
    }
    panic!("nobody waits");
}

async fn somebody_waits_and_another_one_reads(server: Server) -> bool {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    let proxy = Proxy::to(&url).await;
    let through = options(through(server, &url, proxy.port));
    let process = Deployment::inline().process(SqlCatalog::open(through).await.unwrap()).await;
    let secrets = process.secrets().on_behalf_of(process.context().with_timeout(SOON));
    secrets.create("db", [("a", "1")]).await.unwrap();
    proxy.silence();
    let patient = tokio::spawn(async move { secrets.get("db").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let hurried = process.secrets().on_behalf_of(process.context().with_timeout(SOON / 2));
    hurried.get("db").await.unwrap();
    let waits = !patient.is_finished();
    patient.abort();
    process.catalog.close().await.unwrap();
    databases.drop_all().await;
    waits
}

on_both! {
    reads_go_on
    a_patient_reader_holds_up_nobody
}
