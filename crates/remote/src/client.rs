//! Calls: logged in, repeated where that is safe, with typed errors.

use crate::{
    config::Checked,
    error::{self, About},
    login::Login,
    transport::{Lost, Message, Reply, Transport},
};
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use strongroom_core::{Error, ErrorKind, Result, Retry};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// How often a call is attempted.
const ATTEMPTS: u32 = 4;
/// The first pause between attempts; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// One server, and who we are there.
pub(crate) struct Client {
    transport: Transport,
    login: Login,
    server: OnceCell<ServerInfo>,
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Names the deployment.
    pub id: Option<Uuid>,
    /// What it calls itself; may be empty.
    pub name: String,
    /// The release of ZenML that it is, or whose clients it serves.
    pub version: String,
    /// The release of Strongroom that it is; `None` for ZenML.
    pub strongroom: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    name: Option<String>,
    version: String,
    #[serde(default)]
    metadata: Option<BTreeMap<String, serde_json::Value>>,
}

/// What is asked for.
pub(crate) struct Call {
    pub(crate) message: Message,
    pub(crate) about: About,
    /// No answer counts any more after this.
    pub(crate) end: Instant,
}

impl Client {
    pub(crate) fn new(checked: Checked) -> Self {
        let Checked { transport, credentials } = checked;
        Self { transport, login: Login::new(credentials), server: OnceCell::new() }
    }

    /// The server's URL.
    pub(crate) fn base(&self) -> &str {
        self.transport.base()
    }

    pub(crate) fn login(&self) -> &Login {
        &self.login
    }

    /// What the server is; asked once. Whoever waits for somebody else's question does so until `end` at the latest.
    pub(crate) async fn server(&self, end: Instant) -> Result<&ServerInfo> {
        let asked = self.server.get_or_try_init(|| self.ask(end));
        tokio::time::timeout_at(end.into(), asked).await.map_err(|_| error::too_slow(self.base()))?
    }

    async fn ask(&self, end: Instant) -> Result<ServerInfo> {
        let about = About { discreet: true, ..About::default() };
        let call = Call { message: Message::new(Method::GET, "/info"), about, end };
        let reply = self.repeated(call, false).await?;
        let info: Info = self.read(&reply)?;
        let metadata = info.metadata.unwrap_or_default();
        Ok(ServerInfo {
            id: info.id,
            name: info.name.unwrap_or_default(),
            version: info.version,
            strongroom: metadata.get("strongroom").and_then(|text| text.as_str()).map(ToOwned::to_owned),
        })
    }

    /// Logs in, if that was not done yet.
    pub(crate) async fn log_in(&self, end: Instant) -> Result<()> {
        self.login.token(&self.transport, None, end).await.map(drop)
    }

    /// Makes a call and reads the answer.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        self.read(&self.call(call).await?)
    }

    /// Reads an answer.
    pub(crate) fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        serde_json::from_slice(reply.body.as_ref()).map_err(|_| error::unreadable(self.base()))
    }

    /// Makes a call; answers nothing but successes.
    pub(crate) async fn call(&self, mut call: Call) -> Result<Reply> {
        let server = self.server(call.end).await?;
        let ours = server.strongroom.is_some();
        call.about.discreet = ours;
        // Reads, and what the server recognises when it comes again: ZenML keeps answers of POST alone.
        let safe = !call.about.writes
            || (call.message.key.is_some() && (ours || call.message.method == Method::POST));
        let mut attempts = Attempts { safe, ..Attempts::default() };
        self.attempted(&call, true, &mut attempts).await
    }

    /// As [`call`](Self::call), for what can be repeated and may need no login.
    async fn repeated(&self, call: Call, logged_in: bool) -> Result<Reply> {
        self.attempted(&call, logged_in, &mut Attempts { safe: true, ..Attempts::default() }).await
    }

    async fn attempted(&self, call: &Call, logged_in: bool, attempts: &mut Attempts) -> Result<Reply> {
        let mut refused = None;
        loop {
            let token = if logged_in {
                let token = self.login.token(&self.transport, refused.as_deref(), call.end).await;
                Some(token.map_err(|error| attempts.judge(error))?)
            } else {
                None
            };
            let header = token.as_ref().map(|token| &token.header);
            attempts.made += 1;
            let error = match self.transport.exchange(&call.message, header, call.end).await {
                Ok(reply) if reply.is_success() => return Ok(reply),
                Ok(reply)
                    if logged_in && reply.status == 401 && refused.is_none() && asks_for_login(&reply) =>
                {
                    // It ended, or what it was issued for changed. A second one that is refused is no accident.
                    refused = token;
                    attempts.made -= 1;
                    continue;
                }
                Ok(reply) => {
                    let error = error::of(&reply, call.about);
                    attempts.doubt |= error::may_go_on(&reply, call.about);
                    // Something between us and the server may have sent it on, or the server goes on with it.
                    let doubtful = call.about.writes && matches!(reply.status, 408 | 502..=504);
                    if doubtful && error.kind() == ErrorKind::OutcomeUnknown {
                        attempts.doubt = true;
                    } else if error.retry() == Retry::Never {
                        return Err(if error.kind() == ErrorKind::StoreRefused {
                            attempts.judge(error.with("server", self.base()))
                        } else {
                            error
                        });
                    }
                    error
                }
                Err(Lost { error, sent, transient }) => {
                    attempts.doubt |= sent && call.about.writes;
                    if !transient {
                        return Err(attempts.judge(error));
                    }
                    error
                }
            };
            let pause = attempts.pause(&error);
            let left = call.end.saturating_duration_since(Instant::now());
            if attempts.made >= ATTEMPTS || left <= pause || (attempts.doubt && !attempts.safe) {
                return Err(attempts.judge(error.retryable(Retry::Exhausted)));
            }
            tracing::debug!(target: "strongroom::remote", kind = ?error.kind(), attempt = attempts.made, "trying again");
            tokio::time::sleep(pause).await;
        }
    }
}

/// What became of a call so far.
#[derive(Default)]
struct Attempts {
    /// Whether it may be sent again after the server may have seen it.
    safe: bool,
    made: u32,
    /// Whether an attempt may have changed something without our knowing.
    doubt: bool,
}

impl Attempts {
    /// The error that the caller gets.
    fn judge(&self, error: Error) -> Error {
        if self.doubt { error::in_doubt(&error) } else { error }
    }

    fn pause(&self, error: &Error) -> Duration {
        if let Retry::After(time) = error.retry() {
            return time;
        }
        let longest = PAUSE * 2u32.saturating_pow(self.made.saturating_sub(1));
        // Between a half and the whole, so that those who failed together do not come back together.
        let fraction = u32::from(Uuid::new_v4().as_bytes()[0]);
        longest / 2 + longest / 2 * fraction / 255
    }
}

/// A 401 that a login can mend, by the contract's rule.
fn asks_for_login(reply: &Reply) -> bool {
    let told = || error::Told::read(reply.body.as_ref());
    reply.asks_for_login || told().exception.as_deref() == Some("CredentialsNotValid")
}
