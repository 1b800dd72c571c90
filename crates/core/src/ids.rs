//! Identifiers and points in time.

use crate::{Error, ErrorKind, calendar};
use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        /// Takes each form that a UUID has; others are [`ErrorKind::InvalidInput`].
        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let id = Uuid::try_parse(text);
                id.map(Self).map_err(|_| Error::new(ErrorKind::InvalidInput, "an id has the form of a UUID"))
            }
        }
    )* };
}

id! {
    /// Names a secret for as long as it lives. Random, never used again.
    SecretId
    /// Names the account that owns a secret.
    OwnerId
    /// Separates deployments that share one account of a service. It separates names, not trust.
    NamespaceId
    /// Names what a back-end keeps for one secret. Entering a store makes a fresh one, never used again,
    /// so that a late removal of an old object is harmless.
    ObjectId
    /// Names one attempt to write one version: fresh and random for each attempt, so that two racers that both
    /// make "revision 7" never share it. It binds the seal, keys the cache and is the idempotency token.
    VersionUid
}

/// Moves by one with every committed change of a secret, a rename too. In quotes it is the ETag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A point in time: microseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This point in time moved by a span; saturates at the ends.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// RFC 3339 in UTC, with six digits of the second: `2026-11-21T20:59:24.000001Z`. Outside of the years 1 to 9999, which that
/// form does not have, the number of microseconds: `-62135596800000001 us`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match calendar::second(*self, 'T') {
            Some(second) => write!(f, "{second}.{:06}Z", self.0.rem_euclid(1_000_000)),
            None => write!(f, "{} us", self.0),
        }
    }
}

/// What is less than a microsecond is cut off; saturates at the ends.
impl From<SystemTime> for Timestamp {
    fn from(at: SystemTime) -> Self {
        match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => Self(0).plus(since),
            Err(before) => {
                let micros = before.duration().as_nanos().div_ceil(1_000);
                Self(i64::try_from(micros).map_or(i64::MIN, |micros| -micros))
            }
        }
    }
}

/// Every one on Unix. Panics on Windows before the year 1601 and after 30827, which its clock does not have.
impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        let span = Duration::from_micros(at.0.unsigned_abs());
        if at.0 < 0 { Self::UNIX_EPOCH - span } else { Self::UNIX_EPOCH + span }
    }
}
