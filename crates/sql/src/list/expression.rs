//! Conditions of a WHERE, put together.

use crate::{dialect::Dialect, value::Value};

/// A condition. One that does not depend on the row needs no SQL, and takes what it is joined with along.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    /// True of every row.
    Always,
    /// True of no row.
    Never,
    /// What the database has to evaluate. It binds tighter than `AND` and is never NULL.
    Sql {
        /// The text, with `?` for each argument.
        text: String,
        /// The arguments in their order.
        args: Vec<Value>,
    },
}

impl Expression {
    pub(crate) fn sql(text: impl Into<String>, args: Vec<Value>) -> Self {
        Self::Sql { text: text.into(), args }
    }

    /// What does not hold where this holds.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Sql { text, args } => Self::Sql { text: format!("NOT ({text})"), args },
        }
    }

    /// Holds where all hold; always, if there are none.
    pub(crate) fn all(expressions: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = Vec::new();
        for expression in expressions {
            match expression {
                Self::Always => {}
                Self::Never => return Self::Never,
                sql @ Self::Sql { .. } => parts.push(sql),
            }
        }
        joined(parts, " AND ").unwrap_or(Self::Always)
    }

    /// Holds where one holds; never, if there are none.
    pub(crate) fn any(dialect: Dialect, expressions: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = Vec::new();
        for expression in expressions {
            match expression {
                Self::Always => return Self::Always,
                Self::Never => {}
                sql @ Self::Sql { .. } => parts.push(sql),
            }
        }
        let several = parts.len() > 1;
        match joined(parts, " OR ") {
            // The plus keeps SQLite from a look at an index for each, which takes long if they find much:
            // one index is read from end to end instead.
            Some(Self::Sql { text, args }) if several && dialect == Dialect::Sqlite => {
                Self::Sql { text: format!("+{text}"), args }
            }
            joined => joined.unwrap_or(Self::Never),
        }
    }

    /// The text for a WHERE and its arguments.
    pub(crate) fn into_where(self) -> (String, Vec<Value>) {
        match self {
            Self::Always => ("1 = 1".to_owned(), Vec::new()),
            Self::Never => ("1 = 0".to_owned(), Vec::new()),
            Self::Sql { text, args } => (text, args),
        }
    }
}

/// Joins as a balanced tree: `a AND b AND c ...` is as deep as it is long, and SQLite refuses depths over 1,000.
fn joined(mut parts: Vec<Expression>, operator: &str) -> Option<Expression> {
    while parts.len() > 1 {
        let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => pair(left, operator, right),
                None => left,
            });
        }
        parts = pairs;
    }
    parts.pop()
}

fn pair(left: Expression, operator: &str, right: Expression) -> Expression {
    let ((left, mut args), (right, more)) = (left.into_where(), right.into_where());
    args.extend(more);
    Expression::Sql { text: format!("({left}{operator}{right})"), args }
}
