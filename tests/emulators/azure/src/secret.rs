//! A secret: its versions, and whether it is deleted.

use crate::{
    refusal::{Refusal, Result},
    version::Version,
};
use std::time::Duration;

/// Where a secret is between made and gone. Times are when the service is done with what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Live,
    Deleting(Duration),
    Deleted,
    Recovering(Duration),
    Purging(Duration),
    /// Nothing is left of it.
    Gone,
}

/// A secret.
#[derive(Debug)]
pub(crate) struct Secret {
    /// As it was first written.
    pub(crate) name: String,
    pub(crate) versions: Vec<Version>,
    pub(crate) life: Life,
    /// When deleting was asked for.
    pub(crate) deleted: Duration,
}

impl Secret {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), versions: Vec::new(), life: Life::Live, deleted: Duration::ZERO }
    }

    /// Lets happen what was to happen until now. What is deleted goes by itself after the time it is kept for.
    pub(crate) fn settle(&mut self, now: Duration, kept: Duration) {
        self.life = match self.life {
            Life::Deleting(done) if done <= now => Life::Deleted,
            Life::Recovering(done) if done <= now => Life::Live,
            Life::Purging(done) if done <= now => Life::Gone,
            life => life,
        };
        if self.life == Life::Deleted && self.deleted + kept <= now {
            self.life = Life::Gone;
        }
    }

    /// Refuses a new version while it is deleted or on the way.
    pub(crate) fn check_writable(&self) -> Result<()> {
        match self.life {
            Life::Live | Life::Gone => Ok(()),
            Life::Deleted => Err(Refusal::deleted(&self.name)),
            Life::Deleting(_) | Life::Purging(_) => Err(Refusal::busy("ObjectIsBeingDeleted")),
            Life::Recovering(_) => Err(Refusal::busy("ObjectIsBeingRecovered")),
        }
    }

    /// Refuses to recover or purge what is not deleted, or not yet.
    pub(crate) fn check_deleted(&self) -> Result<()> {
        match self.life {
            Life::Deleted => Ok(()),
            Life::Deleting(_) => Err(Refusal::busy("ObjectIsBeingDeleted")),
            Life::Live | Life::Recovering(_) | Life::Purging(_) | Life::Gone => {
                Err(Refusal::not_deleted(&self.name))
            }
        }
    }

    pub(crate) fn newest(&self) -> &Version {
        self.versions.last().expect("a secret is made with its first version")
    }

    /// The version of that id, or the newest one for an empty id.
    pub(crate) fn version(&self, id: &str) -> Result<&Version> {
        self.place(id).map(|n| &self.versions[n])
    }

    /// The same to be changed.
    pub(crate) fn version_mut(&mut self, id: &str) -> Result<&mut Version> {
        self.place(id).map(|n| &mut self.versions[n])
    }

    fn place(&self, id: &str) -> Result<usize> {
        let found = match id {
            "" => self.versions.len().checked_sub(1),
            id => self.versions.iter().position(|version| version.id == id),
        };
        found.ok_or_else(|| Refusal::missing(&format!("{}/{id}", self.name)))
    }
}
