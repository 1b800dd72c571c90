//! Moving everything: to another store, or into the catalog.

use crate::{
    Misplaced, Row, StoreName,
    calls::Calls,
    compare::{is_damage, public_name},
    deadline::Deadline,
    engine::{Core, Engine},
    errors,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Reason, Result, Retry, SecretId, SecretName};

/// How long the move of one version may take.
const TIME: Duration = Duration::from_secs(60);
/// How often it is looked again for what others changed just when it was to be moved.
const ROUNDS: u32 = 10;

/// What a move did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Moved {
    /// How many versions were moved.
    pub versions: u64,
    /// The secrets that are not there as a whole.
    pub stayed: Vec<Stayed>,
}

/// A secret that does not fit into the store, or cannot be read. What was not moved of it can be read where it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stayed {
    /// The secret.
    pub secret: SecretId,
    /// Its name; `None` if it is private, since that is its owner's alone.
    pub name: Option<SecretName>,
    /// Why, and what to do about it.
    pub error: Error,
}

impl Moved {
    /// How many versions were moved, if every secret is there as a whole.
    ///
    /// # Errors
    /// Why the first one that stayed did, and how many others did.
    pub fn whole(self) -> Result<u64> {
        let others = self.stayed.len().saturating_sub(1);
        match self.stayed.into_iter().next() {
            None => Ok(self.versions),
            Some(first) if others == 0 => Err(first.error),
            Some(first) => Err(first.error.with("other secrets that stayed", others)),
        }
    }
}

impl Engine {
    /// Moves every version that is somewhere else to `to`, or into the catalog: live, resumable, verified; for each
    /// secret the oldest version first. A secret that cannot be moved stays, from its first version that cannot on, and is
    /// told of; the others go on: its values are too large for the store, it has more versions than the store keeps, or what
    /// is there is damaged, lost or not shown yet; or others change it each time that its turn comes.
    ///
    /// # Errors
    /// Of the catalog and the stores; `ConfigInvalid` if a store is not configured; `Unsupported` without a database.
    /// What was moved before stays moved: ask again.
    pub async fn move_all(&self, to: Option<&StoreName>) -> Result<Moved> {
        let core = &self.core;
        core.needs_rows("values cannot be moved")?;
        let store = to.map(|name| core.store(name).cloned()).transpose()?;
        let mut moved = Moved::default();
        for _ in 1..ROUNDS {
            if core.move_round(to, store.as_ref(), &mut moved).await?.is_empty() {
                return Ok(moved);
            }
        }
        for (secret, name) in core.move_round(to, store.as_ref(), &mut moved).await? {
            let text = "others changed the secret each time that it was to be moved: move again";
            let error = Error::new(ErrorKind::Conflict, text).with("secret", secret);
            moved.stayed.push(Stayed { secret, name, error });
        }
        Ok(moved)
    }
}

impl Core {
    /// Moves whatever is somewhere else; answers the secrets of which a version was changed just then: it may be gone or
    /// moved, or be there still.
    async fn move_round(
        self: &Arc<Self>,
        to: Option<&StoreName>,
        store: Option<&Arc<Calls>>,
        moved: &mut Moved,
    ) -> Result<BTreeMap<SecretId, Option<SecretName>>> {
        let (mut changed, mut last_secret) = (BTreeMap::new(), None);
        let mut stay: BTreeSet<SecretId> = moved.stayed.iter().map(|stayed| stayed.secret).collect();
        let mut walk = self.walk(Misplaced::NotIn(to.cloned()), None);
        while let Some(rows) = walk.next().await? {
            for row in rows {
                let (secret, name) = (row.meta.id, public_name(&row.meta));
                if stay.contains(&secret) {
                    continue;
                }
                // The versions of one come one after the other.
                let begins = last_secret.replace(secret) != Some(secret);
                match self.move_one(row, store, begins).await {
                    Ok(true) => moved.versions += 1,
                    Ok(false) => drop(changed.insert(secret, name)),
                    // Deleted or trimmed meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) if is_its_own(&error) => {
                        stay.insert(secret);
                        moved.stayed.push(Stayed { secret, name, error });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        changed.retain(|secret, _| !stay.contains(secret));
        Ok(changed)
    }

    /// Moves one of all; `begins` if it is the first one of its secret.
    async fn move_one(self: &Arc<Self>, row: Row, store: Option<&Arc<Calls>>, begins: bool) -> Result<bool> {
        let deadline = Deadline::after(TIME, &self.env);
        if let Some(store) = store.filter(|_| begins) {
            self.check_history(&row, store, &deadline).await?;
        }
        let row = Arc::new(row);
        self.move_version(&row, store, &deadline).await.map_err(|error| {
            let named = error.context().any(|(key, _)| key == "secret");
            if named {
                return error;
            }
            errors::about(error, &row.meta).with("revision", row.version.revision)
        })
    }

    /// Refuses a secret with more versions than a store keeps. A write cuts the history to what the store that it goes to
    /// can; a move takes nothing away.
    async fn check_history(&self, row: &Row, store: &Calls, deadline: &Deadline) -> Result<()> {
        let Some(limit) = store.info().limits.history else { return Ok(()) };
        let history = self.patiently(deadline, || self.catalog.history(row.meta.id)).await?;
        let kept = history.map_or(0, |(_, versions)| versions.len());
        if kept <= limit as usize {
            return Ok(());
        }
        let text = "the secret has more versions than the store keeps: update it while new values go to that store, \
                    which cuts its history, then move again";
        let error = Error::new(ErrorKind::InvalidInput, text).with("store", &store.name);
        Err(errors::about(error.with("versions", kept).with("limit", limit), &row.meta))
    }
}

/// Whether an error is about one secret, and not about the store or the catalog.
fn is_its_own(error: &Error) -> bool {
    use ErrorKind::{InvalidInput, Lost};
    matches!(error.kind(), InvalidInput | Lost)
        || is_damage(error)
        || error.reason() == Some(Reason::NotShownYet)
        || error.retry() == Retry::AfterRemoval
}
