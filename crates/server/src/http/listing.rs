//! Filtering, sorting and paging of what there are few of: accounts and keys.

use super::{
    error::ApiError,
    query::{Query, boolean},
};
use std::cmp::Ordering;
use strongroom_core::{
    Page, Result, SecretFilter, Timestamp,
    filter::{Condition, DateOp, Logic, TextOp},
};
use uuid::Uuid;

/// What can be asked of an account or a key.
pub(crate) struct Facets<'a> {
    pub(crate) id: Uuid,
    pub(crate) name: &'a str,
    pub(crate) full_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) active: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

enum Test {
    Id(TextOp),
    Name(TextOp),
    FullName(TextOp),
    Description(TextOp),
    Active(bool),
    Created(DateOp),
    Updated(DateOp),
}

impl Test {
    fn parse(field: &str, text: &str) -> Result<Option<Self>, ApiError> {
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
                Condition::Id(op) => Self::Id(op),
                _ => return Ok(None),
            },
            "name" => Self::Name(text_op()?),
            "full_name" => Self::FullName(text_op()?),
            "description" => Self::Description(text_op()?),
            "created" => Self::Created(date_op()?),
            "updated" => Self::Updated(date_op()?),
            "active" => Self::Active(
                boolean(text).ok_or_else(|| ApiError::invalid("filter `active`: expected true or false"))?,
            ),
            _ => return Ok(None),
        }))
    }

    fn matches(&self, item: &Facets<'_>) -> bool {
        match self {
            Self::Id(op) => Condition::Id(op.clone()).matches_id(item.id),
            Self::Name(op) => op.matches(item.name),
            Self::FullName(op) => op.matches(item.full_name),
            Self::Description(op) => op.matches(item.description),
            Self::Active(wanted) => item.active == *wanted,
            Self::Created(op) => op.matches(item.created),
            Self::Updated(op) => op.matches(item.updated),
        }
    }
}

/// The page that a query asks for.
pub(crate) fn page<T>(
    query: &Query,
    items: Vec<T>,
    facets: impl Fn(&T) -> Facets<'_>,
) -> Result<Page<T>, ApiError> {
    let paging = query.paging()?;
    let mut tests = Vec::new();
    for (field, text) in query.pairs() {
        tests.extend(Test::parse(field, text)?);
    }
    let any = Logic::parse(query.get("logical_operator").unwrap_or("and"))? == Logic::Any;
    let passes = |item: &T| {
        let item = facets(item);
        if any && !tests.is_empty() {
            tests.iter().any(|test| test.matches(&item))
        } else {
            tests.iter().all(|test| test.matches(&item))
        }
    };
    let mut items: Vec<T> = items.into_iter().filter(passes).collect();
    let sort = query.get("sort_by").unwrap_or("created");
    let (direction, column) = sort.split_once(':').unwrap_or(("asc", sort));
    let by: fn(&Facets<'_>, &Facets<'_>) -> Ordering = match column {
        "id" => |_, _| Ordering::Equal,
        "name" => |a, b| a.name.cmp(b.name),
        "full_name" => |a, b| a.full_name.cmp(b.full_name),
        "description" => |a, b| a.description.cmp(b.description),
        "active" => |a, b| a.active.cmp(&b.active),
        "created" => |a, b| a.created.cmp(&b.created),
        "updated" => |a, b| a.updated.cmp(&b.updated),
        _ => {
            return Err(ApiError::invalid(
                "sort_by: use id, name, full_name, description, active, created or updated",
            ));
        }
    };
    items.sort_by(|a, b| {
        let (a, b) = (facets(a), facets(b));
        let order = by(&a, &b).then_with(|| a.id.cmp(&b.id));
        if direction == "desc" { order.reverse() } else { order }
    });
    let filter = SecretFilter::new().page(paging.page).size(paging.size);
    let total = items.len() as u64;
    let before = usize::try_from(filter.offset()).unwrap_or(usize::MAX);
    let items = items.into_iter().skip(before).take(filter.size as usize).collect();
    Ok(Page::new(items, total, &filter)?)
}
