//! Filtering, sorting and paging of accounts, which the database does.

use super::{error::ApiError, query::Query};
use crate::identity::as_kept;
use strongroom_core::{
    OwnerId, Result,
    filter::{BoolOp, DateOp, Logic, TextOp},
};
use strongroom_sql::identities::{AccountFilter, AccountKind, AccountSort, AccountTest};

/// The condition that a pair of a query is; none if it is about something else.
fn test(field: &str, text: &str, kind: AccountKind) -> Result<Option<AccountTest>> {
    let user = kind == AccountKind::User;
    Ok(Some(match field {
        "id" => AccountTest::Id(TextOp::parse(field, text)?),
        "name" => AccountTest::Name(TextOp::parse(field, &as_kept(text))?),
        "full_name" => AccountTest::FullName(TextOp::parse(field, text)?),
        "description" => AccountTest::Description(TextOp::parse(field, text)?),
        "email" if user => AccountTest::Email(TextOp::parse(field, text)?),
        "created" => AccountTest::Created(DateOp::parse(field, text)?),
        "updated" => AccountTest::Updated(DateOp::parse(field, text)?),
        "active" => match BoolOp::parse(field, text)? {
            BoolOp::Is(wanted) => AccountTest::Active(wanted),
            absent => AccountTest::Always(absent == BoolOp::IsNotNull),
        },
        // Null of all accounts.
        "email_opted_in" if user => AccountTest::Always(BoolOp::parse(field, text)? == BoolOp::IsNull),
        "external_user_id" => AccountTest::Always(TextOp::parse(field, text)?.matches_absent()),
        _ => return Ok(None),
    }))
}

/// What a query asks for of the accounts of a kind, or of `only` one of them.
pub(crate) fn filter(
    query: &Query,
    kind: AccountKind,
    only: Option<OwnerId>,
) -> Result<AccountFilter, ApiError> {
    let paging = query.paging()?;
    let mut tests = Vec::new();
    for (field, text) in query.pairs() {
        tests.extend(test(field, text, kind)?);
    }
    let logic = logic(query)?;
    let (column, descending) = order(query);
    let sort = match column {
        "id" => AccountSort::Id,
        "name" => AccountSort::Name,
        "full_name" => AccountSort::FullName,
        "description" => AccountSort::Description,
        "email" if kind == AccountKind::User => AccountSort::Email,
        "active" => AccountSort::Active,
        "created" => AccountSort::Created,
        "updated" => AccountSort::Updated,
        _ => {
            let email = if kind == AccountKind::User { "email, " } else { "" };
            return Err(ApiError::invalid(format!(
                "sort_by: use id, name, full_name, description, {email}active, created or updated"
            )));
        }
    };
    let (page, size) = (paging.page, paging.size);
    Ok(AccountFilter { kind, only, tests, logic, sort, descending, page, size })
}

/// Whether all conditions have to hold, or any of them.
pub(super) fn logic(query: &Query) -> Result<Logic> {
    Logic::parse(query.get("logical_operator").unwrap_or("and"))
}

/// What is sorted by, and whether the other way round.
pub(super) fn order(query: &Query) -> (&str, bool) {
    let sort = query.get("sort_by").unwrap_or("created");
    let (direction, column) = sort.split_once(':').unwrap_or(("asc", sort));
    (column, direction == "desc")
}
