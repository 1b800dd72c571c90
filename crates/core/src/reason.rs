//! What programs do something about that a kind alone does not tell.

use crate::Revision;

/// What an [`Error`](crate::Error) is about, where its kind leaves open what is to be done. Programs match on it, and never
/// on a text. Whoever makes an error tells it with [`Error::because`](crate::Error::because).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A public secret has the name already.
    PublicNameTaken,
    /// A private secret of the same account has the name already.
    PrivateNameTaken,
    /// The secret is at another revision than was expected: at this one. A server does not pass it on: there it is
    /// [`Conflict`](crate::ErrorKind::Conflict) alone.
    Stale(Revision),
    /// Nobody but the account that created the secret may make it private or public.
    OnlyItsOwner,
    /// The service does not show a version that was written a moment ago. A server does not pass this on: there it is
    /// [`Unavailable`](crate::ErrorKind::Unavailable) alone.
    NotShownYet,
    /// A store's name stands for another place than it did, where something of ours may be.
    AnotherPlace,
    /// The input is well formed, but more than there is room for, or the page lies beyond the last one.
    BeyondLimit,
    /// The account is needed as it is: it is the last active admin, or owns the database itself. A server does not pass this
    /// on: there it is [`PermissionDenied`](crate::ErrorKind::PermissionDenied) alone.
    AccountNeeded,
}

#[cfg(test)]
mod tests {
    use crate::{Error, ErrorKind, Reason, Retry};

    #[test]
    fn a_reason_stays_whatever_else_is_said() {
        let error = Error::new(ErrorKind::InvalidInput, "key: too long");
        assert_eq!(error.reason(), None);
        let error = error.because(Reason::BeyondLimit);
        let more = error.clone().with("bytes", 1).retryable(Retry::Exhausted).in_section("store");
        assert_eq!((error.reason(), more.reason()), (Some(Reason::BeyondLimit), Some(Reason::BeyondLimit)));
        assert_eq!(error.to_string(), "key: too long", "it is for programs");
    }
}
