//! What a service charges for being asked.

/// What each call of a back-end costs at its service's list price, in billionths of a US dollar: an estimate, without
/// free quotas, discounts and what is billed by the month.
///
/// A call of ours may be several requests to the service; say what they cost together where that is usual. 0.05 dollars
/// for 10,000 requests are 5,000 for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prices {
    /// Of [`Backend::put`](crate::Backend::put).
    pub put: u64,
    /// Of [`Backend::get`](crate::Backend::get).
    pub get: u64,
    /// Of [`Backend::get_many`](crate::Backend::get_many), whatever the number of versions.
    pub get_many: u64,
    /// Of [`Backend::relabel`](crate::Backend::relabel).
    pub relabel: u64,
    /// Of [`Backend::remove`](crate::Backend::remove).
    pub remove: u64,
    /// Of [`Backend::delete`](crate::Backend::delete).
    pub delete: u64,
    /// Of a page of [`Backend::scan`](crate::Backend::scan).
    pub scan: u64,
    /// Of [`Backend::check`](crate::Backend::check).
    pub check: u64,
}

impl Prices {
    /// Nothing is charged for calls.
    pub const FREE: Self = Self::each(0);

    /// The same for every call.
    #[must_use]
    pub const fn each(price: u64) -> Self {
        Self {
            put: price,
            get: price,
            get_many: price,
            relabel: price,
            remove: price,
            delete: price,
            scan: price,
            check: price,
        }
    }

    /// Another one for reading a version.
    #[must_use]
    pub const fn get(mut self, price: u64) -> Self {
        self.get = price;
        self
    }

    /// Another one for bringing labels up to date.
    #[must_use]
    pub const fn relabel(mut self, price: u64) -> Self {
        self.relabel = price;
        self
    }

    /// Another one for removing a version.
    #[must_use]
    pub const fn remove(mut self, price: u64) -> Self {
        self.remove = price;
        self
    }

    /// Another one for deleting an object.
    #[must_use]
    pub const fn delete(mut self, price: u64) -> Self {
        self.delete = price;
        self
    }
}
