//! A proxy between a program and its database that cuts the connection around a COMMIT.

use super::wire::Requests;
use crate::common::server::{Server, address, through};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use strongroom_testkit::Random;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// When the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The COMMIT arrives, its answer does not.
    After,
    /// The COMMIT does not arrive.
    Before,
    /// The caller sees the connection lost; the COMMIT arrives a moment later.
    Late,
    /// The COMMIT arrives; the caller hears nothing any more, not even that the connection is lost.
    Silence,
}

/// What becomes of the COMMITs that go by.
#[derive(Clone, Default)]
pub(crate) struct Plan(Arc<Mutex<Planned>>);

#[derive(Default)]
struct Planned {
    how: Mode,
    cut: usize,
}

#[derive(Default)]
enum Mode {
    #[default]
    Pass,
    /// So many pass, the next one is cut off, the others pass.
    One(usize, Cut),
    All(Cut),
    /// One in so many is cut off.
    Some(usize, Random),
}

impl Plan {
    /// Lets so many COMMITs pass, then cuts at the next one.
    pub(crate) fn cut_one(&self, after: usize, how: Cut) {
        self.set(Mode::One(after, how));
    }

    /// Cuts at every COMMIT.
    pub(crate) fn cut_all(&self, how: Cut) {
        self.set(Mode::All(how));
    }

    /// Cuts at one in so many, each time in another way.
    pub(crate) fn cut_some(&self, one_in: usize, seed: u64) {
        self.set(Mode::Some(one_in, Random::new(seed)));
    }

    /// Lets everything pass; answers how many were cut off.
    pub(crate) fn stop(&self) -> usize {
        let cut = self.0.lock().unwrap().cut;
        self.set(Mode::Pass);
        cut
    }

    fn set(&self, how: Mode) {
        *self.0.lock().unwrap() = Planned { how, cut: 0 };
    }

    fn next(&self) -> Option<Cut> {
        let mut plan = self.0.lock().unwrap();
        let cut = match &mut plan.how {
            Mode::Pass => None,
            Mode::One(0, how) => {
                let how = *how;
                plan.how = Mode::Pass;
                Some(how)
            }
            Mode::One(left, _) => {
                *left -= 1;
                None
            }
            Mode::All(how) => Some(*how),
            Mode::Some(one_in, random) => {
                random.one_in(*one_in).then(|| *random.pick(&[Cut::After, Cut::Before, Cut::Late]))
            }
        };
        plan.cut += usize::from(cut.is_some());
        cut
    }
}

/// Listens on a free port and passes everything on to a server.
pub(crate) struct Proxy {
    pub(crate) plan: Plan,
    port: u16,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(server: Server, url: &str) -> Self {
        let plan = Plan::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (target, plans) = (address(url).to_owned(), plan.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, plan) = (target.clone(), plans.clone());
                tokio::spawn(async move {
                    if let Ok(database) = TcpStream::connect(target).await {
                        // A side that closed ends it; what is cut off is just that.
                        let _ended = pass(server, client, database, &plan).await;
                    }
                });
            }
        });
        Self { plan, port, accepting }
    }

    /// The URL of the same database through this proxy, in clear text.
    pub(crate) fn url(&self, server: Server, url: &str) -> String {
        through(server, url, self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// How long after the caller saw its connection lost a late COMMIT arrives.
const LATE: Duration = Duration::from_millis(60);

async fn pass(
    server: Server,
    mut client: TcpStream,
    mut database: TcpStream,
    plan: &Plan,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    database.set_nodelay(true)?;
    let mut requests = Requests::to(server);
    let (mut up, mut down) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                for request in requests.push(&up[..read]) {
                    let cut = if request.commits { plan.next() } else { None };
                    match cut {
                        None => database.write_all(&request.bytes).await?,
                        Some(Cut::Before) => return Ok(()),
                        Some(Cut::After) => return deliver(&request.bytes, &requests, database).await,
                        Some(Cut::Late) => {
                            drop(client);
                            tokio::time::sleep(LATE).await;
                            return deliver(&request.bytes, &requests, database).await;
                        }
                        Some(Cut::Silence) => {
                            deliver(&request.bytes, &requests, database).await?;
                            while client.read(&mut up).await? > 0 {}
                            return Ok(());
                        }
                    }
                }
            }
            read = database.read(&mut down) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                requests.answered(&down[..read]);
                client.write_all(&down[..read]).await?;
            }
        }
    }
}

/// Sends a COMMIT on and waits for its answer, which goes no further.
async fn deliver(commit: &[u8], requests: &Requests, mut database: TcpStream) -> std::io::Result<()> {
    database.write_all(commit).await?;
    database.write_all(requests.ending()).await?;
    let (mut answer, mut more) = (Vec::new(), [0; 4096]);
    while !requests.is_answer(&answer) {
        let read = database.read(&mut more).await?;
        if read == 0 {
            return Ok(());
        }
        answer.extend_from_slice(&more[..read]);
    }
    Ok(())
}
