//! Filtering, sorting and paging of an account's API keys, of which there are few.

use super::{
    error::ApiError,
    listing::{logic, order},
    query::Query,
};
use crate::identity::as_kept;
use std::cmp::Ordering;
use strongroom_core::{
    Page, Result, SecretFilter, Timestamp,
    filter::{BoolOp, Condition, DateOp, Logic, TextOp},
};
use strongroom_sql::identities::ApiKey;

/// A condition on a key.
enum Test {
    Id(TextOp),
    Name(TextOp),
    Description(TextOp),
    Active(BoolOp),
    /// On a moment that a key may be without.
    At(fn(&ApiKey) -> Option<Timestamp>, DateOp),
}

impl Test {
    /// The condition that a pair of a query is; none if it is about something else.
    fn parse(field: &str, text: &str) -> Result<Option<Self>> {
        Ok(Some(match field {
            "id" => Self::Id(TextOp::parse(field, text)?),
            "name" => Self::Name(TextOp::parse(field, &as_kept(text))?),
            "description" => Self::Description(TextOp::parse(field, text)?),
            "active" => Self::Active(BoolOp::parse(field, text)?),
            "created" => Self::At(|key| Some(key.created), DateOp::parse(field, text)?),
            "updated" => Self::At(|key| Some(key.updated), DateOp::parse(field, text)?),
            "last_login" => Self::At(|key| key.last_used, DateOp::parse(field, text)?),
            "last_rotated" => Self::At(|key| key.rotated, DateOp::parse(field, text)?),
            _ => return Ok(None),
        }))
    }

    fn matches(&self, key: &ApiKey) -> bool {
        match self {
            Self::Id(op) => Condition::Id(op.clone()).matches_id(key.id),
            Self::Name(op) => op.matches(&key.name),
            Self::Description(op) => op.matches(&key.description),
            Self::Active(BoolOp::Is(wanted)) => key.active == *wanted,
            Self::Active(op) => *op == BoolOp::IsNotNull,
            Self::At(of, op) => of(key).map_or_else(|| op.matches_absent(), |at| op.matches(at)),
        }
    }
}

/// How keys are sorted by a column; what is absent comes first.
fn by(column: &str) -> Result<fn(&ApiKey, &ApiKey) -> Ordering, ApiError> {
    Ok(match column {
        "id" => |_, _| Ordering::Equal,
        "name" => |a, b| a.name.cmp(&b.name),
        "description" => |a, b| a.description.cmp(&b.description),
        "active" => |a, b| a.active.cmp(&b.active),
        "created" => |a, b| a.created.cmp(&b.created),
        "updated" => |a, b| a.updated.cmp(&b.updated),
        "last_login" => |a, b| a.last_used.cmp(&b.last_used),
        "last_rotated" => |a, b| a.rotated.cmp(&b.rotated),
        _ => {
            return Err(ApiError::invalid(
                "sort_by: use id, name, description, active, created, updated, last_login or last_rotated",
            ));
        }
    })
}

/// The page of an account's keys that a query asks for.
pub(crate) fn page(query: &Query, mut keys: Vec<ApiKey>) -> Result<Page<ApiKey>, ApiError> {
    let paging = query.paging()?;
    let mut tests = Vec::new();
    for (field, text) in query.pairs() {
        tests.extend(Test::parse(field, text)?);
    }
    let any = logic(query)? == Logic::Any && !tests.is_empty();
    let (column, descending) = order(query);
    let by = by(column)?;
    keys.retain(|key| {
        let mut matching = tests.iter().map(|test| test.matches(key));
        if any { matching.any(|one| one) } else { matching.all(|one| one) }
    });
    keys.sort_by(|a, b| {
        let order = by(a, b).then_with(|| a.id.cmp(&b.id));
        if descending { order.reverse() } else { order }
    });
    let filter = SecretFilter::new().page(paging.page).size(paging.size);
    let total = keys.len() as u64;
    let before = usize::try_from(filter.offset()).unwrap_or(usize::MAX);
    let items = keys.into_iter().skip(before).take(filter.size as usize).collect();
    Ok(Page::new(items, total, &filter)?)
}
