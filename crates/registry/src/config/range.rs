//! Numbers between two bounds. Refused while they are read, so that the error names the key or variable.

use serde::{Deserialize, Deserializer, de};

/// A whole number from `MIN` to `MAX`, for a key that is read alone.
pub(super) struct Within<T, const MIN: u64, const MAX: u64>(pub(super) T);

impl<'de, T: TryFrom<u64>, const MIN: u64, const MAX: u64> Deserialize<'de> for Within<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        within::<D, T, MIN, MAX>(deserializer).map(Self)
    }
}

/// A whole number from `MIN` to `MAX`.
pub(super) fn within<'de, D, T, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let number = u64::deserialize(deserializer)?;
    T::try_from(number).ok().filter(|_| (MIN..=MAX).contains(&number)).ok_or_else(|| {
        let expected = format!("a whole number from {MIN} to {MAX}");
        de::Error::invalid_value(de::Unexpected::Other("another number"), &expected.as_str())
    })
}

/// As [`within`], for a key that may be left out.
pub(super) fn optional<'de, D, T, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    within::<D, T, MIN, MAX>(deserializer).map(Some)
}
