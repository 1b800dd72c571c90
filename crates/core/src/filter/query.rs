//! A whole filter: conditions, order and page.

use super::{Condition, Page, Sort};
use crate::{Error, ErrorKind, Result, SecretMeta};
use std::cmp::Ordering;

/// Which secrets are listed, in which order, and which page of them. By default the first 20 of all, oldest
/// first.
///
/// ```
/// # use strongroom_core::{Result, SecretFilter, filter::Sort};
/// # fn example() -> Result<SecretFilter> {
/// let newest_databases = SecretFilter::new()
///     .on("name", "startswith:db/")?
///     .on("private", "false")?
///     .sort(Sort::parse("desc:created")?)
///     .size(100);
/// # Ok(newest_databases) }
/// # assert!(example().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretFilter {
    /// What secrets have to satisfy; without conditions every secret is listed.
    pub conditions: Vec<Condition>,
    /// Whether all conditions have to hold or any.
    pub logic: Logic,
    /// In which order.
    pub sort: Sort,
    /// Which page; the first is 1.
    pub page: u32,
    /// The most items of a page: 1 to [`MAX_SIZE`](Self::MAX_SIZE).
    pub size: u32,
}

/// How the conditions of a filter are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logic {
    /// All have to hold.
    #[default]
    All,
    /// One has to hold, if there are any.
    Any,
}

impl Logic {
    /// Reads `and` or `or`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "and" => Ok(Self::All),
            "or" => Ok(Self::Any),
            _ => Err(Error::new(ErrorKind::InvalidInput, "logical_operator: use and, or or")),
        }
    }
}

impl Default for SecretFilter {
    fn default() -> Self {
        Self {
            conditions: Vec::new(),
            logic: Logic::default(),
            sort: Sort::default(),
            page: 1,
            size: Self::DEFAULT_SIZE,
        }
    }
}

impl SecretFilter {
    /// The size of a page unless told otherwise.
    pub const DEFAULT_SIZE: u32 = 20;
    /// The largest size of a page.
    pub const MAX_SIZE: u32 = 10_000;

    /// The filter that every secret passes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Adds a condition as [`Condition::parse`] reads it.
    ///
    /// # Errors
    /// Those of [`Condition::parse`].
    pub fn on(self, field: &str, text: &str) -> Result<Self> {
        Ok(self.condition(Condition::parse(field, text)?))
    }

    /// Sets how the conditions are joined.
    #[must_use]
    pub fn logic(mut self, logic: Logic) -> Self {
        self.logic = logic;
        self
    }

    /// Sets the order.
    #[must_use]
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Sets which page is wanted; the first is 1. Checked when the filter is used.
    #[must_use]
    pub fn page(mut self, page: u32) -> Self {
        self.page = page;
        self
    }

    /// Sets the most items of a page, 1 to [`MAX_SIZE`](Self::MAX_SIZE). Checked when the filter is used.
    #[must_use]
    pub fn size(mut self, size: u32) -> Self {
        self.size = size;
        self
    }

    /// Checks page and size. Whoever runs a filter calls it first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] that names the one that is out of range.
    pub fn check(&self) -> Result<()> {
        if self.page == 0 {
            return Err(Error::new(ErrorKind::InvalidInput, "page: the first page is 1"));
        }
        if !(1..=Self::MAX_SIZE).contains(&self.size) {
            return Err(Error::new(ErrorKind::InvalidInput, "size: use 1 to 10000 items a page"));
        }
        Ok(())
    }

    /// How many items stand before the wanted page.
    #[must_use]
    pub fn offset(&self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.size)
    }

    /// Whether a secret passes the conditions.
    #[must_use]
    pub fn matches(&self, secret: &SecretMeta) -> bool {
        let mut conditions = self.conditions.iter();
        match self.logic {
            Logic::All => conditions.all(|condition| condition.matches(secret)),
            Logic::Any => self.conditions.is_empty() || conditions.any(|condition| condition.matches(secret)),
        }
    }

    /// How two secrets are ordered; equal only if they have the same id.
    #[must_use]
    pub fn compare(&self, a: &SecretMeta, b: &SecretMeta) -> Ordering {
        self.sort.compare(a, b)
    }

    /// Filters, sorts and pages, for who has all secrets at hand.
    ///
    /// # Errors
    /// Those of [`Page::new`].
    pub fn page_of(&self, mut secrets: Vec<SecretMeta>) -> Result<Page<SecretMeta>> {
        secrets.retain(|secret| self.matches(secret));
        secrets.sort_unstable_by(|a, b| self.compare(a, b));
        let total = secrets.len() as u64;
        // Where addresses are shorter than the offset, the page lies beyond the end anyway.
        let before = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let items = secrets.into_iter().skip(before).take(self.size as usize).collect();
        Page::new(items, total, self)
    }
}
