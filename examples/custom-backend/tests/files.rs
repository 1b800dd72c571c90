//! What lies in the directory, who can open it, and what is said when somebody cannot.

mod common;

use age::x25519::Identity;
use common::{Subject, open};
use secrecy::ExposeSecret as _;
use std::{collections::BTreeSet, fs, future::Future, path::PathBuf};
use strongroom_core::{
    Backend, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result, SecretId, VersionRef,
    VersionUid,
};
use strongroom_testkit::BackendSubject as _;
use uuid::Uuid;

const NAMESPACE: NamespaceId = NamespaceId(Uuid::from_u128(1));
const OBJECT: ObjectId = ObjectId(Uuid::from_u128(2));

/// Calls of this back-end wait for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

fn put(backend: &dyn Backend, uid: u128, text: &str, after: Option<&VersionRef>) -> Result<VersionRef> {
    let (payload, labels) =
        (Payload::new(text.into()), Labels::new(SecretId(Uuid::from_u128(3)), "cmVjb3Jk"));
    let version = NewVersion::new(OBJECT, VersionUid(Uuid::from_u128(uid)), &payload, &labels);
    now(backend.put(&after.iter().fold(version, |version, after| version.after(after))))
}

/// The files below the directory, as git would list them.
fn files(subject: &Subject) -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), vec![subject.path()]);
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push(path.strip_prefix(subject.path()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn only_version(subject: &Subject) -> PathBuf {
    let name = files(subject).into_iter().find(|name| name.ends_with(".age")).unwrap();
    subject.path().join(name)
}

#[test]
fn each_version_is_a_file_and_their_order_is_that_of_their_names() {
    let subject = Subject::new();
    let backend = now(subject.open(NAMESPACE)).unwrap();
    let one = put(&*backend, 0xb, "canary one", None).unwrap();
    let before = fs::read(only_version(&subject)).unwrap();
    put(&*backend, 0xa, "canary two", Some(&one)).unwrap();
    // A repeat changes nothing, so that git sees nothing.
    put(&*backend, 0xb, "canary one", None).unwrap();
    let (namespace, object) = (NAMESPACE, OBJECT);
    assert_eq!(
        files(&subject),
        [
            format!("{namespace}/.gitignore"),
            format!("{namespace}/{object}/00000001-{}.age", Uuid::from_u128(0xb)),
            format!("{namespace}/{object}/00000002-{}.age", Uuid::from_u128(0xa)),
            format!("{namespace}/{object}/labels"),
        ]
    );
    assert_eq!(fs::read(only_version(&subject)).unwrap(), before);
    for file in files(&subject) {
        let bytes = fs::read(subject.path().join(file)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
    }
}

#[test]
fn age_itself_opens_the_files() {
    let subject = Subject::new();
    let backend = now(subject.open(NAMESPACE)).unwrap();
    put(&*backend, 1, r#"{"user":"app"}"#, None).unwrap();
    let identity: Identity = subject.identity.expose_secret().parse().unwrap();
    let opened = age::decrypt(&identity, &fs::read(only_version(&subject)).unwrap()).unwrap();
    assert_eq!(opened, br#"{"user":"app"}"#);
}

#[test]
fn recipients_open_what_is_written_for_them_and_others_do_not() {
    let (subject, colleague) = (Subject::new(), Identity::generate());
    let mut vars = subject.vars();
    vars.push(("STRONGROOM_STORE_RECIPIENTS".into(), colleague.to_public().to_string()));
    let at = put(&*now(open(vars, NAMESPACE)).unwrap(), 1, "canary", None).unwrap();

    let as_other = |identity: &Identity| {
        let mut vars = subject.vars();
        vars[1].1 = identity.to_string().expose_secret().to_owned();
        now(now(open(vars, NAMESPACE)).unwrap().get(OBJECT, &at))
    };
    assert_eq!(as_other(&colleague).unwrap().expose(), b"canary");
    let error = as_other(&Identity::generate()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused);
    assert!(error.to_string().contains("identity_path"), "{error}");
}

#[test]
fn a_damaged_file_is_corrupt_and_is_not_shown() {
    let subject = Subject::new();
    let backend = now(subject.open(NAMESPACE)).unwrap();
    let at = put(&*backend, 1, "text", None).unwrap();
    let whole = fs::read(only_version(&subject)).unwrap();
    let changed =
        whole.iter().enumerate().map(|(n, byte)| if n + 1 == whole.len() { byte ^ 1 } else { *byte });
    for bytes in [b"canary".to_vec(), changed.collect(), whole[..whole.len() - 1].to_vec(), Vec::new()] {
        fs::write(only_version(&subject), &bytes).unwrap();
        let error = now(backend.get(OBJECT, &at)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn a_damaged_object_hides_no_other() {
    let subject = Subject::new();
    let backend = now(subject.open(NAMESPACE)).unwrap();
    put(&*backend, 1, "text", None).unwrap();
    let labels = only_version(&subject).with_file_name("labels");
    let in_the_way = ObjectId(Uuid::from_u128(6));
    fs::write(labels.parent().unwrap().with_file_name(in_the_way.to_string()), "a file").unwrap();
    let other = ObjectId(Uuid::from_u128(4));
    let (payload, of_other) =
        (Payload::new("text".into()), Labels::new(SecretId(Uuid::from_u128(5)), "cmVjb3Jk"));
    now(backend.put(&NewVersion::new(other, VersionUid(Uuid::from_u128(2)), &payload, &of_other))).unwrap();
    for damage in [b"damaged".as_slice(), b"\xff\xfe"] {
        fs::write(&labels, damage).unwrap();
        let page = now(backend.scan(None, None)).unwrap();
        assert_eq!(page.found.iter().map(|found| found.object).collect::<Vec<_>>(), [other]);
        assert_eq!(page.damaged.into_iter().collect::<BTreeSet<_>>(), [OBJECT, in_the_way].into());
        for damaged in [OBJECT, in_the_way] {
            assert_eq!(now(backend.scan(Some(damaged), None)).unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }
}

#[test]
fn a_wrong_configuration_names_the_key() {
    let subject = Subject::new();
    let path = || subject.path().to_str().unwrap().to_owned();
    let identity = || subject.identity.expose_secret().to_owned();
    for (keys, named) in [
        (vec![], "missing key `path`"),
        (vec![("PATH", "secrets".to_owned()), ("IDENTITY", identity())], "path: give an absolute path"),
        (vec![("PATH", path())], "identity: it is missing"),
        (vec![("PATH", path()), ("IDENTITY", "canary".into())], "identity: there is no identity"),
        (
            vec![("PATH", path()), ("IDENTITY_PATH", "/nowhere".into())],
            "identity_path: the file cannot be read",
        ),
        (
            vec![("PATH", path()), ("IDENTITY", identity()), ("IDENTITY_PATH", "/nowhere".into())],
            "identity: give this or `identity_path`, not both",
        ),
        (
            vec![("PATH", path()), ("IDENTITY", identity()), ("RECIPIENTS", "canary".into())],
            "recipients: give public keys",
        ),
        (
            vec![("PATH", path()), ("IDENTITY", identity()), ("RECIPIENT", "canary".into())],
            "STRONGROOM_STORE_RECIPIENT is set, but [store] has no such key (did you mean STRONGROOM_STORE_RECIPIENTS?)",
        ),
    ] {
        let vars = keys.into_iter().map(|(key, value)| (format!("STRONGROOM_STORE_{key}"), value));
        let error = now(open(vars, NAMESPACE)).err().expect(named);
        let text = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{text}");
        assert!(text.contains(named) && !text.contains("canary") && !text.contains("SECRET-KEY"), "{text}");
    }
}
