//! Wrappers that make a back-end misbehave, each in one way; stack them for several.
//!
//! Each asks a [`Decide`] before it misbehaves, so that a seed, a list or a switch decides.

mod delay;
mod deliver_late;
mod drop_removal;
mod fail_before;
mod lose_answer;
mod return_old;

pub use delay::Delay;
pub use deliver_late::{DeliverLate, Later};
pub use drop_removal::DropRemoval;
pub use fail_before::FailBefore;
pub use lose_answer::LoseAnswer;
pub use return_old::ReturnOld;

use std::sync::Arc;
use strongroom_core::{Error, ErrorKind, ObjectId, Retry};

/// A call of a back-end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// Which method.
    pub method: Method,
    /// Which object it is about; `None` if several or none.
    pub object: Option<ObjectId>,
}

/// The methods of a back-end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `put`.
    Put,
    /// `get`.
    Get,
    /// `get_many`.
    GetMany,
    /// `relabel`.
    Relabel,
    /// `remove`.
    Remove,
    /// `delete`.
    Delete,
    /// `scan`.
    Scan,
    /// `check`.
    Check,
}

impl Method {
    /// Those that the engine calls for secrets.
    pub const FOR_SECRETS: &[Self] =
        &[Self::Put, Self::Get, Self::GetMany, Self::Relabel, Self::Remove, Self::Delete, Self::Scan];
}

/// Decides, call by call, whether a wrapper misbehaves.
pub trait Decide: Send + Sync {
    /// Whether this call goes wrong. Asked once for each call.
    fn decide(&self, call: Call) -> bool;
}

impl<F: Fn(Call) -> bool + Send + Sync> Decide for F {
    fn decide(&self, call: Call) -> bool {
        self(call)
    }
}

/// What every wrapper consists of.
#[derive(Clone)]
struct Wrapped {
    inner: Arc<dyn strongroom_core::Backend>,
    decide: Arc<dyn Decide>,
}

impl Wrapped {
    fn goes_wrong(&self, method: Method, object: impl Into<Option<ObjectId>>) -> bool {
        self.decide.decide(Call { method, object: object.into() })
    }
}

/// Nobody knows whether it was done.
fn no_answer() -> Error {
    Error::new(ErrorKind::Timeout, "the service did not answer in time").retryable(Retry::Backoff)
}
