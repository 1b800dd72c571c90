//! What is done while the wire breaks, and what must be true afterwards.

use super::{
    super::{CANARY, Site, all_unknown, replacing, text},
    broken::Broken,
};
use crate::wire::Fault;
use std::time::Duration;
use strongroom_core::{
    Error, ErrorKind, GetOptions, Labels, NewVersion, Payload, Revision, SecretFilter, SecretId, SecretName,
    SecretRef, SecretUpdate, SecretsStore as _, ValuesChange, VersionUid,
};
use strongroom_engine::{Engine, RepairOptions, StoreName};
use uuid::Uuid;

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
    /// What the sweeper does about an update whose answers were all lost: it is removed, and what is committed is what
    /// people see again.
    SetRight,
    /// Every version into objects of their own, from the catalog.
    Rehome,
    /// A repair of a secret on top of which somebody put another value.
    Repair,
    /// A look at everything that the service holds.
    Scan,
    /// The check at start-up.
    Check,
}

impl Operation {
    /// Every one of them.
    pub const ALL: [Self; 14] = [
        Self::Create,
        Self::Get,
        Self::GetMany,
        Self::Update,
        Self::Rename,
        Self::Rollback,
        Self::Delete,
        Self::AfterCreate,
        Self::Trim,
        Self::SetRight,
        Self::Rehome,
        Self::Repair,
        Self::Scan,
        Self::Check,
    ];

    /// Those whose calls are made on the way to its own, and are broken under their names.
    pub(super) fn begins_with(self) -> &'static [Self] {
        match self {
            Self::Update | Self::Rollback => &[Self::Get],
            Self::AfterCreate => &[Self::Create],
            Self::Trim => &[Self::Get, Self::Update],
            _ => &[],
        }
    }

    /// Whether what breaks is worked on in the background: the caller does not wait for it, and it succeeds later.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::Rename | Self::Delete | Self::AfterCreate | Self::Trim | Self::SetRight)
    }

    /// Whether it succeeds though nobody answers at all: nothing of it is done for a caller.
    pub(super) fn needs_nobody(self) -> bool {
        matches!(self, Self::Delete | Self::Rename | Self::SetRight)
    }

    /// Whether it looks before it repeats something: what was removed without an answer is found gone.
    pub(super) fn looks_again(self) -> bool {
        self == Self::Repair
    }

    /// Whether it is made of calls that others make, too, so that waiting in vain for each of them is tried there.
    pub(super) fn is_made_of_others(self) -> bool {
        matches!(self, Self::SetRight | Self::Rehome | Self::Repair)
    }

    /// Whether it can be given up half way, and has to be asked for again.
    pub(super) fn goes_on(self) -> bool {
        matches!(self, Self::Rehome | Self::Repair)
    }

    /// What has to be there before, over a whole wire.
    pub(super) async fn prepare(self, engine: &Engine, broken: &Broken) {
        let secrets = broken.site.secrets(engine);
        match self {
            Self::SetRight => {
                broken.wire.order(broken.order(broken.table.put, Fault::LoseAnswer).times(3));
                broken.wire.order(broken.order(broken.table.any, Fault::status(503).into()).always());
                // It reads nothing before.
                let id = id(engine, &broken.site, "db").await;
                let update = replacing("a", CANARY);
                secrets.update(&id.into(), update).await.expect_err("an update without an answer");
                broken.wire.heal();
                let open = broken.site.catalog.pending(9).await.unwrap();
                assert_eq!(open.len(), 1, "nothing is to be set right");
                broken.site.clock.skip(Duration::from_secs(2 * 3600));
            }
            Self::Rehome => {
                engine.move_all(None).await.unwrap();
                broken.site.settle(engine).await;
            }
            Self::Repair => {
                let (object, at) = broken.site.place(id(engine, &broken.site, "db").await).await;
                let payload = Payload::new(br#"{"a":"foreign"}"#.to_vec());
                let labels = Labels::new(SecretId(Uuid::new_v4()), "");
                let new = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
                broken.whole.put(&new.after(&at)).await.unwrap();
            }
            _ => {}
        }
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
                let id = id(engine, site, "db").await;
                let name = SecretName::new("renamed")?;
                secrets.update(&id.into(), SecretUpdate::new().name(name)).await?;
                // The labels follow in the background.
                engine.sweep().await.map(drop)
            }
            Self::Rollback => {
                let id = id(engine, site, "db").await;
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
            Self::SetRight => engine.sweep().await.map(drop),
            Self::Rehome => engine.move_all(Some(&StoreName::new("main")?)).await?.whole().map(drop),
            Self::Repair => {
                let mut report = engine.repair(RepairOptions::new().remove_foreign(true)).await?;
                if let Some(unseen) = report.unseen.pop() {
                    return Err(Error::new(unseen.kind, unseen.told));
                }
                assert_eq!((report.failed, report.lost.len()), (0, 0), "{report:?}");
                Ok(())
            }
            Self::Scan => all_unknown(engine).await.map(|unknown| assert_eq!(unknown, [])),
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
            Self::Trim | Self::Rehome => {
                let trimmed = done && self == Self::Trim;
                let expected = if trimmed { [CANARY, "old"] } else { ["old", "first"] };
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
            Self::Get | Self::GetMany | Self::SetRight | Self::Repair | Self::Scan | Self::Check => {
                assert_eq!(read("db").await.expect("a read failed"), "old", "{what}")
            }
        }
        assert_eq!(read("other").await.expect("a read failed"), "old", "{what}: another secret changed");
    }
}

/// The id of a secret, for which no service is asked.
async fn id(engine: &Engine, site: &Site, name: &str) -> SecretId {
    let listed = engine.list(&site.context(), &SecretFilter::new()).await.unwrap();
    let named = listed.items.into_iter().find(|meta| meta.name.as_str() == name);
    named.expect("no such secret").id
}
