//! What is configured wrongly, and what a service refuses.

use super::{CANARY, Section};
use strongroom_core::{
    Backend, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result, SecretId, VersionRef,
    VersionUid,
};
use uuid::Uuid;

/// An authority in PEM form that vouches for nobody; its key is kept nowhere.
pub const OTHER_AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUK+MckPV1OddMBfVf7Bdpd+5mKuYwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNzA5MDQ1MVoYDzIxMjYxMTAzMDkw
NDUxWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATgioCsnswnAPGb37j4dOzOIhpHaq5RB27cGAyKD0Y8WThFSXoTDxpeISuJ1QYc
KqMRijCXMaJeXRVQac9SPFsTo1MwUTAdBgNVHQ4EFgQUEFyGsxNR1YERQHpqZAaU
kGFxWTowHwYDVR0jBBgwFoAUEFyGsxNR1YERQHpqZAaUkGFxWTowDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA1FCCg+Vbix98S7pCidPRO6Yyrfyf
H8hCK+R35lHi7vsCIBL44LwN2szAdIs5uDQ0CekHkSkl8HTnTVgVIaIwLWJS
-----END CERTIFICATE-----
";

/// Each of these is refused when it is opened, with this word of what to do, and without the [`CANARY`].
///
/// # Panics
/// If not.
pub async fn assert_invalid(cases: impl IntoIterator<Item = (Section, &str)>) {
    for (section, expected) in cases {
        let error = match section.open(NamespaceId(Uuid::new_v4())).await {
            Ok(_) => panic!("it was taken: {expected}"),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{expected}: {error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{expected} is not in {shown}");
        assert!(!shown.contains(CANARY), "{shown}");
    }
}

/// Every call is refused because of us, with this word of why, and without the [`CANARY`] and these. `at` has the form
/// of what the service calls versions.
///
/// # Panics
/// If not.
pub async fn assert_refuses_everything(
    backend: &dyn Backend,
    at: &VersionRef,
    expected: &str,
    secrets: &[String],
) {
    let object = ObjectId(Uuid::new_v4());
    let (payload, labels) = (Payload::new(CANARY.into()), Labels::new(SecretId(Uuid::new_v4()), "cmVjb3Jk"));
    let new = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
    let many = backend.get_many(&[(object, at.clone()), (ObjectId(Uuid::new_v4()), at.clone())]).await;
    let answers: Vec<(&str, Result<()>)> = vec![
        ("create", backend.put(&new).await.map(drop)),
        ("put", backend.put(&new.clone().after(at)).await.map(drop)),
        ("get", backend.get(object, at).await.map(drop)),
        ("get_many", many.into_iter().next().expect("no answer").map(drop)),
        ("relabel", backend.relabel(object, &labels).await),
        ("remove", backend.remove(object, at).await),
        ("delete", backend.delete(object).await),
        ("scan", backend.scan(None, None).await.map(drop)),
        ("scan of one", backend.scan(Some(object), None).await.map(drop)),
        ("check", backend.check().await),
    ];
    for (what, answer) in answers {
        let error = answer.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{what}: {error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{what}: {shown}");
        for secret in secrets.iter().map(String::as_str).chain([CANARY]) {
            assert!(!shown.contains(secret), "{what}: {shown}");
        }
    }
}
