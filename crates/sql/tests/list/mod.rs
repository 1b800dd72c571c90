//! What the tests of lists are made of.

pub(crate) mod check;
pub(crate) mod database;
pub(crate) mod generate;
pub(crate) mod rows;
