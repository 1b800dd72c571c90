//! A proxy in front of an HTTP server that counts what goes by, and breaks the wire when told to.
//!
//! ```
//! # async fn example(server: &str) {
//! use std::time::Duration;
//! use strongroom_testkit::wire::{Fault, Order, Wire};
//!
//! let wire = Wire::to(server).await; // "http://127.0.0.1:8200"
//! let _address = wire.url(); // give this one to the client
//!
//! // Counting: `*` stands for any run of characters, in the method and in the path (without the query).
//! assert_eq!(wire.count("GET", "/v1/secret/data/*"), 0);
//! wire.forget();
//!
//! // Breaking: the next matching request, the next three, the second one, every one until `heal`.
//! wire.order(Order::new("POST", "/v1/secret/data/*", Fault::LoseAnswer));
//! wire.order(Order::new("*", "*", Fault::status(429).retry_after(1)).times(3));
//! wire.order(Order::new("*", "*", Fault::Reset).skip(1));
//! wire.order(Order::new("*", "*", Fault::Slow(Duration::from_secs(5))).always());
//! wire.heal();
//! assert_eq!(wire.broken(), 0);
//! # }
//! ```
//!
//! - AWS names its calls in a header: a request with `x-amz-target: secretsmanager.GetSecretValue` counts as one to the
//!   path `/GetSecretValue`.
//! - Of several orders that match, the oldest that is not used up decides.
//! - HTTP/1.1 in clear text on both sides, on loopback; connections to the client are kept open, as a server does.
//! - It runs on the runtime that it was made on, and ends when it is dropped.

mod fault;
mod message;
mod pass;
mod plan;

pub use fault::{Answer, Fault};
pub use plan::{Order, Request};

use pass::{Gate, serve};
use plan::Plan;
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A proxy that runs.
#[derive(Debug)]
pub struct Wire {
    plan: Arc<Plan>,
    gate: watch::Sender<Gate>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Wire {
    /// Listens on a free port and passes everything on to the server of this URL, whose path does not matter.
    ///
    /// # Panics
    /// If the URL is not `http://HOST:PORT`, or no port is free.
    pub async fn to(server: &str) -> Self {
        let rest = server.strip_prefix("http://").expect("the server's URL must begin with http://");
        let upstream: Arc<str> = rest.split('/').next().unwrap_or_default().into();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("no port is free");
        let address = listener.local_addr().expect("a listener without an address");
        let plan = Arc::new(Plan::default());
        let (gate, watching) = watch::channel(Gate::Open);
        let accepting =
            tokio::spawn(accept(address, listener, upstream, plan.clone(), gate.clone(), watching));
        Self { plan, gate, address, accepting }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks the wire for what an order says.
    pub fn order(&self, order: Order) {
        self.plan.order(order);
    }

    /// Refuses connections from now on until [`heal`](Self::heal); those that are open are cut off.
    pub fn refuse(&self) {
        self.gate.send_replace(Gate::Closed);
    }

    /// Forgets all orders and takes connections again.
    pub fn heal(&self) {
        self.plan.clear();
        self.gate.send_replace(Gate::Open);
    }

    /// How many requests an order has broken, since it was made.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.plan.broken()
    }

    /// How many requests with this method and path arrived since the last [`forget`](Self::forget), broken ones
    /// included.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.plan.count(method, path)
    }

    /// What arrived since the last [`forget`](Self::forget), in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.plan.requests()
    }

    /// Begins to count anew.
    pub fn forget(&self) {
        self.plan.forget();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
        self.gate.send_replace(Gate::Closed);
    }
}

/// Takes connections while the gate is open; a closed port is one that nobody listens on.
async fn accept(
    address: SocketAddr,
    first: TcpListener,
    upstream: Arc<str>,
    plan: Arc<Plan>,
    gate: watch::Sender<Gate>,
    mut watching: watch::Receiver<Gate>,
) {
    let mut listener = Some(first);
    loop {
        let now = *watching.borrow_and_update();
        match now {
            Gate::Closed => listener = None,
            // The port may be in use for a moment by what was cut off.
            Gate::Open if listener.is_none() => listener = TcpListener::bind(address).await.ok(),
            Gate::Open => {}
        }
        let Some(open) = &listener else {
            let retry = tokio::time::sleep(std::time::Duration::from_millis(20));
            tokio::select! {
                changed = watching.changed() => if changed.is_err() { return },
                () = retry => {}
            }
            continue;
        };
        tokio::select! {
            changed = watching.changed() => if changed.is_err() { return },
            accepted = open.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(serve(client, upstream.clone(), plan.clone(), gate.clone()));
                }
            }
        }
    }
}
