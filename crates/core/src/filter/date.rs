//! Operators on points in time.

use crate::Timestamp;

/// What a point in time has to satisfy.
///
/// - All compare exactly, in microseconds. A date in a filter's text has whole seconds, so that
///   `equals:2026-11-21 20:59:24` does not find what was made at 20:59:24.355844; the range
///   `in:2026-11-21 20:59:24,2026-11-21 20:59:25` does.
/// - `OneOf([])` is satisfied by nothing, `NotOneOf([])` by everything, an `In` whose ends are in the wrong order
///   by nothing.
/// - No secret is without dates: `IsNull` is satisfied by nothing, `IsNotNull` by everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateOp {
    /// Is this moment.
    Equals(Timestamp),
    /// Is another moment.
    NotEquals(Timestamp),
    /// Is later.
    Gt(Timestamp),
    /// Is this moment or later.
    Gte(Timestamp),
    /// Is earlier.
    Lt(Timestamp),
    /// Is this moment or earlier.
    Lte(Timestamp),
    /// Lies between the two moments or is one of them.
    In(Timestamp, Timestamp),
    /// Is one of the moments.
    OneOf(Vec<Timestamp>),
    /// Is none of the moments.
    NotOneOf(Vec<Timestamp>),
    /// Is absent.
    IsNull,
    /// Is present.
    IsNotNull,
}

impl DateOp {
    /// Whether a moment satisfies it.
    #[must_use]
    pub fn matches(&self, at: Timestamp) -> bool {
        match self {
            Self::Equals(wanted) => at == *wanted,
            Self::NotEquals(wanted) => at != *wanted,
            Self::Gt(bound) => at > *bound,
            Self::Gte(bound) => at >= *bound,
            Self::Lt(bound) => at < *bound,
            Self::Lte(bound) => at <= *bound,
            Self::In(from, to) => *from <= at && at <= *to,
            Self::OneOf(wanted) => wanted.contains(&at),
            Self::NotOneOf(unwanted) => !unwanted.contains(&at),
            Self::IsNull => false,
            Self::IsNotNull => true,
        }
    }

    /// Whether what has no such moment satisfies it: none but `IsNull` and the negative ones, as of texts.
    #[must_use]
    pub fn matches_absent(&self) -> bool {
        matches!(self, Self::IsNull | Self::NotEquals(_) | Self::NotOneOf(_))
    }
}
