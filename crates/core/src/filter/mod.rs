//! The filter language of lists: which secrets, in which order, which page.
//!
//! A condition is a field and a text `[operator:]value`. What stands before the first `:` is an operator only if
//! it is one of the words below, in lower case; otherwise the whole text is the value and the operator is
//! `equals`, so that `name=a:b` looks for the secret `a:b`.
//!
//! | fields | operators |
//! |---|---|
//! | `name`, `id`, `user` | `equals` `notequals` `contains` `notcontains` `startswith` `endswith` `oneof` `notoneof` `isnull` `isnotnull` |
//! | `created`, `updated` | `equals` `notequals` `gt` `gte` `lt` `lte` `in` `oneof` `notoneof` `isnull` `isnotnull` |
//! | `private` | none: `true`, `false`, `yes`, `no`, `1`, `0`, ... |
//!
//! `oneof` and `notoneof` take a JSON list of texts, `in` takes `FROM,TO`, `isnull` and `isnotnull` no value.
//!
//! The meaning is given by `matches` of [`Condition`], [`TextOp`] and [`DateOp`], which never fail: every
//! condition is true or false of every secret, and each negative operator is exactly the negation of its
//! positive one. No character is a wildcard. Whoever translates a filter to another language has to agree with
//! these functions on every input.

mod boolean;
mod condition;
mod date;
mod page;
mod parse;
mod query;
mod render;
mod sort;
mod text;

pub use boolean::{BoolOp, yes_or_no};
pub use condition::Condition;
pub use date::DateOp;
pub use page::Page;
pub use query::{Logic, SecretFilter};
pub use sort::{Sort, SortField};
pub use text::TextOp;
