//! Errors of ours on their way through the SDK, which wraps them in its own.

use azure_core::error::{Error as SdkError, ErrorKind as SdkKind};
use std::{error::Error as StdError, fmt};
use strongroom_core::{Error, causes};

/// An error of ours on its way through the SDK.
#[derive(Clone, Debug)]
pub(crate) struct Ours {
    pub(crate) error: Error,
    /// Nobody is there who could answer.
    pub(crate) absent: bool,
}

impl Ours {
    pub(crate) fn new(error: Error) -> Self {
        Self { error, absent: false }
    }

    /// The same if nobody is there.
    pub(crate) fn absent(mut self, absent: bool) -> Self {
        self.absent = absent;
        self
    }

    pub(crate) fn into_sdk(self, kind: SdkKind) -> SdkError {
        SdkError::with_error(kind, self, "see the source")
    }
}

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Ours {}

/// The error of ours that an SDK's error carries, if any.
pub(crate) fn ours(error: &SdkError) -> Option<Ours> {
    causes(error).find_map(|cause| cause.downcast_ref::<Ours>()).cloned()
}
