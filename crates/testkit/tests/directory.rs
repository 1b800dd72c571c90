//! What a directory does beyond what every back-end promises.

use futures::FutureExt as _;
use std::{fs, path::Path};
use strongroom_core::{
    Backend, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, SecretId, Settings, VersionRef,
    VersionUid,
};
use strongroom_testkit::{DirectoryBackend, PLUGIN};
use tempfile::TempDir;
use uuid::Uuid;

const NAMESPACE: NamespaceId = NamespaceId(Uuid::nil());
const OBJECT: ObjectId = ObjectId(Uuid::nil());

fn put(backend: &dyn Backend, text: &str) -> strongroom_core::Result<VersionRef> {
    let (payload, labels) = (Payload::new(text.into()), Labels::new(SecretId(Uuid::nil()), "bmFtZQ"));
    let version = NewVersion::new(OBJECT, VersionUid(Uuid::new_v4()), &payload, &labels);
    backend.put(&version).now_or_never().expect("it waits")
}

fn open(path: &Path) -> DirectoryBackend {
    DirectoryBackend::new(path, NAMESPACE)
}

#[test]
fn an_outage_begins_and_ends_with_a_file() {
    let directory = TempDir::new().unwrap();
    let backend = open(directory.path());
    let at = put(&backend, "text").unwrap();
    fs::write(directory.path().join("down"), "").unwrap();
    assert_eq!(put(&backend, "more").unwrap_err().kind(), ErrorKind::Unavailable);
    let read = backend.get(OBJECT, &at).now_or_never().expect("it waits");
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(backend.check().now_or_never().expect("it waits").is_err());
    fs::remove_file(directory.path().join("down")).unwrap();
    assert_eq!(backend.get(OBJECT, &at).now_or_never().expect("it waits").unwrap().expose(), b"text");
}

#[test]
fn a_put_that_was_killed_leaves_nothing_to_be_seen() {
    let directory = TempDir::new().unwrap();
    let backend = open(directory.path());
    let object = directory.path().join(NAMESPACE.to_string()).join(OBJECT.to_string());
    fs::create_dir_all(&object).unwrap();
    fs::write(object.join(".new-1"), "version 1 new").unwrap();
    let page = backend.scan(None, None).now_or_never().expect("it waits").unwrap();
    assert_eq!(page.found.len(), 1);
    assert_eq!((page.found[0].object, page.found[0].at.clone()), (OBJECT, None));
    put(&backend, "text").unwrap();
    let page = backend.scan(Some(OBJECT), None).now_or_never().expect("it waits").unwrap();
    assert!(page.found.len() == 1 && page.found[0].at.is_some());
}

#[test]
fn a_damaged_file_is_corrupt_and_not_shown() {
    let directory = TempDir::new().unwrap();
    let backend = open(directory.path());
    let at = put(&backend, "text").unwrap();
    let file = directory.path().join(NAMESPACE.to_string()).join(OBJECT.to_string()).join(at.as_str());
    fs::write(file, "canary").unwrap();
    let error = backend.get(OBJECT, &at).now_or_never().expect("it waits").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(!format!("{error:?}").contains("canary"));
}

#[test]
fn puts_and_deletions_at_the_same_time_do_not_disturb_each_other() {
    let directory = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let backend = open(directory.path());
                (0..100).for_each(|n| drop(put(&backend, &n.to_string()).expect("a put was disturbed")));
            });
            scope.spawn(|| {
                let backend = open(directory.path());
                for _ in 0..100 {
                    backend
                        .delete(OBJECT)
                        .now_or_never()
                        .expect("it waits")
                        .expect("a deletion was disturbed");
                    let page = backend.scan(None, None).now_or_never().expect("it waits");
                    page.expect("a scan was disturbed");
                }
            });
        }
    });
}

#[cfg(unix)]
#[test]
fn its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let at = put(&open(directory.path()), "text").unwrap();
    let object = directory.path().join(NAMESPACE.to_string()).join(OBJECT.to_string());
    assert_eq!(fs::metadata(&object).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(object.join(at.as_str())).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_plugin_opens_an_absolute_path_alone() {
    let directory = TempDir::new().unwrap();
    let open = |path: &str| {
        let settings = Settings::of("store", [("path", path)]);
        PLUGIN.open_backend(settings, NAMESPACE).now_or_never().expect("it waits")
    };
    let backend = open(directory.path().to_str().unwrap()).unwrap();
    assert_eq!(backend.info().kind, "directory");
    assert_eq!(open("relative").err().map(|error| error.kind()), Some(ErrorKind::ConfigInvalid));
}
