//! Pages of lists.

use crate::refusal::{Refusal, Result};
use std::collections::BTreeMap;

/// The most that a page holds, and what it holds when nobody asks for fewer.
const MOST: usize = 25_000;

/// A page of what is left, the newest first, and the token of the next one. `number` tells how new something is.
///
/// The next page begins behind the last of this one, whatever has gone or come by then.
pub(crate) fn cut<'a, T>(
    mut all: Vec<&'a T>,
    number: impl Fn(&T) -> u64,
    query: &BTreeMap<String, String>,
) -> Result<(Vec<&'a T>, Option<String>)> {
    let given = |name: &str| query.get(name).filter(|text| !text.is_empty());
    let size = match given("pageSize").map(|text| text.parse::<i32>()) {
        None | Some(Ok(0)) => MOST,
        Some(Ok(size)) => {
            usize::try_from(size).map_err(|_| Refusal::invalid("page_size must not be negative."))?.min(MOST)
        }
        Some(Err(_)) => return Err(Refusal::invalid("Invalid value at 'page_size' (TYPE_INT32)")),
    };
    let before = match given("pageToken").map(|text| u64::from_str_radix(text, 16)) {
        None => u64::MAX,
        Some(Ok(before)) => before,
        Some(Err(_)) => return Err(Refusal::invalid("The page token is not valid.")),
    };
    all.retain(|one| number(one) < before);
    all.sort_by_key(|one| std::cmp::Reverse(number(one)));
    let is_more = all.len() > size;
    all.truncate(size);
    let next = all.last().filter(|_| is_more).map(|last| format!("{:x}", number(last)));
    Ok((all, next))
}
