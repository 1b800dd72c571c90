//! What only one driver knows: how values are bound and read, and how connections are made.

#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod rusqlite;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
