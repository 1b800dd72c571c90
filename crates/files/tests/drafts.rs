//! What there is under a name, at every moment.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::{Duration, SystemTime},
};
use strongroom_files::{Draft, check_replaceable, create};

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_draft_is_whole_before_it_has_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("key");
    let draft = Draft::write(&to, b"text").unwrap();
    assert!(!to.exists());
    assert_eq!(fs::read(draft.path()).unwrap(), b"text");
    assert_eq!(fs::metadata(draft.path()).unwrap().permissions().mode() & 0o777, 0o600);
    draft.publish(&to, false).unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"text");
    assert_eq!(names(directory.path()), ["key"]);
}

#[test]
fn what_has_the_name_stays_unless_it_is_to_be_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (directory.path().join("file"), directory.path().join("link"));
    fs::write(&file, "old").unwrap();
    symlink("nowhere", &link).unwrap();
    for to in [&file, &link] {
        let failed = Draft::write(to, b"new").unwrap().publish(to, false).unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::AlreadyExists, "{to:?}");
        assert_eq!(fs::read(failed.draft.unwrap().path()).unwrap(), b"new", "it can be given another name");
        assert_eq!(create(to).unwrap_err().kind(), ErrorKind::AlreadyExists, "{to:?}");
    }
    assert_eq!(
        (fs::read(&file).unwrap(), names(directory.path())),
        (b"old".to_vec(), vec!["file".into(), "link".into()])
    );
    for to in [&file, &link] {
        Draft::write(to, b"new").unwrap().publish(to, true).unwrap();
        assert!(fs::symlink_metadata(to).unwrap().is_file(), "a link is not followed");
        assert_eq!(fs::read(to).unwrap(), b"new");
    }
    assert_eq!(names(directory.path()), ["file", "link"]);
}

#[test]
fn one_that_is_kept_stays_and_one_that_is_dropped_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("key");
    drop(Draft::write(&to, b"text").unwrap());
    assert_eq!(names(directory.path()), [""; 0]);
    let kept = Draft::write(&to, b"text").unwrap().keep().unwrap();
    assert_eq!(fs::read(kept).unwrap(), b"text");
}

#[test]
fn a_name_as_long_as_names_can_be_has_drafts() {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("n".repeat(255));
    Draft::write(&to, b"text").unwrap().publish(&to, false).unwrap();
    assert_eq!(fs::read(&to).unwrap(), b"text");
}

#[test]
fn what_was_left_is_removed_by_the_next_one_for_the_same_place() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let random = "0123456789abcXYZ";
    let left = [format!("copy.{random}.tmp"), format!("copy.{random}.tmp-journal")];
    let others = [
        format!("other.{random}.tmp"),
        format!("copy.{}.tmp", &random[1..]),
        format!("copy.{}-.tmp", &random[1..]),
        format!("copy.{random}.tmp.gz"),
    ];
    for name in left.iter().chain(&others) {
        let file = fs::File::create(at(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(2 * 3600)).unwrap();
    }
    // Somebody may be writing it just now.
    let fresh = format!("copy.{}.tmp", random.replace('0', "1"));
    fs::write(at(&fresh), "").unwrap();
    drop(Draft::beside(&at("copy")).unwrap());
    let mut expected = [&others[..], &[fresh]].concat();
    expected.sort();
    assert_eq!(names(directory.path()), expected);
}

#[test]
fn what_is_no_file_has_no_name_for_one() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (directory.path().join("file"), directory.path().join("link"));
    fs::write(&file, "").unwrap();
    symlink("file", &link).unwrap();
    for path in [&file, &link, &directory.path().join("new")] {
        check_replaceable(path).unwrap();
    }
    for path in [Path::new("/dev/null"), directory.path(), Path::new("/dev/stdout")] {
        assert_eq!(check_replaceable(path).unwrap_err().kind(), ErrorKind::InvalidInput, "{path:?}");
    }
}
