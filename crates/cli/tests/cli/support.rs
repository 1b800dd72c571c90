//! A program whose secrets live in memory, and a console that records what it was told.

use futures::future::BoxFuture;
use secrecy::SecretString;
use std::{
    cell::Cell,
    collections::VecDeque,
    ffi::OsString,
    io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use strongroom::Registry;
use strongroom_cli::{Console, Location, Opener, Session, execute};
use strongroom_core::{Context, OwnerId, Result, Secrets, SecretsStore, Timestamp};
use strongroom_engine::{Engine, EngineOptions, Env, MemoryCatalog, Parts, crypto::RootKey, initialise};
use uuid::Uuid;
use zeroize::Zeroizing;

/// One deployment in memory.
pub(crate) struct Program {
    store: Arc<dyn SecretsStore>,
    owner: OwnerId,
    opened: Cell<u32>,
}

/// How a command line ended and what it wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What a command line finds around it.
#[derive(Default)]
pub(crate) struct Around {
    terminal: bool,
    input: Vec<u8>,
    answers: VecDeque<String>,
    closed: bool,
    out: Vec<u8>,
    err: String,
}

impl Program {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let env: Arc<dyn Env> = Arc::new(RealEnv);
        let catalog = Arc::new(MemoryCatalog::new(env.clone()));
        let roots = Arc::new(RootKey::generate().unwrap());
        let engine = futures::executor::block_on(async {
            let identity = initialise(&*catalog, &*roots, &*env, "admin", None).await.unwrap();
            let options = EngineOptions::default();
            Engine::open(Parts { catalog, identity, roots, env, stores: Vec::new(), target: None, options })
                .await
        })
        .unwrap();
        let owner = engine.identity().owner.id;
        Self { store: Arc::new(engine), owner, opened: Cell::new(0) }
    }

    /// The same secrets, seen through something else.
    pub(crate) fn through(
        mut self,
        wrap: impl FnOnce(Arc<dyn SecretsStore>) -> Arc<dyn SecretsStore>,
    ) -> Self {
        self.store = wrap(self.store);
        self
    }

    /// Secrets on behalf of another account.
    pub(crate) fn somebody_else(&self) -> Secrets {
        Secrets::new(self.store.clone(), Context::full(OwnerId(Uuid::new_v4()), "test"))
    }

    /// Secrets on behalf of the account that the command line uses.
    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::new(self.store.clone(), Context::full(self.owner, "test"))
    }

    /// How often the store was opened.
    pub(crate) fn opened(&self) -> u32 {
        self.opened.get()
    }

    /// Runs a command line whose output is piped.
    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Ended {
        self.run_in(Around::default(), args)
    }

    /// Runs a command line that is to succeed, and answers what it printed.
    pub(crate) fn ok<const N: usize>(&self, args: [&str; N]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        ended.out
    }

    /// Runs a command line.
    pub(crate) fn run_in<const N: usize>(&self, mut around: Around, args: [&str; N]) -> Ended {
        let args = ["strongroom"].into_iter().chain(args).map(OsString::from);
        let code = execute(args, &Registry::builtin(), self, &mut around);
        Ended { code, out: String::from_utf8(around.out).unwrap(), err: around.err }
    }

    /// One secret as `-o json` shows it.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(["-o", "json", "secret", "get", "--", name])).unwrap()
    }
}

impl Opener for Program {
    fn open<'a>(&'a self, _: &'a Location) -> BoxFuture<'a, Result<Session>> {
        self.opened.set(self.opened.get() + 1);
        let session = Session::over(self.secrets());
        Box::pin(async { Ok(session) })
    }
}

impl Around {
    /// Pipes, with this on standard input.
    pub(crate) fn input(input: impl Into<Vec<u8>>) -> Self {
        Self { input: input.into(), ..Self::default() }
    }

    /// A terminal at which somebody gives these answers.
    pub(crate) fn terminal<const N: usize>(answers: [&str; N]) -> Self {
        Self { terminal: true, answers: answers.map(str::to_owned).into(), ..Self::default() }
    }

    /// A pipe that nobody reads any more.
    pub(crate) fn closed_pipe() -> Self {
        Self { closed: true, ..Self::default() }
    }
}

impl Console for Around {
    fn can_ask(&self) -> bool {
        self.terminal
    }

    fn shows_results(&self) -> bool {
        self.terminal
    }

    fn shows_messages(&self) -> bool {
        self.terminal
    }

    fn write(&mut self, result: &[u8]) -> io::Result<()> {
        if self.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.out.extend_from_slice(result);
        Ok(())
    }

    fn message(&mut self, text: &str) {
        self.err.push_str(text);
    }

    fn read_all(&mut self, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut input = std::mem::take(&mut self.input);
        input.truncate(limit + 1);
        Ok(Zeroizing::new(input))
    }

    fn read_line(&mut self) -> io::Result<Option<String>> {
        Ok(self.answers.pop_front())
    }

    fn read_hidden(&mut self) -> io::Result<Option<SecretString>> {
        Ok(self.answers.pop_front().map(SecretString::from))
    }
}

struct RealEnv;

impl Env for RealEnv {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn monotonic(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}
