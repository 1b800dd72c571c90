//! Processes that run.

use crate::crypto::RootId;
use std::{fmt, time::Duration};
use strongroom_core::{Error, ErrorKind};
use uuid::Uuid;

/// A process that stays, such as a server: what changes of keys and tables must not take from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Fresh and random, from its start to its end.
    pub id: Uuid,
    /// What operators find it by.
    pub name: String,
    /// The root key that it was opened with, the only one that it can unwrap keys with.
    pub root: RootId,
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with the root key {}", self.name, self.root)
    }
}

impl Replica {
    /// The longest time that a process can say that it runs for. One that is noted until later than that from now was noted
    /// by a clock that was ahead: it would count for as long as the clock was.
    pub const LONGEST: Duration = Duration::from_secs(4 * 24 * 3600);

    /// Why the wraps of a root key stay: these processes run and were opened with it.
    #[must_use]
    pub fn need_their_root(running: &[Self]) -> Error {
        let text = "processes are running that were opened with this root key: start them with another one first, or \
                    say --force if they are known to be gone";
        Self::in_the_way(text, running)
    }

    /// Why a data key is not added: these processes run and could not unwrap it.
    #[must_use]
    pub fn cannot_unwrap(running: &[Self]) -> Error {
        let text = "processes are running that were opened with another root key, which would not open the new key: start \
                    them with the one in use here first, or say --force if they are known to be gone";
        Self::in_the_way(text, running)
    }

    /// Why a store's name does not come to stand for another place: these processes run, and write to where it was.
    #[must_use]
    pub fn write_elsewhere(running: &[Self]) -> Error {
        let text = "a store's name is to stand for another place, and processes are running that use the old one: end them \
                    first; one that crashed counts as running for a minute";
        Self::in_the_way(text, running)
    }

    fn in_the_way(text: &'static str, running: &[Self]) -> Error {
        let names: Vec<String> = running.iter().map(ToString::to_string).collect();
        Error::new(ErrorKind::Conflict, text).with("running", names.join(", "))
    }

    /// Why a process cannot run on: some key is not wrapped with its root key. `needed`: one that it is wrapped with.
    #[must_use]
    pub fn locked_out(given: RootId, needed: Option<RootId>) -> Error {
        Error::new(
            ErrorKind::ConfigInvalid,
            "the root key given does not open this database, or not all of it any more: give the one it needs (a file \
             named after its id, in the configuration directory, or keys.file)",
        )
        .with("needed root key", needed.map_or_else(|| "none".to_owned(), |root| root.to_string()))
        .with("given root key", given)
    }
}
