//! Nothing that is secret is logged or told, however much is asked for.

use super::{CANARY, Hit};
use crate::wire::{Fault, Order, Wire};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};
use strongroom_core::{
    Backend, Error, Labels, NewVersion, ObjectId, Payload, SecretId, VersionRef, VersionUid,
};
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{MakeWriter, format::FmtSpan},
};
use uuid::Uuid;

/// A credential that is sent to whoever gives tokens, and that nobody else may see.
pub const CREDENTIAL: &str = "c4n4ry-cr3d3ntial";
/// A token that is given for it.
pub const GIVEN: &str = "c4n4ry-t0k3n";

/// What it hears first.
const OPEN: &str = "this is heard at the level TRACE";

/// What was written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Hears all that is logged in this process, and is told errors.
pub struct Ear {
    log: Log,
    errors: Vec<String>,
}

/// A version whose value is the [`CANARY`].
pub struct Kept {
    /// The object.
    pub object: ObjectId,
    /// The version.
    pub at: VersionRef,
    labels: Labels,
    payload: Payload,
}

impl Kept {
    /// Puts one.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn put(backend: &dyn Backend) -> Self {
        let (object, labels) = (ObjectId(Uuid::new_v4()), Labels::new(SecretId(Uuid::new_v4()), "bmFtZQ"));
        let payload = Payload::new(format!("{{\"a\":\"{CANARY}\"}}").into());
        let at = backend.put(&NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels)).await;
        Self { object, at: at.expect("it was refused"), labels, payload }
    }

    /// Puts the next one.
    async fn put_again(&self, backend: &dyn Backend) -> Result<VersionRef, Error> {
        let new = NewVersion::new(self.object, VersionUid(Uuid::new_v4()), &self.payload, &self.labels);
        backend.put(&new.after(&self.at)).await
    }

    async fn assert_readable(&self, backend: &dyn Backend) {
        let read = backend.get(self.object, &self.at).await.expect("it cannot be read");
        assert_eq!(read.expose(), self.payload.expose());
    }
}

impl Ear {
    /// Listens from now on, to every level and every span. One test alone can do so in a program.
    #[must_use]
    pub fn open() -> Self {
        let log = Log::default();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(log.clone())
            .init();
        tracing::trace!("{OPEN}");
        Self { log, errors: Vec::new() }
    }

    /// Takes note of what an error shows.
    pub fn told(&mut self, error: &Error) {
        self.errors.push(format!("{error} {error:?}"));
    }

    /// Writes and reads with each of these faults at what both ask for: none of them is a success.
    ///
    /// # Panics
    /// If one is, or if the value cannot be read afterwards.
    pub async fn hears(
        &mut self,
        backend: &dyn Backend,
        wire: &Wire,
        kept: &Kept,
        (method, path): Hit,
        faults: impl IntoIterator<Item = Fault>,
    ) {
        for fault in faults {
            wire.order(Order::new(method, path, fault.clone()).always());
            let written = kept.put_again(backend).await.err();
            let read = backend.get(kept.object, &kept.at).await.err();
            for error in [written, read] {
                self.told(&error.unwrap_or_else(|| panic!("it succeeded with {fault:?}")));
            }
            wire.heal();
        }
        kept.assert_readable(backend).await;
    }

    /// Asks for a token, while what gives tokens behaves like this: it is refused, or the token that it gave is, and nothing
    /// of it is told. `None`: as it is.
    ///
    /// # Panics
    /// If the call is not made, or succeeds.
    pub async fn hears_a_login(
        &mut self,
        open: impl AsyncFn() -> Result<std::sync::Arc<dyn Backend>, Error>,
        wire: &Wire,
        (method, path): Hit,
        faults: impl IntoIterator<Item = Option<Fault>>,
    ) {
        for fault in faults {
            if let Some(fault) = &fault {
                wire.order(Order::new(method, path, fault.clone()).always());
            }
            let before = wire.count(method, path);
            let error = match open().await {
                Ok(backend) => backend.check().await.err(),
                Err(error) => Some(error),
            };
            assert!(wire.count(method, path) > before, "nobody asked for a token: {fault:?}");
            self.told(&error.unwrap_or_else(|| panic!("it succeeded with {fault:?}")));
            wire.heal();
        }
    }

    /// Neither the [`CANARY`], the [`CREDENTIAL`] and what was [`GIVEN`] for it, nor these were logged or told; at least so many lines were logged.
    ///
    /// # Panics
    /// If not.
    pub fn assert_silent(&self, secrets: &[String], lines: usize) {
        let log = self.log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let log = String::from_utf8(log).expect("a log of UTF-8");
        // It must have heard something for this to say anything.
        assert!(log.contains(OPEN) && log.lines().count() >= lines, "{log}");
        for secret in secrets.iter().map(String::as_str).chain([CANARY, CREDENTIAL, GIVEN]) {
            for (what, told) in [("error", &self.errors), ("log", &log.lines().map(str::to_owned).collect())]
            {
                let showing: Vec<_> = told.iter().filter(|line| line.contains(secret)).take(3).collect();
                assert!(showing.is_empty(), "{what}: {showing:#?}");
            }
        }
    }
}
