//! One page of a list.

use super::SecretFilter;
use crate::{Error, ErrorKind, Reason, Result};

/// One page of a list, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Which page this is; the first is 1.
    pub index: u32,
    /// The most items that a page of this size holds.
    pub max_size: u32,
    /// How many pages there are; an empty list has one, empty, page.
    pub total_pages: u32,
    /// How many items all pages together have.
    pub total: u64,
    /// This page's items.
    pub items: Vec<T>,
}

impl<T> Page<T> {
    /// The page that a filter asks for: `items` are those of this page alone, `total` counts those of all pages.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the page lies beyond the last one, or the filter's page or size is out of
    /// range.
    pub fn new(items: Vec<T>, total: u64, filter: &SecretFilter) -> Result<Self> {
        filter.check()?;
        let SecretFilter { page, size, .. } = *filter;
        let total_pages = u32::try_from(total.div_ceil(u64::from(size)).max(1)).unwrap_or(u32::MAX);
        if page > total_pages {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "Invalid page {page}. The requested page size is {size} and there are a total of {total} \
                     items for this query. The maximum page value therefore is {total_pages}."
                ),
            )
            .because(Reason::BeyondLimit));
        }
        Ok(Self { index: page, max_size: size, total_pages, total, items })
    }

    /// The same page with each item turned into something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            index: self.index,
            max_size: self.max_size,
            total_pages: self.total_pages,
            total: self.total,
            items: self.items.into_iter().map(change).collect(),
        }
    }
}
