//! The order of a list.

use crate::{Error, ErrorKind, Result, SecretMeta};
use std::cmp::Ordering;

/// In which order secrets are listed; by default the oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// What is compared first; secrets that are equal there are ordered by id.
    pub by: SortField,
    /// Whether the order is reversed, that of equal ones by id included.
    pub descending: bool,
}

/// What a list can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortField {
    /// The id, by bytes.
    Id,
    /// The name, by bytes.
    Name,
    /// Public ones, then private ones.
    Private,
    /// When it was made.
    #[default]
    Created,
    /// When it was last changed.
    Updated,
    /// The owner's name, by bytes.
    User,
}

impl Sort {
    /// From small to large.
    #[must_use]
    pub fn ascending(by: SortField) -> Self {
        Self { by, descending: false }
    }

    /// From large to small.
    #[must_use]
    pub fn descending(by: SortField) -> Self {
        Self { by, descending: true }
    }

    /// Reads `[asc:|desc:]column` with the columns `id`, `name`, `private`, `created`, `updated` and `user`. A
    /// prefix other than `desc` means ascending.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if there is no such column.
    pub fn parse(text: &str) -> Result<Self> {
        let (prefix, column) = text.split_once(':').unwrap_or(("asc", text));
        let by = match column {
            "id" => SortField::Id,
            "name" => SortField::Name,
            "private" => SortField::Private,
            "created" => SortField::Created,
            "updated" => SortField::Updated,
            "user" => SortField::User,
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "sort_by: unknown column, use id, name, private, created, updated or user",
                ));
            }
        };
        Ok(Self { by, descending: prefix == "desc" })
    }

    /// How two secrets are ordered; equal only if they have the same id.
    #[must_use]
    pub fn compare(&self, a: &SecretMeta, b: &SecretMeta) -> Ordering {
        let first = match self.by {
            SortField::Id => Ordering::Equal,
            SortField::Name => a.name.cmp(&b.name),
            SortField::Private => a.private.cmp(&b.private),
            SortField::Created => a.created.cmp(&b.created),
            SortField::Updated => a.updated.cmp(&b.updated),
            SortField::User => a.owner.name.cmp(&b.owner.name),
        };
        let ascending = first.then_with(|| a.id.cmp(&b.id));
        if self.descending { ascending.reverse() } else { ascending }
    }
}
