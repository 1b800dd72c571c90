//! A server in a thread of its own.

use crate::{Answer, Request};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as StdTcpListener, TcpStream as StdTcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

/// More than any of the services takes.
const BODY_BYTES: usize = 1 << 20;

/// What TLS begins with, and no request does.
const HANDSHAKE: u8 = 0x16;

/// Answers requests.
type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a port of the loopback interface, a free one for 0, and answers with `handler`.
    ///
    /// # Errors
    /// The port is taken, or there is no thread for it.
    pub fn start(
        port: u16,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        // Whoever starts it may be in a runtime, which must not wait for another one.
        let listener = StdTcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let (handler, tls): (Handler, _) = (Arc::new(handler), tls.map(TlsAcceptor::from));
        let thread = thread::Builder::new().name("emulator".into()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = accept(listener, tls, handler) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell, even if it has panicked.
            let _ = thread.join();
        }
    }
}

/// Whether somebody listens on this port of the loopback interface.
#[must_use]
pub fn answers(port: u16) -> bool {
    StdTcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(5)).is_ok()
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, handler: Handler) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, tls.clone(), handler.clone()))),
            // Too many files are open: some will be closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, handler: Handler) {
    // Answers are short, and somebody waits for each.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve(stream, handler).await };
    let mut first = [0];
    if stream.peek(&mut first).await.is_ok() && first[0] == HANDSHAKE {
        // Clients that do not trust us are a part of the tests.
        if let Ok(stream) = tls.accept(stream).await {
            serve(stream, handler).await;
        }
    } else {
        serve(stream, handler).await;
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let handler = handler.clone();
        async move {
            let (parts, body) = request.into_parts();
            let answer = match Limited::new(body, BODY_BYTES).collect().await {
                Ok(body) => handler(&Request::new(parts, body.to_bytes())),
                Err(_) => Answer::empty(413).header("connection", "close"),
            };
            Ok::<_, Infallible>(response(answer))
        }
    });
    // Clients that go away are a part of the tests.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(answer.body.into())).expect("an emulator's own headers are in order")
}
