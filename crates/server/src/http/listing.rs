//! Filtering, sorting and paging of accounts, which the database does, and of their keys, of which there are few.

use super::{
    error::ApiError,
    query::{Query, boolean},
};
use std::cmp::Ordering;
use strongroom_core::{
    OwnerId, Page, Result, SecretFilter, Timestamp,
    filter::{Condition, DateOp, Logic, TextOp},
};
use strongroom_sql::identities::{AccountFilter, AccountKind, AccountSort, AccountTest};
use uuid::Uuid;

/// What can be asked of a key.
pub(crate) struct Facets<'a> {
    pub(crate) id: Uuid,
    pub(crate) name: &'a str,
    pub(crate) full_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) active: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

/// The condition that a pair of a query is; none if it is about something else.
fn test(field: &str, text: &str) -> Result<Option<AccountTest>, ApiError> {
    let text_op = || -> Result<TextOp, ApiError> {
        match Condition::parse("name", text)? {
            Condition::Name(op) => Ok(op),
            _ => Err(ApiError::invalid("filter: it cannot be read")),
        }
    };
    let date_op = || -> Result<DateOp, ApiError> {
        match Condition::parse("created", text)? {
            Condition::Created(op) => Ok(op),
            _ => Err(ApiError::invalid("filter: it cannot be read")),
        }
    };
    Ok(Some(match field {
        "id" => match Condition::parse("id", text)? {
            Condition::Id(op) => AccountTest::Id(op),
            _ => return Ok(None),
        },
        "name" => AccountTest::Name(text_op()?),
        "full_name" => AccountTest::FullName(text_op()?),
        "description" => AccountTest::Description(text_op()?),
        "created" => AccountTest::Created(date_op()?),
        "updated" => AccountTest::Updated(date_op()?),
        "active" => AccountTest::Active(
            boolean(text).ok_or_else(|| ApiError::invalid("filter `active`: expected true or false"))?,
        ),
        _ => return Ok(None),
    }))
}

fn matches(test: &AccountTest, item: &Facets<'_>) -> bool {
    match test {
        AccountTest::Id(op) => Condition::Id(op.clone()).matches_id(item.id),
        AccountTest::Name(op) => op.matches(item.name),
        AccountTest::FullName(op) => op.matches(item.full_name),
        AccountTest::Description(op) => op.matches(item.description),
        AccountTest::Active(wanted) => item.active == *wanted,
        AccountTest::Created(op) => op.matches(item.created),
        AccountTest::Updated(op) => op.matches(item.updated),
    }
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
        tests.extend(test(field, text)?);
    }
    let logic = Logic::parse(query.get("logical_operator").unwrap_or("and"))?;
    let sort = query.get("sort_by").unwrap_or("created");
    let (direction, column) = sort.split_once(':').unwrap_or(("asc", sort));
    let sort = match column {
        "id" => AccountSort::Id,
        "name" => AccountSort::Name,
        "full_name" => AccountSort::FullName,
        "description" => AccountSort::Description,
        "active" => AccountSort::Active,
        "created" => AccountSort::Created,
        "updated" => AccountSort::Updated,
        _ => {
            return Err(ApiError::invalid(
                "sort_by: use id, name, full_name, description, active, created or updated",
            ));
        }
    };
    let (page, size) = (paging.page, paging.size);
    Ok(AccountFilter { kind, only, tests, logic, sort, descending: direction == "desc", page, size })
}

/// The page that a query asks for of what there are few of.
pub(crate) fn page<T>(
    query: &Query,
    items: Vec<T>,
    facets: impl Fn(&T) -> Facets<'_>,
) -> Result<Page<T>, ApiError> {
    let wanted = filter(query, AccountKind::Service, None)?;
    let any = wanted.logic == Logic::Any && !wanted.tests.is_empty();
    let passes = |item: &T| {
        let item = facets(item);
        let mut tests = wanted.tests.iter();
        if any { tests.any(|test| matches(test, &item)) } else { tests.all(|test| matches(test, &item)) }
    };
    let mut items: Vec<T> = items.into_iter().filter(passes).collect();
    let by: fn(&Facets<'_>, &Facets<'_>) -> Ordering = match wanted.sort {
        AccountSort::Id => |_, _| Ordering::Equal,
        AccountSort::Name => |a, b| a.name.cmp(b.name),
        AccountSort::FullName => |a, b| a.full_name.cmp(b.full_name),
        AccountSort::Description => |a, b| a.description.cmp(b.description),
        AccountSort::Active => |a, b| a.active.cmp(&b.active),
        AccountSort::Created => |a, b| a.created.cmp(&b.created),
        AccountSort::Updated => |a, b| a.updated.cmp(&b.updated),
    };
    items.sort_by(|a, b| {
        let (a, b) = (facets(a), facets(b));
        let order = by(&a, &b).then_with(|| a.id.cmp(&b.id));
        if wanted.descending { order.reverse() } else { order }
    });
    let filter = SecretFilter::new().page(wanted.page).size(wanted.size);
    let total = items.len() as u64;
    let before = usize::try_from(filter.offset()).unwrap_or(usize::MAX);
    let items = items.into_iter().skip(before).take(filter.size as usize).collect();
    Ok(Page::new(items, total, &filter)?)
}
