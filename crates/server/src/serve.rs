//! Accepting connections, and ending in good order.

use crate::{
    audit::Trail,
    config::ServerConfig,
    http::{App, Kinds, Metrics, Parts, Peer, RequestIds, Worded, described, router},
    identity::Identities,
    tls::Tls,
};
use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    fmt,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom::Open;
use strongroom_core::{Error, ErrorKind, Result, SecretsStore};
use strongroom_engine::{Catalog as _, Engine};
use strongroom_sql::{Dialect, SqlCatalog};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

/// How long the head of a request may take, and the handshake before it, unless requests have less time.
const HEAD: Duration = Duration::from_secs(10);
/// The most that the head of a request may have.
const HEAD_BYTES: usize = 64 << 10;
/// What work that goes on without its caller has at least when the server ends. A guess of a password takes a fraction of it;
/// a write that a store holds up for longer is taken up where it was by whoever runs next.
const DETACHED: Duration = Duration::from_secs(3);
/// How often stores that failed are asked again.
const AGAIN: Duration = Duration::from_secs(15);
/// For how long repeated requests are recognised.
const RECEIPTS: Duration = Duration::from_secs(300);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    tls: Option<Tls>,
    app: App,
    routes: Router<App>,
    open: Open,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Server {
    /// Over an open store; `first_password` is the file with the first admin's made-up password, which goes when that
    /// changes.
    ///
    /// # Errors
    /// `ConfigInvalid` that names the key, or if the root key was dropped meanwhile; `Unavailable` if the address cannot be
    /// had; of the database, in which the server says that it runs.
    pub async fn bind(
        config: ServerConfig,
        open: Open,
        identities: Identities,
        kinds: Kinds,
        sync_audit: bool,
        first_password: Option<PathBuf>,
    ) -> Result<Self> {
        let tls = config.tls()?;
        let (Some(engine), Some(catalog)) = (open.engine.clone(), open.database.clone()) else {
            let text = "store.type: the server needs a store with a database of ours: choose another type";
            return Err(Error::new(ErrorKind::ConfigInvalid, text));
        };
        // Of an account that was removed while its request ran, nobody would see what it made.
        catalog.know_owners();
        let listener = TcpListener::bind(config.listen).await.map_err(|error| {
            let text =
                format!("server.listen: the address cannot be had: {}; choose another port", error.kind());
            Error::new(ErrorKind::Unavailable, text).with("address", config.listen)
        })?;
        let address = listener.local_addr().unwrap_or(config.listen);
        let trail = Trail::new(catalog.clone(), engine.clone(), sync_audit);
        let proxies = config.proxies()?;
        let (routes, description) = described();
        let app = App::new(Parts {
            store: open.store.clone(),
            identities,
            request_ids: RequestIds::new(engine.fresh_id()),
            metrics: Metrics::new(engine, catalog, trail.clone()),
            trail,
            proxies,
            config,
            kinds,
            description,
            ready: AtomicBool::new(true),
            detached: Arc::default(),
            twins: std::sync::Mutex::default(),
            first_password,
        });
        tell_of_others(app.identities.catalog()).await?;
        // Last, so that nobody waits for a server that never served.
        open.announce(&address.to_string()).await?;
        Ok(Self { listener, tls, app, routes, open })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Of the system.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener
            .local_addr()
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the listener has no address"))
    }

    /// Serves until `stop` is ready, is not ready for a while, then takes no more connections, answers what is under way,
    /// writes the audit log and closes the database.
    ///
    /// # Errors
    /// Of the database when it is closed.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let Self { listener, tls, app, routes, open } = self;
        let mut background = JoinSet::new();
        let trail = app.trail.clone();
        background.spawn(async move { trail.run().await });
        let trail = app.trail.clone();
        background.spawn(async move { trail.name_heads().await });
        let trail = app.trail.clone();
        background.spawn(async move { trail.count_denials().await });
        background.spawn(open.upkeep());
        background.spawn(forget(app.identities.clone()));
        if let Some(file) = app.first_password.clone() {
            let identities = app.identities.clone();
            background.spawn(async move { identities.watch_first_password(&file).await });
        }
        background.spawn(look_again(app.store.clone(), app.identities.engine().clone()));
        if let Some(tls) = tls.clone() {
            background.spawn(async move { tls.watch().await });
        }
        let (drain, draining) = watch::channel(false);
        let mut connections = JoinSet::new();
        let places = Arc::new(Semaphore::new(app.config.max_connections));
        let routes = router(routes, app.clone());
        let limit = app.config.request_timeout();
        let (told, unready) = (app.clone(), app.config.unready());
        let stop = async move {
            stop.await;
            told.ready.store(false, Ordering::Relaxed);
            if !unready.is_zero() {
                let ms = unready.as_millis() as u64;
                tracing::info!(target: "strongroom::server", ms, "not ready any more; the listener closes later");
                tokio::time::sleep(unready).await;
            }
        };
        tokio::pin!(stop);
        loop {
            let place = tokio::select! {
                () = &mut stop => break,
                place = places.clone().acquire_owned() => place,
            };
            let accepted = tokio::select! {
                () = &mut stop => break,
                Some(ended) = background.join_next() => {
                    // But for the one that waits for the first password to be changed, none ends by itself.
                    if let Err(error) = ended {
                        tracing::error!(target: "strongroom::server", %error, "a part of the upkeep ended: restart soon");
                    }
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of files, most likely: others have to close theirs.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            let (app, routes, tls, draining) = (app.clone(), routes.clone(), tls.clone(), draining.clone());
            connections.spawn(async move {
                let _place = place;
                connection(stream, peer, tls, (app, routes), draining, limit).await;
            });
        }
        drop(listener);
        let _ = drain.send(true);
        let end = Instant::now() + Duration::from_millis(app.config.drain_ms);
        let all = async { while connections.join_next().await.is_some() {} };
        if timeout_at(end, all).await.is_err() {
            tracing::warn!(target: "strongroom::server", "requests were still under way when the time to drain was over");
        }
        connections.shutdown().await;
        // What goes on without its caller has its place in the audit trail, too, and has lost its caller only now, perhaps.
        let end = end.max(Instant::now() + DETACHED);
        if timeout_at(end, app.detached.write()).await.is_err() {
            tracing::warn!(target: "strongroom::server", "work whose callers had left was still under way");
        }
        background.shutdown().await;
        if let Err(error) = app.trail.close().await {
            tracing::error!(target: "strongroom::server", %error, "the last reads are not in the audit log");
        }
        drop((routes, app));
        open.close().await
    }
}

/// Warns of others on a SQLite file, where a server is to be alone. One that was killed a moment ago is among them.
async fn tell_of_others(catalog: &SqlCatalog) -> Result<()> {
    if catalog.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    for other in catalog.replicas().await? {
        tracing::warn!(
            target: "strongroom::server", other = other.name.as_str(),
            "another program stays on this SQLite file, or was killed just now: a second server there is one too many"
        );
    }
    Ok(())
}

/// Removes rows that live for some minutes.
async fn forget(identities: Identities) {
    loop {
        tokio::time::sleep(RECEIPTS / 5).await;
        if let Err(error) = identities.catalog().forget_receipts(RECEIPTS).await {
            tracing::warn!(target: "strongroom::server", %error, "old receipts will be forgotten later");
        }
        if let Err(error) = identities.catalog().forget_devices().await {
            tracing::warn!(target: "strongroom::server", %error, "old logins will be forgotten later");
        }
    }
}

/// Asks stores that failed whether they are back, also if nobody reads from them.
async fn look_again(store: Arc<dyn SecretsStore>, engine: Engine) {
    loop {
        tokio::time::sleep(AGAIN).await;
        if !engine.stats().down.is_empty() {
            // What comes of it is in the engine's counts.
            let _ = store.check().await;
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Tls>,
    served: (App, Router),
    draining: watch::Receiver<bool>,
    limit: Duration,
) {
    // Answers are small: each goes out at once.
    let _ = stream.set_nodelay(true);
    // Whoever does not read an answer does not keep it and a connection for ever. Below TLS, so that it holds there, too.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limit));
    let (stream, head) = (Box::pin(stream), HEAD.min(limit));
    match tls {
        None => speak(stream, peer, served, draining, head).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(head, tls.acceptor().accept(stream)).await {
                speak(stream, peer, served, draining, head).await;
            }
        }
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    (app, routes): (App, Router),
    mut draining: watch::Receiver<bool>,
    head: Duration,
) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        // A socket of both families shows an IPv4 address as an IPv6 one.
        request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
        routes.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Worded::new(stream, app)), service);
    tokio::pin!(connection);
    tokio::select! {
        // Whatever a client does wrong ends its connection and nothing else.
        _ = connection.as_mut() => return,
        _ = draining.wait_for(|draining| *draining) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
