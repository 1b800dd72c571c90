//! The conditions of a filter, and what a viewer may see, in SQL.

use super::{
    expression::Expression,
    names, one_of,
    text::{Column, positive, positive_on_id},
};
use crate::{dialect::Dialect, value::args};
use strongroom_core::{
    Names, OwnerId, SecretFilter,
    filter::{Condition, DateOp, Logic, SortField, TextOp},
};
use strongroom_engine::Viewer;

/// Which secrets are visible, by their privacy: a list never shows another account's private ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visible {
    /// Public ones, and this account's private ones.
    Any(OwnerId),
    /// Public ones.
    Public,
    /// This account's private ones.
    Own(OwnerId),
}

impl Visible {
    pub(super) fn expression(self) -> Expression {
        match self {
            // Not as an OR, which SQLite would look up in two indexes and then sort.
            Self::Any(actor) => Expression::sql("NOT (s.private = 1 AND s.owner <> ?)", args![actor.0]),
            // Not `= 0`, which SQLite takes to be rare.
            Self::Public => Expression::sql("s.private <> 1", Vec::new()),
            Self::Own(actor) => Expression::sql("(s.private = 1 AND s.owner = ?)", args![actor.0]),
        }
    }
}

/// What a list has to select.
pub(super) struct Selection {
    pub(super) visible: Visible,
    /// Everything else.
    pub(super) rest: Expression,
    /// Whether the index in the wanted order has all columns that are needed to read it until the page is full.
    /// Otherwise each of its entries would cost a look at the row, and most of them for nothing.
    pub(super) in_order: bool,
}

impl Selection {
    /// What the viewer may list and the filter matches; `None` if that is nothing, whatever there is.
    pub(super) fn new(dialect: Dialect, viewer: &Viewer, filter: &SecretFilter) -> Option<Self> {
        let names =
            viewer.names != Names::All || filter.conditions.iter().any(|c| matches!(c, Condition::Name(_)));
        let mut visible = Visible::Any(viewer.actor);
        let mut conditions = Vec::with_capacity(filter.conditions.len());
        for condition in &filter.conditions {
            let privacy = match (filter.logic, condition) {
                (Logic::All, Condition::Private(true)) => Visible::Own(viewer.actor),
                (Logic::All, Condition::Private(false)) => Visible::Public,
                _ => {
                    conditions.push(expression(dialect, condition, names));
                    continue;
                }
            };
            if visible != Visible::Any(viewer.actor) && visible != privacy {
                return None;
            }
            visible = privacy;
        }
        let matching = match filter.logic {
            Logic::All => Expression::all(conditions),
            Logic::Any if conditions.is_empty() => Expression::Always,
            Logic::Any => Expression::any(dialect, conditions),
        };
        match Expression::all([matching, names::listed(dialect, &viewer.names)]) {
            Expression::Never => None,
            rest => {
                let in_order = !names
                    && filter.conditions.iter().all(|condition| match condition {
                        Condition::Created(_) => filter.sort.by == SortField::Created,
                        Condition::Updated(_) => filter.sort.by == SortField::Updated,
                        Condition::Name(_) => false,
                        Condition::Id(_) | Condition::User(_) | Condition::Private(_) => true,
                    });
                Some(Self { visible, rest, in_order })
            }
        }
    }
}

/// `names`: the names of secrets matter too, in this condition or another.
fn expression(dialect: Dialect, condition: &Condition, names: bool) -> Expression {
    match condition {
        Condition::Name(op) => signed(op, positive(dialect, &Column::name(), op)),
        Condition::Id(op) => signed(op, positive_on_id(dialect, "s.id", op)),
        Condition::Created(op) => date(dialect, "s.created", op),
        Condition::Updated(op) => date(dialect, "s.updated", op),
        Condition::User(op) => signed(op, user(dialect, op, names)),
        Condition::Private(true) => Expression::sql("s.private = 1", Vec::new()),
        Condition::Private(false) => Expression::sql("s.private <> 1", Vec::new()),
    }
}

/// What holds of an operator, be it a negative one.
pub(crate) fn signed(op: &TextOp, positive: Expression) -> Expression {
    if op.is_negative() { positive.negated() } else { positive }
}

/// The owners come first, because there are few: one look at each account, whatever the number of secrets.
fn user(dialect: Dialect, op: &TextOp, names: bool) -> Expression {
    // The index that starts with owners has no names.
    let owner = if names && dialect == Dialect::Sqlite { "+s.owner" } else { "s.owner" };
    let any = Expression::any(
        dialect,
        [
            positive(dialect, &Column::folded(dialect, "o.name"), op),
            positive(dialect, &Column::folded(dialect, "o.full_name"), op),
            positive_on_id(dialect, "o.id", op),
        ],
    );
    match any {
        Expression::Sql { text, args } => {
            Expression::sql(format!("{owner} IN (SELECT o.id FROM accounts o WHERE {text})"), args)
        }
        constant => constant,
    }
}

/// A condition on a column of times.
pub(crate) fn date(dialect: Dialect, column: &str, op: &DateOp) -> Expression {
    let compared = |operator: &str, at: &strongroom_core::Timestamp| {
        Expression::sql(format!("{column} {operator} ?"), args![at.0])
    };
    match op {
        DateOp::Equals(at) => compared("=", at),
        DateOp::NotEquals(at) => compared("<>", at),
        DateOp::Gt(at) => compared(">", at),
        DateOp::Gte(at) => compared(">=", at),
        DateOp::Lt(at) => compared("<", at),
        DateOp::Lte(at) => compared("<=", at),
        DateOp::In(from, to) => {
            Expression::sql(format!("({column} >= ? AND {column} <= ?)"), args![from.0, to.0])
        }
        DateOp::OneOf(wanted) => one_of::time(dialect, column, wanted),
        DateOp::NotOneOf(unwanted) => one_of::time(dialect, column, unwanted).negated(),
        DateOp::IsNull => Expression::Never,
        DateOp::IsNotNull => Expression::Always,
    }
}
