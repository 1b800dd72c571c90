//! The wrappers misbehave as they say, and no further.

use futures::FutureExt as _;
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Backend, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result, SecretId, VersionRef,
    VersionUid,
};
use strongroom_testkit::{
    Held, MemoryBackend, TestEnv,
    faults::{Call, Delay, DeliverLate, DropRemoval, FailBefore, Later, LoseAnswer, Method, ReturnOld},
};
use uuid::Uuid;

const NAMESPACE: NamespaceId = NamespaceId(Uuid::nil());
const OBJECT: ObjectId = ObjectId(Uuid::nil());

fn service() -> (Held, Arc<dyn Backend>) {
    let held = Held::new();
    let backend = MemoryBackend::new(&held, NAMESPACE);
    (held, Arc::new(backend))
}

fn always(_: Call) -> bool {
    true
}

fn only(method: Method) -> impl Fn(Call) -> bool {
    move |call| call.method == method
}

/// Puts a text; no call waits unless it is delayed.
fn put(backend: &dyn Backend, text: &str) -> Result<VersionRef> {
    let (payload, labels) = (Payload::new(text.into()), Labels::new(SecretId(Uuid::nil()), ""));
    let version = NewVersion::new(OBJECT, VersionUid(Uuid::new_v4()), &payload, &labels);
    backend.put(&version).now_or_never().expect("it waits")
}

fn get(backend: &dyn Backend, at: &VersionRef) -> Result<String> {
    Ok(backend.get(OBJECT, at).now_or_never().expect("it waits")?.expose_text()?.to_owned())
}

fn versions(held: &Held) -> usize {
    held.inventory(NAMESPACE).iter().map(|(_, versions)| versions.len()).sum()
}

#[test]
fn a_lost_answer_comes_after_the_work() {
    let (held, inner) = service();
    let faulty = LoseAnswer::new(inner, only(Method::Put));
    assert_eq!(put(&faulty, "text").unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(versions(&held), 1);
    assert_eq!(get(&faulty, &VersionRef::new("1")).unwrap(), "text");
}

#[test]
fn a_failure_comes_before_the_work() {
    let (held, inner) = service();
    let faulty = FailBefore::new(inner, only(Method::Put));
    assert_eq!(put(&faulty, "text").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(versions(&held), 0);
    assert!(faulty.check().now_or_never().expect("it waits").is_ok());
}

#[test]
fn a_late_put_is_done_when_it_is_delivered() {
    let ((held, inner), later) = (service(), Later::new());
    let faulty = DeliverLate::new(inner.clone(), always, &later);
    assert_eq!(put(&faulty, "late").unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!((versions(&held), later.len()), (0, 1));
    assert!(later.deliver(1, &*inner).now_or_never().expect("it waits").is_none());
    let at = later.deliver(0, &*inner).now_or_never().expect("it waits").expect("nothing was kept").unwrap();
    assert_eq!(get(&faulty, &at).unwrap(), "late");
    assert!(later.is_empty());
}

#[test]
fn an_old_version_is_answered_where_there_is_one() {
    let (_, inner) = service();
    let faulty = ReturnOld::new(inner, always);
    let (one, two) = (put(&faulty, "one").unwrap(), put(&faulty, "two").unwrap());
    assert_eq!(get(&faulty, &one).unwrap(), "one");
    assert_eq!(get(&faulty, &two).unwrap(), "one");
}

#[test]
fn a_dropped_removal_removes_nothing() {
    let (_, inner) = service();
    let faulty = DropRemoval::new(inner, always);
    let at = put(&faulty, "text").unwrap();
    faulty.remove(OBJECT, &at).now_or_never().expect("it waits").unwrap();
    faulty.delete(OBJECT).now_or_never().expect("it waits").unwrap();
    assert_eq!(get(&faulty, &at).unwrap(), "text");
}

#[test]
fn a_delayed_call_waits_for_the_clock() {
    let ((_, inner), env) = (service(), TestEnv::new(1));
    let at = put(&*inner, "text").unwrap();
    let faulty = Delay::new(inner, only(Method::Get), Arc::new(env.clone()), Duration::from_secs(5));
    let mut waiting = faulty.get(OBJECT, &at);
    env.advance(Duration::from_secs(4));
    assert!((&mut waiting).now_or_never().is_none());
    env.advance(Duration::from_secs(4));
    assert!((&mut waiting).now_or_never().is_none(), "its time begins with the call");
    env.advance(Duration::from_secs(1));
    assert!(waiting.now_or_never().is_some());
}
