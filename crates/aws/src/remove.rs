//! Removing one version, which the service cannot: without labels it is as good as gone, and goes in time.

use crate::{
    backend::{AwsBackend, id},
    client::Move,
    error::{Failure, Why},
    labels::{self, CURRENT, EMPTY, PREVIOUS, Shown},
};
use strongroom_core::{Error, ErrorKind, ObjectId, Result, Retry, VersionRef};
use uuid::Uuid;

/// How often a removal looks again because somebody moved a label in between.
const LOOKS: usize = 4;

impl AwsBackend {
    pub(crate) async fn take_away(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let Some(id) = id(at) else { return Ok(()) };
        let name = self.name(object);
        for _ in 0..LOOKS {
            if self.strip(&name, &id).await? {
                return Ok(());
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "others keep moving the version's labels in AWS: try again")
            .retryable(Retry::Backoff))
    }

    /// Takes a version's labels away. `false` if it has to look again, since one may have moved in between.
    async fn strip(&self, name: &str, id: &str) -> Result<bool> {
        let Some(shown) = self.look(name).await? else { return Ok(true) };
        if shown.unlabelled().is_some_and(|waiting| waiting.to_string() == id) {
            // First, so that nobody gives it a label any more; whoever is at it may have given it one meanwhile.
            self.client.tag(name, vec![labels::first_removed_tag()]).await?;
            return Ok(false);
        }
        let Some(stages) = shown.stages.get(id) else { return Ok(true) };
        let mut strips: Vec<&str> = stages.iter().map(String::as_str).filter(|one| *one != CURRENT).collect();
        if shown.has(id, CURRENT) {
            if !self.move_current(name, &shown, id).await? {
                return Ok(false);
            }
            if !strips.contains(&PREVIOUS) {
                strips.push(PREVIOUS);
            }
        }
        // Ours last: until then the version counts as being there, and a removal that was cut short is repeated.
        strips.sort_by_key(|stage| (stage.starts_with("sr-"), *stage != PREVIOUS));
        for stage in strips {
            let gone = self.client.move_label(name, Move { label: stage, from: Some(id), to: None }).await;
            match gone {
                Ok(()) => {}
                // It moved on by itself, as this label does.
                Err(failure) if stage == PREVIOUS && failure.why == Why::Parameter => {}
                Err(failure) if failure.why == Why::Parameter => return Ok(false),
                Err(failure) => return removed(failure).map(|()| true),
            }
        }
        Ok(true)
    }

    /// Gives the current label to the version before, or, if nothing tells which that was, to any other one that is there;
    /// to an empty one if there is none, since some version must have it. `false` if somebody moved it in between.
    async fn move_current(&self, name: &str, shown: &Shown, from: &str) -> Result<bool> {
        let others: Vec<&str> =
            shown.versions().into_iter().map(|(one, _)| one).filter(|one| *one != from).collect();
        let before = others.iter().find(|one| shown.has(one, PREVIOUS));
        let empty = shown.stages.keys().map(String::as_str).find(|one| shown.has(one, EMPTY));
        let moved = match before.or(others.first()).copied().or(empty) {
            Some(to) => {
                self.client.move_label(name, Move { label: CURRENT, from: Some(from), to: Some(to) }).await
            }
            None => {
                // The same token for every repeat.
                let token = Uuid::try_parse(from).map(|id| Uuid::from_u128(!id.as_u128()).to_string());
                let token =
                    token.map_err(|_| Error::new(ErrorKind::Unexpected, "a version without an id"))?;
                let stages = vec![CURRENT.to_owned(), EMPTY.to_owned()];
                self.client.put(name, &token, "{}", stages).await
            }
        };
        match moved {
            Ok(()) => Ok(true),
            Err(failure) if failure.why == Why::Parameter => Ok(false),
            Err(failure) => removed(failure).map(|()| true),
        }
    }
}

/// Removing what is gone succeeds.
fn removed(failure: Failure) -> Result<()> {
    if failure.why == Why::Missing { Ok(()) } else { Err(failure.into()) }
}
