//! Reading many secrets at once: the service answers their current versions alone, so each is compared with the one
//! that was asked for.

use crate::{
    backend::{AwsBackend, id, payload},
    client::Current,
    labels::is_kept,
};
use futures::future::join_all;
use std::collections::HashMap;
use strongroom_core::{Error, ObjectId, Payload, Result, Retry, VersionRef};

/// The most secrets that one call answers.
pub(crate) const SECRETS: usize = 20;

impl AwsBackend {
    /// What the bulk call does not answer is read alone: an older version, and whatever failed, which says why then.
    pub(crate) async fn read_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let mut names: Vec<String> = wanted.iter().map(|(object, _)| self.name(*object)).collect();
        names.sort_unstable();
        names.dedup();
        let mut current = HashMap::new();
        for some in names.chunks(SECRETS) {
            match self.client.get_current(some.to_vec()).await {
                Ok(answers) => current.extend(answers.into_iter().map(|one| (one.name.clone(), one))),
                Err(failure) => {
                    let error = Error::from(failure);
                    if error.retry() != Retry::Never {
                        // The engine tries each of them alone.
                        return wanted.iter().map(|_| Err(error.clone())).collect();
                    }
                    // It may be that the action is not allowed to us, while reading one is.
                }
            }
        }
        let answers = wanted.iter().map(|(object, at)| {
            let known = current.get(&self.name(*object)).filter(|one| is_version(one, at));
            async move {
                match known {
                    Some(Current { value, .. }) => payload(value),
                    None => self.read(*object, at).await,
                }
            }
        });
        join_all(answers).await
    }
}

fn is_version(current: &Current, at: &VersionRef) -> bool {
    id(at).is_some_and(|id| id == current.version) && is_kept(&current.value.stages)
}
