//! Changes that are made at certain revisions alone: `If-Match`.

use super::error::ApiError;
use axum::http::{HeaderMap, HeaderValue, header};
use std::collections::BTreeSet;
use strongroom_core::{ErrorKind, Reason, Result, Revision};

/// What a tag stands for that is weak, or none of ours: no secret is at it.
const NEVER: Revision = Revision(0);

/// The revisions of which the secret has to be at one; if there are none, it may be at any.
#[derive(Default)]
pub(crate) struct IfMatch(BTreeSet<Revision>);

impl IfMatch {
    /// Reads the header; `*` is any.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        if !headers.contains_key(header::IF_MATCH) {
            return Ok(Self::default());
        }
        let list = Self::bytes(headers);
        let revisions = match std::str::from_utf8(&list).unwrap_or_default().trim() {
            "*" => Some(BTreeSet::new()),
            list => revisions(list),
        };
        let text = "If-Match: it must be revisions in quotes, as in ETag, with commas between them, or *";
        revisions.map(Self).ok_or_else(|| ApiError::invalid(text))
    }

    /// The header's lines as the one that they stand for.
    pub(crate) fn bytes(headers: &HeaderMap) -> Vec<u8> {
        let lines: Vec<&[u8]> = headers.get_all(header::IF_MATCH).iter().map(HeaderValue::as_bytes).collect();
        lines.join(&b", "[..])
    }

    /// Whether some revisions will not do.
    pub(crate) fn is_bound(&self) -> bool {
        !self.0.is_empty()
    }

    /// Makes a change at one of the revisions. A conflict tells which one the secret is at: that may be another one of them.
    pub(crate) async fn meet<T, F: Future<Output = Result<T>>>(
        &self,
        change: impl Fn(Option<Revision>) -> F,
    ) -> Result<T> {
        let mut expected = self.0.first().copied();
        loop {
            let error = match change(expected).await {
                Err(error) if error.kind() == ErrorKind::Conflict => error,
                answer => return answer,
            };
            match error.reason() {
                // A secret's revision only rises: this comes to an end.
                Some(Reason::Stale(actual)) if self.0.contains(&actual) && expected < Some(actual) => {
                    expected = Some(actual);
                }
                _ => return Err(error),
            }
        }
    }
}

/// What a list of entity tags names; `None` if it is no such list.
fn revisions(mut list: &str) -> Option<BTreeSet<Revision>> {
    let mut revisions = BTreeSet::new();
    loop {
        // Places between commas may be empty.
        list = list.trim_start_matches([' ', '\t', ',']);
        if list.is_empty() {
            return Some(revisions).filter(|revisions| !revisions.is_empty());
        }
        let weak = list.strip_prefix("W/");
        let (tag, rest) = weak.unwrap_or(list).strip_prefix('"')?.split_once('"')?;
        list = rest.trim_start_matches([' ', '\t']);
        if !tag.bytes().all(|byte| byte.is_ascii_graphic()) || !(list.is_empty() || list.starts_with(',')) {
            return None;
        }
        let number = tag.parse().ok().filter(|number: &u64| weak.is_none() && number.to_string() == tag);
        revisions.insert(number.map_or(NEVER, Revision));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_http_has_them() {
        let read =
            |list: &str| revisions(list).map(|all| all.into_iter().map(|one| one.0).collect::<Vec<_>>());
        for (list, all) in [
            ("\"1\"", vec![1]),
            (" \"2\" ,\t\"1\",\"2\"", vec![1, 2]),
            (",, \"1\", ,\"3\",", vec![1, 3]),
            // None of ours, or weak: no revision.
            ("W/\"1\", \"2\"", vec![0, 2]),
            ("\"a,b\", \"W/\", \"\", \"01\", \"+1\"", vec![0]),
            ("\"18446744073709551616\"", vec![0]),
        ] {
            assert_eq!(read(list), Some(all), "{list}");
        }
        for list in
            ["", ",", "1", "\"1", "1\"", "\"1\" \"2\"", "\"1\"x", "w/\"1\"", "W/ \"1\"", "\"1 \"", "*, \"1\""]
        {
            assert_eq!(read(list), None, "{list}");
        }
    }
}
