//! One condition of a filter.

use super::{DateOp, TextOp};
use crate::SecretMeta;
use uuid::Uuid;

/// One condition that a secret satisfies or does not.
///
/// It is exhaustive on purpose: whoever translates conditions must not compile after a new one was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// On the name.
    Name(TextOp),
    /// On the id: the operator [`for_ids`](TextOp::for_ids), on the id's 32 lower-case hexadecimal digits.
    Id(TextOp),
    /// On the moment at which it was made.
    Created(DateOp),
    /// On the moment of its last change.
    Updated(DateOp),
    /// On the owner: a positive operator has to hold for the owner's id (as for `Id`), name or full name, any of
    /// the three. A negative one is the negation of that: it has to hold for all three.
    User(TextOp),
    /// Whether it is private.
    Private(bool),
}

impl Condition {
    /// The fields that [`parse`](Self::parse) knows.
    pub const FIELDS: [&'static str; 6] = ["name", "id", "created", "updated", "user", "private"];

    /// Whether a secret satisfies it.
    #[must_use]
    pub fn matches(&self, secret: &SecretMeta) -> bool {
        match self {
            Self::Name(op) => op.matches(secret.name.as_str()),
            Self::Id(op) => positive_on_id(op, secret.id.0) != op.is_negative(),
            Self::Created(op) => op.matches(secret.created),
            Self::Updated(op) => op.matches(secret.updated),
            Self::User(op) => {
                let owner = &secret.owner;
                let any = op.positive(&owner.name)
                    || op.positive(&owner.full_name)
                    || positive_on_id(op, owner.id.0);
                any != op.is_negative()
            }
            Self::Private(wanted) => secret.private == *wanted,
        }
    }
}

impl Condition {
    /// Whether a condition on ids holds of an id; one on anything else does not.
    #[must_use]
    pub fn matches_id(&self, id: Uuid) -> bool {
        matches!(self, Self::Id(op) if positive_on_id(op, id) != op.is_negative())
    }
}

fn positive_on_id(op: &TextOp, id: Uuid) -> bool {
    op.for_ids().positive(id.simple().encode_lower(&mut Uuid::encode_buffer()))
}
