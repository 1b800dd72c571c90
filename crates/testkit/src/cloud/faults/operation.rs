//! What is done while the wire breaks, and what must be true afterwards.

use super::super::{CANARY, Site, text};
use strongroom_core::{
    Error, ErrorKind, GetOptions, Revision, SecretName, SecretRef, SecretUpdate, SecretsStore as _,
    ValuesChange,
};
use strongroom_engine::Engine;

/// What is done while the wire breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new secret.
    Create,
    /// One read.
    Get,
    /// Two reads in one request.
    GetMany,
    /// Another value.
    Update,
    /// Another name, and the labels that follow.
    Rename,
    /// An older version made current.
    Rollback,
    /// A deletion.
    Delete,
    /// A new secret, and what its service wants to be told afterwards in the background.
    AfterCreate,
    /// A value that pushes the oldest out of a history of two, and the removal that follows in the background.
    Trim,
    /// A look at everything that the service holds.
    Scan,
    /// The check at start-up.
    Check,
}

impl Operation {
    /// Every one of them.
    pub const ALL: [Self; 11] = [
        Self::Create,
        Self::Get,
        Self::GetMany,
        Self::Update,
        Self::Rename,
        Self::Rollback,
        Self::Delete,
        Self::AfterCreate,
        Self::Trim,
        Self::Scan,
        Self::Check,
    ];

    /// Whether what breaks is worked on in the background: the caller does not wait for it, and it succeeds later.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::Rename | Self::Delete | Self::AfterCreate | Self::Trim)
    }

    pub(super) async fn run(self, engine: &Engine, site: &Site) -> Result<(), Error> {
        let secrets = site.secrets(engine);
        match self {
            Self::Create => secrets.create("new", [("a", CANARY)]).await.map(drop),
            Self::Get => secrets.get("db").await.map(|read| assert_eq!(text(&read, "a"), "old")),
            Self::GetMany => {
                let mut which = Vec::new();
                for name in ["db", "other"] {
                    which.push(SecretRef::Name { name: SecretName::new(name)?, private: None });
                }
                for answer in engine.get(&site.context(), &which, &GetOptions::new()).await {
                    assert_eq!(text(&answer?, "a"), "old");
                }
                Ok(())
            }
            Self::Update => secrets.set("db", "a", CANARY).await.map(drop),
            Self::Rename => {
                let id = secrets.get("db").await?.meta.id;
                let name = SecretName::new("renamed")?;
                secrets.update(&id.into(), SecretUpdate::new().name(name)).await?;
                // The labels follow in the background.
                engine.sweep().await.map(drop)
            }
            Self::Rollback => {
                let id = secrets.get("db").await?.meta.id;
                let to = ValuesChange::Restore(Revision(1));
                secrets.update(&id.into(), SecretUpdate::new().values(to)).await.map(drop)
            }
            Self::Delete => secrets.delete("db").await,
            Self::AfterCreate => {
                secrets.create("new", [("a", CANARY)]).await?;
                engine.sweep().await.map(drop)
            }
            Self::Trim => {
                secrets.set("db", "a", CANARY).await?;
                engine.sweep().await.map(drop)
            }
            Self::Scan => engine.unknown().await.map(|unknown| assert_eq!(unknown, [])),
            Self::Check => engine.check().await,
        }
    }

    /// Nothing is half done: it happened if it was said to, and not if not.
    pub(super) async fn assert_whole(self, engine: &Engine, site: &Site, done: bool, what: &str) {
        let secrets = site.secrets(engine);
        let read = async |name: &str| secrets.get(name).await.map(|read| text(&read, "a"));
        match self {
            Self::Create | Self::AfterCreate => match read("new").await {
                Ok(value) => assert!(done && value == CANARY, "{what}: it is there"),
                Err(error) => assert!(!done && error.kind() == ErrorKind::NotFound, "{what}: {error:?}"),
            },
            Self::Update => {
                let expected = if done { CANARY } else { "old" };
                assert_eq!(read("db").await.expect("a read failed"), expected, "{what}");
            }
            Self::Trim => {
                let expected = if done { [CANARY, "old"] } else { ["old", "first"] };
                assert_eq!(read("db").await.expect("a read failed"), expected[0], "{what}");
                let versions = secrets.versions("db").await.expect("the history could not be read");
                let id = secrets.get("db").await.expect("a read failed").meta.id;
                let mut values = Vec::new();
                for version in versions {
                    let then = GetOptions::new().as_of(version.revision);
                    values.push(text(&secrets.get_ref(&id.into(), &then).await.expect("a read failed"), "a"));
                }
                assert_eq!(values, expected, "{what}");
            }
            Self::Delete => {
                assert!(done, "{what}: a deletion does not depend on the service");
                assert_eq!(read("db").await.unwrap_err().kind(), ErrorKind::NotFound, "{what}");
            }
            Self::Rename => assert_eq!(read("renamed").await.expect("a read failed"), "old", "{what}"),
            Self::Rollback => {
                let expected = if done { "first" } else { "old" };
                assert_eq!(read("db").await.expect("a read failed"), expected, "{what}");
            }
            Self::Get | Self::GetMany | Self::Scan | Self::Check => {
                assert_eq!(read("db").await.expect("a read failed"), "old", "{what}")
            }
        }
        assert_eq!(read("other").await.expect("a read failed"), "old", "{what}: another secret changed");
    }
}
