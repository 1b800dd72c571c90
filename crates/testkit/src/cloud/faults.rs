//! The wire breaks, in every way, at every call of every operation.

mod broken;
mod history;
mod operation;
mod ways;

pub use history::no_committed_version_falls_out;
pub use operation::Operation;

use super::{CANARY, CloudSubject, everything, replacing, text};
use crate::wire::{Fault, Request};
use broken::Broken;
use futures::future::join_all;
use std::future::Future;
use tokio::sync::Semaphore;
use ways::{LATE, LOST, Way, impatient, ways};

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
    /// Every call that an operation makes; at least one for each of [`Operation::ALL`], but for what follows a new secret
    /// where nothing does.
    pub operations: Vec<(Operation, Hit)>,
    /// The call that writes a version: its answer is lost, and what follows is broken, too.
    pub put: Hit,
    /// The calls with which a version whose two puts got no answer is cleaned up at once, and how often each is made.
    pub cleaning: Vec<(Hit, usize)>,
    /// All calls.
    pub any: Hit,
}

/// How many cases are under way at once, in all tests of a program together. They mostly wait: for what is slow, for the
/// pause that was asked for, for what arrives late.
static UNDER_WAY: Semaphore = Semaphore::const_new(14);

/// Runs cases beside each other; each has a deployment and a wire of its own.
async fn together(cases: impl IntoIterator<Item = impl Future<Output = ()>>) {
    let cases = cases.into_iter().map(|case| async move {
        let _place = UNDER_WAY.acquire().await.expect("it is never closed");
        case.await;
    });
    join_all(cases).await;
}

/// Breaks one call of an operation as often as said.
async fn case(subject: &dyn CloudSubject, operation: Operation, hit: Hit, way: &Way, times: usize) {
    let fault = &way.fault;
    let what = format!("{operation:?} at {hit:?}, {}, {times} times", way.name);
    let broken = Broken::furnished(subject).await;
    let engine = match operation {
        Operation::Trim => broken.engine_that_trims().await,
        _ => broken.engine(3).await,
    };
    operation.prepare(&engine, &broken).await;
    let before = broken.wire.broken();
    broken.wire.order(broken.order(hit, fault.clone()).times(times));
    let done = operation.run(&engine, &broken.site).await;
    assert!(broken.wire.broken() > before, "{what}: nothing was broken");
    // While the port refuses connections, so may the next ones.
    broken.heal_from(fault).await;
    match &done {
        Err(error) => {
            assert!(times > 2, "{what}: once is to be got over: {error:?}");
            broken.assert_told(error, way.remedy, &what);
        }
        Ok(()) => {
            let may = times <= 2 || operation.waits() || operation.looks_again();
            assert!(may, "{what}: it succeeded");
        }
    }
    let cold = broken.engine(3).await;
    operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
    if operation.goes_on() {
        operation.run(&cold, &broken.site).await.unwrap_or_else(|error| panic!("{what}, again: {error:?}"));
    }
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
    let none = operation == Operation::AfterCreate && subject.calls().after_create.is_empty();
    assert_eq!(hits.is_empty(), none, "the calls of {operation:?} that the table names");
    let ways = ways();
    let cases = hits.into_iter().flat_map(|hit| ways.iter().map(move |way| (hit, way)));
    let cases = cases
        .flat_map(|(hit, way)| [(hit, way, 1), (hit, way, 50)])
        .filter(|(_, way, times)| *times == 1 || !operation.is_made_of_others() || !way.takes_time());
    together(cases.map(|(hit, way, times)| async move {
        match way.fault {
            Fault::Refuse(_) if times > 1 => case_for_good(subject, operation).await,
            _ => case(subject, operation, hit, way, times).await,
        }
    }))
    .await;
}

/// Nobody listens at all.
async fn case_for_good(subject: &dyn CloudSubject, operation: Operation) {
    let what = format!("{operation:?}, refused for good");
    let broken = Broken::furnished(subject).await;
    let engine = broken.engine(3).await;
    operation.prepare(&engine, &broken).await;
    broken.wire.refuse();
    let done = operation.run(&engine, &broken.site).await;
    match &done {
        Err(error) => broken.assert_told(error, LOST, &what),
        Ok(()) => assert!(operation.needs_nobody(), "{what}: it succeeded"),
    }
    broken.heal().await;
    let cold = broken.engine(3).await;
    operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
    if operation.goes_on() {
        operation.run(&cold, &broken.site).await.unwrap_or_else(|error| panic!("{what}, again: {error:?}"));
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
    a_new_secret_gets_its_labels_in_the_end AfterCreate
    what_falls_out_of_the_history_is_removed_in_the_end Trim
    what_was_abandoned_is_set_right_in_the_end SetRight
    a_move_goes_on_where_it_ended Rehome
    a_repair_goes_on_where_it_ended Repair
    a_scan_is_whole_or_refused Scan
    a_check_tells_what_is_broken Check
}

/// Over a whole wire, no operation asks for what its cases do not break.
#[doc(hidden)]
pub async fn every_call_is_broken_by_a_case(subject: &dyn CloudSubject) {
    together(Operation::ALL.map(|operation| async move {
        let broken = Broken::furnished(subject).await;
        let engine = match operation {
            Operation::Trim => broken.engine_that_trims().await,
            _ => broken.engine(3).await,
        };
        operation.prepare(&engine, &broken).await;
        broken.wire.forget();
        operation.run(&engine, &broken.site).await.unwrap();
        let asked = broken.wire.requests();
        let breaks = |one: &Operation| *one == operation || operation.begins_with().contains(one);
        let hits: Vec<Hit> =
            broken.table.operations.iter().filter(|(one, _)| breaks(one)).map(|(_, hit)| *hit).collect();
        let whole = |request: &&Request| !hits.iter().any(|(method, path)| request.is_like(method, path));
        let whole: Vec<_> =
            asked.iter().filter(whole).map(|one| format!("{} {}", one.method, one.path)).collect();
        assert!(whole.is_empty(), "{operation:?}: no case breaks {whole:#?}");
        let own = broken.table.operations.iter().filter(|(one, _)| *one == operation);
        let made = |(method, path): &Hit| asked.iter().any(|request| request.is_like(method, path));
        let never: Vec<_> = own.map(|(_, hit)| *hit).filter(|hit| !made(hit)).collect();
        assert!(never.is_empty(), "{operation:?}: nobody asks for {never:?}, but for {asked:#?}");
    }))
    .await;
}

/// The answers of an update are all lost, and nothing can be cleaned up at once: what it left is found, counted and
/// removed later, and only once.
#[doc(hidden)]
pub async fn what_an_abandoned_put_left_is_found_counted_and_removed(subject: &dyn CloudSubject) {
    let broken = Broken::furnished(subject).await;
    let engine = broken.engine(2).await;
    let secrets = broken.site.secrets(&engine);
    let id = secrets.get("db").await.expect("a read failed").meta.id;
    let before = everything(&*broken.whole).await.len();
    let twins = || engine.stats().twins.values().sum::<u64>();
    broken.wire.order(broken.order(broken.table.put, Fault::LoseAnswer).times(2));
    broken.wire.order(broken.order(broken.table.any, Fault::status(503).into()).always());
    let failed = secrets.update(&id.into(), replacing("a", CANARY)).await;
    broken.assert_told(&failed.expect_err("it succeeded"), LOST, "an abandoned put");
    let left = everything(&*broken.whole).await.len() - before;
    assert!(left > 0, "it left nothing");
    assert_eq!(twins(), 0, "it was not cleaned up yet");
    broken.wire.heal();
    broken.site.settle(&engine).await;
    assert_eq!(twins(), left as u64);
    broken.site.assert_accounted(&*broken.whole).await;
    broken.site.settle(&engine).await;
    assert_eq!(twins(), left as u64);
    Operation::Update.assert_whole(&engine, &broken.site, false, "an abandoned put").await;
}

/// An update whose answers are all lost, and cleaning up that breaks, too, at each of its calls.
#[doc(hidden)]
pub async fn cleaning_up_breaks_at_each_of_its_calls(subject: &dyn CloudSubject) {
    let table = subject.faults();
    assert!(!table.cleaning.is_empty(), "the table names no call that cleans up");
    let (ways, table) = (ways(), &table);
    let cases =
        ways.iter().flat_map(|way| table.cleaning.iter().map(move |(hit, calls)| (way, *hit, *calls)));
    let cases = cases.flat_map(|(way, hit, calls)| (0..calls).map(move |skip| (way, hit, skip)));
    together(cases.map(|(way, hit, skip)| async move {
        let fault = &way.fault;
        let what = format!("{} at {hit:?} after {skip}", way.name);
        let broken = Broken::furnished(subject).await;
        let engine = broken.engine(2).await;
        let secrets = broken.site.secrets(&engine);
        let id = secrets.get("db").await.expect("a read failed").meta.id;
        broken.wire.order(broken.order(table.put, Fault::LoseAnswer).times(2));
        broken.wire.order(broken.order(hit, fault.clone()).skip(skip).times(2));
        let before = broken.wire.broken();
        let failed = secrets.update(&id.into(), replacing("a", CANARY)).await;
        broken.assert_told(&failed.expect_err(&what), LOST, &what);
        // The two lost answers, and at least one of those that clean up.
        assert!(broken.wire.broken() > before + 2, "{what}: that call is not made");
        let cold = broken.engine(2).await;
        broken.heal_from(fault).await;
        Operation::Update.assert_whole(&cold, &broken.site, false, &what).await;
        broken.assert_clean().await;
    }))
    .await;
}

/// Many write at once over a wire that breaks again and again: what was acknowledged is there, names are unique.
#[doc(hidden)]
pub async fn nothing_is_lost_and_no_name_is_there_twice_over_a_bad_wire(subject: &dyn CloudSubject) {
    let broken = Broken::furnished(subject).await;
    for (n, way) in ways().into_iter().enumerate() {
        for round in 0..3 {
            broken.wire.order(broken.order(broken.table.any, way.fault.clone()).skip(2 * n + 12 * round));
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
        let (key, done, create) = writer.expect("a writer panicked");
        merged.extend(done.then_some(key));
        created += usize::from(create.is_ok());
    }
    let (times, sent) = (broken.wire.broken(), broken.wire.count("*", "*"));
    assert!(times > 5, "the wire broke {times} times in {sent} requests");
    broken.heal_from(&Fault::Late(LATE)).await;
    broken.assert_clean().await;
    let cold = broken.engine(3).await;
    let secrets = broken.site.secrets(&cold);
    let read = secrets.get("db").await.expect("a read failed");
    for key in &merged {
        assert_eq!(text(&read, key), CANARY);
    }
    assert!(merged.len() >= 6, "only {} of 12 writers got through", merged.len());
    assert!(created <= 1, "{created} secrets of one name");
    assert_eq!(secrets.get("same").await.is_ok(), created == 1);
    if created == 0 {
        secrets.create("same", [("a", "once more")]).await.expect("the name is not to be had");
    }
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
            a_new_secret_gets_its_labels_in_the_end
            what_falls_out_of_the_history_is_removed_in_the_end
            what_was_abandoned_is_set_right_in_the_end
            a_move_goes_on_where_it_ended
            a_repair_goes_on_where_it_ended
            every_call_is_broken_by_a_case
            a_scan_is_whole_or_refused
            a_check_tells_what_is_broken
            what_an_abandoned_put_left_is_found_counted_and_removed
            cleaning_up_breaks_at_each_of_its_calls
            nothing_is_lost_and_no_name_is_there_twice_over_a_bad_wire
        }
    };
}
