//! Pages of accounts: filtered, sorted and cut by the database.

use super::rows::{self, ACCOUNT, ACCOUNT_FROM, Account};
use crate::{
    SqlCatalog,
    dialect::Dialect,
    list::{Column, Expression, date, positive, positive_on_id, signed},
    value::{Value, args},
};
use strongroom_core::{
    AccountKind, OwnerId, Page, Result, SecretFilter,
    filter::{DateOp, Logic, TextOp},
};

/// Where the total stands, behind the columns of an account.
const TOTAL: usize = 15;

/// Which accounts are wanted, in which order, and which page of them.
#[derive(Clone, Debug)]
pub struct AccountFilter {
    /// Of this kind.
    pub kind: AccountKind,
    /// This one alone, whatever else is asked.
    pub only: Option<OwnerId>,
    /// Conditions.
    pub tests: Vec<AccountTest>,
    /// Whether all conditions have to hold, or any of them.
    pub logic: Logic,
    /// What they are sorted by; ties go by id.
    pub sort: AccountSort,
    /// Whether the order is reversed, that of ties included.
    pub descending: bool,
    /// Which page; the first is 1.
    pub page: u32,
    /// How many a page has.
    pub size: u32,
}

/// A condition on an account, or on anything else with these fields.
#[derive(Clone, Debug)]
pub enum AccountTest {
    /// On the id.
    Id(TextOp),
    /// On the name.
    Name(TextOp),
    /// On the full name.
    FullName(TextOp),
    /// On the remark.
    Description(TextOp),
    /// On the address; where there is none, `IsNull` and the negative operators hold.
    Email(TextOp),
    /// Whether it can be used.
    Active(bool),
    /// On the moment at which it was made.
    Created(DateOp),
    /// On the moment of its last change.
    Updated(DateOp),
    /// Of all accounts, or of none: on a field that has the same content in each.
    Always(bool),
}

/// What accounts are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountSort {
    /// The id.
    Id,
    /// The name, by its bytes.
    Name,
    /// The full name, by its bytes.
    FullName,
    /// The remark, by its bytes; on MariaDB by the first 1,024 of them.
    Description,
    /// The address, by its bytes; those without first.
    Email,
    /// Those that cannot be used first.
    Active,
    /// The moment at which it was made.
    Created,
    /// The moment of its last change.
    Updated,
}

const DESCRIPTION: &str = "COALESCE(l.description, '')";
/// What is sorted by: not every database has nulls at the same end.
const EMAIL: &str = "COALESCE(l.email, '')";
const UPDATED: &str = "COALESCE(l.updated, a.created)";

impl AccountSort {
    fn column(self) -> &'static str {
        match self {
            Self::Id => "a.id",
            Self::Name => "a.name",
            Self::FullName => "a.full_name",
            Self::Description => DESCRIPTION,
            Self::Email => EMAIL,
            Self::Active => "a.active",
            Self::Created => "a.created",
            Self::Updated => UPDATED,
        }
    }
}

impl AccountTest {
    fn expression(&self, dialect: Dialect) -> Expression {
        let text = |column, op: &TextOp| signed(op, positive(dialect, &Column::folded(dialect, column), op));
        match self {
            Self::Id(op) => signed(op, positive_on_id(dialect, "a.id", op)),
            Self::Name(op) => text("a.name", op),
            Self::FullName(op) => text("a.full_name", op),
            Self::Description(op) => text(DESCRIPTION, op),
            Self::Email(op) => signed(op, email(dialect, op)),
            Self::Active(true) => Expression::sql("a.active <> 0", Vec::new()),
            Self::Active(false) => Expression::sql("a.active = 0", Vec::new()),
            Self::Created(op) => date(dialect, "a.created", op),
            Self::Updated(op) => date(dialect, UPDATED, op),
            Self::Always(true) => Expression::Always,
            Self::Always(false) => Expression::Never,
        }
    }
}

/// Whether the address satisfies the operator or, if it is a negative one, the operator that it negates.
fn email(dialect: Dialect, op: &TextOp) -> Expression {
    let is = |what: &str| Expression::sql(format!("l.email IS {what}"), Vec::new());
    match op {
        TextOp::IsNull | TextOp::IsNotNull => is("NULL"),
        _ => Expression::all([is("NOT NULL"), positive(dialect, &Column::folded(dialect, EMAIL), op)]),
    }
}

impl SqlCatalog {
    /// A page of accounts: items and total from one statement.
    ///
    /// # Errors
    /// `InvalidInput` for a page beyond the last one; what the database says.
    pub async fn accounts_page(&self, filter: &AccountFilter) -> Result<Page<Account>> {
        let paging = SecretFilter::new().page(filter.page).size(filter.size);
        paging.check()?;
        let dialect = self.dialect();
        let tests = filter.tests.iter().map(|test| test.expression(dialect));
        let matching = match filter.logic {
            Logic::Any if !filter.tests.is_empty() => Expression::any(dialect, tests),
            _ => Expression::all(tests),
        };
        let kind = Expression::sql("a.kind = ?", args![filter.kind.as_str()]);
        let only = filter.only.map(|id| Expression::sql("a.id = ?", args![id.0]));
        let (condition, mut args) =
            Expression::all([Some(kind), only, Some(matching)].into_iter().flatten()).into_where();
        let direction = if filter.descending { "DESC" } else { "ASC" };
        let order = format!("{} {direction}, a.id {direction}", filter.sort.column());
        let sql = format!(
            "SELECT {ACCOUNT}, t.total FROM (SELECT COUNT(*) AS total FROM {ACCOUNT_FROM} WHERE {condition}) t \
             LEFT JOIN (SELECT a.id FROM {ACCOUNT_FROM} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?) p ON 1 = 1 \
             LEFT JOIN accounts a ON a.id = p.id LEFT JOIN logins l ON l.account = a.id ORDER BY {order}"
        );
        args.extend(args.clone());
        args.push(filter.size.into());
        args.push(Value::from(i64::try_from(paging.offset()).unwrap_or(i64::MAX)));
        let (mut items, mut total) = (Vec::new(), 0);
        for record in self.read(&sql, args).await? {
            total = record.u64(TOTAL)?;
            if !record.is_null(0) {
                items.push(rows::account(&record)?);
            }
        }
        Page::new(items, total, &paging)
    }
}
