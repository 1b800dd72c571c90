//! The wire breaks, in every way, at every call of every operation.

mod operation;
mod ways;

pub use operation::Operation;

use super::{CANARY, CloudSubject, Site, text, uncached};
use crate::wire::{Fault, Order, Wire};
use futures::future::join_all;
use std::{sync::Arc, time::Duration};
use strongroom_core::{Backend, Error, ErrorKind};
use strongroom_engine::Engine;
use ways::{LATE, impatient, ways};

/// Requests that are broken: method and path, with `*` for any run of characters.
pub type Hit = (&'static str, &'static str);

/// Where the wire of a service is broken, and what its back-end says then.
#[derive(Clone, Debug)]
pub struct FaultTable {
    /// The `type` of the back-end, which errors name.
    pub kind: &'static str,
    /// What errors call the service.
    pub service: &'static str,
    /// What no error may show besides values: the credentials.
    pub credentials: Vec<String>,
    /// The calls that an operation cannot do without; at least one for each of [`Operation::ALL`].
    pub operations: Vec<(Operation, Hit)>,
    /// The call that writes a version: its answer is lost, and what follows is broken, too.
    pub put: Hit,
    /// The calls with which an abandoned version is cleaned up.
    pub cleaning: Vec<Hit>,
    /// How many of each of them are passed over, one after the other, before one breaks.
    pub skips: usize,
    /// All calls.
    pub any: Hit,
}

/// A deployment with two secrets and a history, whose wire breaks.
struct Broken {
    wire: Wire,
    site: Site,
    /// Through the wire.
    backend: Arc<dyn Backend>,
    /// Past it.
    whole: Arc<dyn Backend>,
    table: FaultTable,
}

impl Broken {
    async fn furnished(subject: &dyn CloudSubject) -> Self {
        let wire = Wire::to(&subject.server()).await;
        let site = Site::of(subject).await;
        let backend = subject.open(site.identity.namespace, Some(&wire)).await;
        let whole = subject.open(site.identity.namespace, None).await;
        let broken = Self { wire, site, backend, whole, table: subject.faults() };
        let engine = broken.site.engine(broken.backend.clone(), uncached()).await;
        let secrets = broken.site.secrets(&engine);
        secrets.create("db", [("a", "first")]).await.unwrap();
        secrets.set("db", "a", "old").await.unwrap();
        secrets.create("other", [("a", "old")]).await.unwrap();
        broken.site.settle(&engine).await;
        broken
    }

    async fn engine(&self, attempts: u32) -> Engine {
        self.site.engine(self.backend.clone(), impatient(attempts)).await
    }

    fn order(&self, (method, path): Hit, fault: Fault) -> Order {
        Order::new(method, path, fault)
    }

    /// The wire is whole again, and the port, which may have been closed, takes connections.
    async fn heal(&self) {
        self.wire.heal();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }

    /// The same, and what was on its way has arrived.
    async fn heal_from(&self, fault: &Fault) {
        self.heal().await;
        if let Fault::Late(time) = fault {
            tokio::time::sleep(*time).await;
        }
    }

    /// After the sweeper nothing is left that nothing names, and what the service shows is what is committed.
    async fn assert_clean(&self) {
        self.wire.heal();
        let engine = self.site.engine(self.backend.clone(), uncached()).await;
        self.site.settle(&engine).await;
        self.site.assert_accounted(&*self.whole).await;
    }

    /// Names the store and what to do, and shows no value and no credential.
    #[track_caller]
    fn assert_told(&self, error: &Error, what: &str) {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(self.table.kind), "{what}: the back-end is not named: {shown}");
        // That it did not answer in time, the engine itself says.
        let said = shown.contains(self.table.service) || error.kind() == ErrorKind::Timeout;
        assert!(said, "{what}: the service is not named: {shown}");
        let secrets = self.table.credentials.iter().map(String::as_str).chain([CANARY]);
        for secret in secrets {
            assert!(!shown.contains(secret), "{what}: the error shows {secret}");
        }
        let passing = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::RateLimited];
        assert!(passing.contains(&error.kind()), "{what}: {shown}");
    }
}

/// Breaks one call of an operation as often as said.
async fn case(
    subject: &dyn CloudSubject,
    operation: Operation,
    hit: Hit,
    (name, fault): (&str, &Fault),
    times: usize,
) {
    let what = format!("{operation:?} at {hit:?}, {name}, {times} times");
    let broken = Broken::furnished(subject).await;
    let engine = broken.engine(3).await;
    let before = broken.wire.broken();
    broken.wire.order(broken.order(hit, fault.clone()).times(times));
    let done = operation.run(&engine, &broken.site).await;
    assert!(broken.wire.broken() > before, "{what}: nothing was broken");
    // While the port refuses connections, so may the next ones.
    broken.heal_from(fault).await;
    match &done {
        Err(error) => {
            assert!(times > 2, "{what}: once is to be got over: {error:?}");
            broken.assert_told(error, &what);
        }
        Ok(()) => {
            // What is worked on in the background succeeds later.
            let waits = matches!(operation, Operation::Rename | Operation::Delete);
            assert!(times <= 2 || waits, "{what}: it succeeded");
        }
    }
    let cold = broken.engine(3).await;
    operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
    broken.assert_clean().await;
    operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
}

/// Once, which is to be got over, and for as long as it is tried.
async fn all_ways(subject: &dyn CloudSubject, operation: Operation) {
    let hits: Vec<Hit> = subject
        .faults()
        .operations
        .into_iter()
        .filter(|(one, _)| *one == operation)
        .map(|(_, hit)| hit)
        .collect();
    assert!(!hits.is_empty(), "the table names no call of {operation:?}");
    for hit in hits {
        for (name, fault) in ways() {
            case(subject, operation, hit, (name, &fault), 1).await;
            match fault {
                Fault::Refuse(_) => case_for_good(subject, operation).await,
                fault => case(subject, operation, hit, (name, &fault), 50).await,
            }
        }
    }
}

/// Nobody listens at all.
async fn case_for_good(subject: &dyn CloudSubject, operation: Operation) {
    let what = format!("{operation:?}, refused for good");
    let broken = Broken::furnished(subject).await;
    let engine = broken.engine(3).await;
    broken.wire.refuse();
    let done = operation.run(&engine, &broken.site).await;
    match &done {
        Err(error) => broken.assert_told(error, &what),
        Ok(()) => assert_eq!(operation, Operation::Delete, "{what}: it succeeded"),
    }
    broken.heal().await;
    if operation != Operation::Rename {
        let cold = broken.engine(3).await;
        operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
    }
    broken.assert_clean().await;
}

/// One case of the suite for each operation.
macro_rules! each {
    ($($name:ident $operation:ident)*) => { $(
        /// One case of [`fault_suite!`](crate::fault_suite).
        #[doc(hidden)]
        pub async fn $name(subject: &dyn CloudSubject) {
            all_ways(subject, Operation::$operation).await;
        }
    )* };
}

each! {
    a_create_is_done_or_not_at_all Create
    a_read_is_right_or_refused Get
    a_bulk_read_is_right_or_refused GetMany
    an_update_is_done_or_not_at_all Update
    a_rename_is_done_whatever_becomes_of_the_labels Rename
    a_rollback_is_done_or_not_at_all Rollback
    a_deletion_is_done_and_made_up_for Delete
}

/// An update whose answers are all lost, and cleaning up that breaks, too, at each of its calls.
#[doc(hidden)]
pub async fn cleaning_up_breaks_at_each_of_its_calls(subject: &dyn CloudSubject) {
    let table = subject.faults();
    assert!(!table.cleaning.is_empty() && table.skips > 0, "the table names no call that cleans up");
    for (name, fault) in ways() {
        for hit in &table.cleaning {
            for skip in 0..table.skips {
                let what = format!("{name} at {hit:?} after {skip}");
                let broken = Broken::furnished(subject).await;
                let engine = broken.engine(2).await;
                broken.wire.order(broken.order(table.put, Fault::LoseAnswer).times(2));
                broken.wire.order(broken.order(*hit, fault.clone()).skip(skip).times(2));
                let failed = broken.site.secrets(&engine).set("db", "a", CANARY).await;
                broken.assert_told(&failed.expect_err(&what), &what);
                let cold = broken.engine(2).await;
                broken.heal_from(&fault).await;
                Operation::Update.assert_whole(&cold, &broken.site, false, &what).await;
                broken.assert_clean().await;
            }
        }
    }
}

/// Many write at once over a wire that breaks again and again: what was acknowledged is there, names are unique.
#[doc(hidden)]
pub async fn nothing_is_lost_and_no_name_is_there_twice_over_a_bad_wire(subject: &dyn CloudSubject) {
    let broken = Broken::furnished(subject).await;
    for (n, (_, fault)) in ways().into_iter().enumerate() {
        for round in 0..3 {
            broken.wire.order(broken.order(broken.table.any, fault.clone()).skip(2 * n + 12 * round));
        }
    }
    let mut options = impatient(4);
    options.cache_bytes = 1 << 20;
    let engine = broken.site.engine(broken.backend.clone(), options).await;
    let writers = (0..12).map(|n| {
        let secrets = broken.site.secrets(&engine);
        tokio::spawn(async move {
            let key = format!("k{n}");
            let merged = secrets.set("db", &key, CANARY).await.is_ok();
            (key, merged, secrets.create("same", [("a", n.to_string())]).await.map(drop))
        })
    });
    let mut merged = Vec::new();
    let mut created = 0;
    for writer in join_all(writers).await {
        let (key, done, create) = writer.unwrap();
        merged.extend(done.then_some(key));
        created += usize::from(create.is_ok());
    }
    let (times, sent) = (broken.wire.broken(), broken.wire.count("*", "*"));
    assert!(times > 5, "the wire broke {times} times in {sent} requests");
    broken.heal_from(&Fault::Late(LATE)).await;
    broken.assert_clean().await;
    let cold = broken.engine(3).await;
    let secrets = broken.site.secrets(&cold);
    let read = secrets.get("db").await.unwrap();
    for key in &merged {
        assert_eq!(text(&read, key), CANARY);
    }
    assert!(created <= 1, "{created} secrets of one name");
    assert_eq!(secrets.get("same").await.is_ok(), created == 1);
}

/// Makes one `#[tokio::test]` of each case about the wire of a [`CloudSubject`]; with `ignore = "why"`, ignored ones.
#[macro_export]
macro_rules! fault_suite {
    ($subject:expr $(, ignore = $why:literal)? $(,)?) => {
        $crate::cloud_cases! { faults, $subject, [$($why)?],
            a_create_is_done_or_not_at_all
            a_read_is_right_or_refused
            a_bulk_read_is_right_or_refused
            an_update_is_done_or_not_at_all
            a_rename_is_done_whatever_becomes_of_the_labels
            a_rollback_is_done_or_not_at_all
            a_deletion_is_done_and_made_up_for
            cleaning_up_breaks_at_each_of_its_calls
            nothing_is_lost_and_no_name_is_there_twice_over_a_bad_wire
        }
    };
}
