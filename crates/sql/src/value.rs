//! Values on their way to and from a database.

use crate::error::Failure;
use std::{fmt, sync::Arc};
use strongroom_core::{Error, ErrorKind};
use uuid::Uuid;

/// One argument or column, in a form that all dialects have.
#[derive(Clone)]
pub(crate) enum Value {
    /// No value.
    Null,
    /// A number: counts, revisions, times in microseconds, flags as 0 and 1.
    I64(i64),
    /// A text.
    Text(String),
    /// Bytes: sealed values, digests, MACs.
    Bytes(Arc<Vec<u8>>),
    /// An id, 16 bytes.
    Uuid(Uuid),
}

impl fmt::Debug for Value {
    /// Texts and bytes may be hashes of passwords and of keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::I64(number) => write!(f, "I64({number})"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Uuid(id) => write!(f, "Uuid({id})"),
        }
    }
}

impl Value {
    /// What a column of texts holds. If that is none, whoever asks for it is told, and nobody who reads beside it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn text(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Bytes(Arc::new(error.into_bytes())), Self::Text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::I64(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::I64(i64::from(flag))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::I64(i64::from(number))
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Arc::new(bytes.to_vec()))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The arguments of a statement, in the order of its `?`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use args;

/// A row of an answer; columns are taken by their place, from 0.
#[derive(Debug)]
pub(crate) struct Record(pub(crate) Vec<Value>);

impl Record {
    /// The number in a column.
    pub(crate) fn i64(&self, column: usize) -> Result<i64, Failure> {
        match self.0.get(column) {
            Some(Value::I64(number)) => Ok(*number),
            _ => Err(damaged("a number", column)),
        }
    }

    /// The number in a column that holds none below zero.
    pub(crate) fn u64(&self, column: usize) -> Result<u64, Failure> {
        u64::try_from(self.i64(column)?).map_err(|_| damaged("a number that is not negative", column))
    }

    /// The flag in a column.
    pub(crate) fn flag(&self, column: usize) -> Result<bool, Failure> {
        Ok(self.i64(column)? != 0)
    }

    /// The text in a column.
    pub(crate) fn text(&self, column: usize) -> Result<String, Failure> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text.clone()),
            Some(Value::Bytes(bytes)) => {
                String::from_utf8(bytes.to_vec()).map_err(|_| damaged("a text in UTF-8", column))
            }
            _ => Err(damaged("a text", column)),
        }
    }

    /// The text in a column that is only shown: whatever is no text in it stands for itself.
    pub(crate) fn shown(&self, column: usize) -> Result<String, Failure> {
        self.text(column).or_else(|_| Ok(String::from_utf8_lossy(&self.bytes(column)?).into_owned()))
    }

    /// The bytes in a column.
    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, Failure> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes.to_vec()),
            Some(Value::Uuid(id)) => Ok(id.as_bytes().to_vec()),
            _ => Err(damaged("bytes", column)),
        }
    }

    /// The text in a column, which is taken out of it.
    pub(crate) fn take_text(&mut self, column: usize) -> Result<String, Failure> {
        match self.0.get_mut(column) {
            Some(Value::Text(text)) => Ok(std::mem::take(text)),
            _ => self.text(column),
        }
    }

    /// The bytes in a column, which are taken out of it.
    pub(crate) fn take_bytes(&mut self, column: usize) -> Result<Vec<u8>, Failure> {
        match self.0.get_mut(column) {
            Some(Value::Bytes(bytes)) => Ok(Arc::unwrap_or_clone(std::mem::take(bytes))),
            _ => self.bytes(column),
        }
    }

    /// The id in a column.
    pub(crate) fn uuid(&self, column: usize) -> Result<Uuid, Failure> {
        match self.0.get(column) {
            Some(Value::Uuid(id)) => Ok(*id),
            Some(Value::Bytes(bytes)) => Uuid::from_slice(bytes).map_err(|_| damaged("an id", column)),
            _ => Err(damaged("an id", column)),
        }
    }

    /// Whether a column holds no value.
    pub(crate) fn is_null(&self, column: usize) -> bool {
        matches!(self.0.get(column), Some(Value::Null))
    }

    /// What `read` finds in a column, unless it holds no value.
    pub(crate) fn maybe<T>(
        &self,
        column: usize,
        read: impl FnOnce(&Self, usize) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        if self.is_null(column) { Ok(None) } else { read(self, column).map(Some) }
    }
}

/// The database does not hold what was written.
pub(crate) fn damaged(wanted: &'static str, column: usize) -> Failure {
    Failure::other(
        Error::new(
            ErrorKind::Corrupt,
            "the database holds something else than Strongroom wrote: restore a backup, or upgrade this program",
        )
        .with("wanted", wanted)
        .with("column", column),
    )
}
