//! Query strings and forms: repeated keys, percent signs, and the words for booleans.

use strongroom_core::{
    Error, ErrorKind, Result, SecretFilter,
    filter::{Condition, Logic, Sort, yes_or_no},
};
use zeroize::Zeroizing;

/// The most pairs: each takes more memory than what was sent for it.
const MOST: usize = 256;

/// The pairs of a query string or a form, decoded, in their order. Forms have passwords and keys among their values.
#[derive(Default)]
pub(crate) struct Query(Vec<(String, Zeroizing<String>)>);

/// Which page of a list, and how its items look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    pub(crate) page: u32,
    pub(crate) size: u32,
    pub(crate) hydrate: bool,
}

impl Query {
    /// Reads one. What is no UTF-8 behind the percent signs is replaced.
    ///
    /// # Errors
    /// `InvalidInput` if it has too many pairs.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let pairs = form_urlencoded::parse(text.as_bytes());
        let pairs = pairs.map(|(key, value)| (key.into_owned(), Zeroizing::new(value.into_owned())));
        let pairs: Vec<_> = pairs.take(MOST + 1).collect();
        if pairs.len() > MOST {
            let text = format!("send at most {MOST} parameters or fields");
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        Ok(Self(pairs))
    }

    /// The last value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// All values of a key.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// All pairs, in their order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// A boolean.
    pub(crate) fn boolean(&self, key: &'static str, usual: bool) -> Result<bool> {
        match self.get(key) {
            None => Ok(usual),
            Some(text) => yes_or_no(text).ok_or_else(|| {
                Error::new(ErrorKind::InvalidInput, format!("{key}: it must be true or false"))
            }),
        }
    }

    /// A whole number.
    pub(crate) fn number(&self, key: &'static str) -> Result<Option<u64>> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Error::new(ErrorKind::InvalidInput, format!("{key}: it must be a whole number")))
        };
        self.get(key).map(parse).transpose()
    }

    /// `page`, `size` and `hydrate`.
    pub(crate) fn paging(&self) -> Result<Paging> {
        let number = |key, usual| -> Result<u32> {
            let found = self.number(key)?.unwrap_or(usual);
            Ok(u32::try_from(found).unwrap_or(u32::MAX))
        };
        let paging = Paging {
            page: number("page", 1)?,
            size: number("size", u64::from(SecretFilter::DEFAULT_SIZE))?,
            hydrate: self.boolean("hydrate", false)?,
        };
        SecretFilter::new().page(paging.page).size(paging.size).check()?;
        Ok(paging)
    }

    /// The filter of a list of secrets. Keys that it does not know mean nothing, as in the contract.
    pub(crate) fn filter(&self) -> Result<SecretFilter> {
        let paging = self.paging()?;
        let mut filter = SecretFilter::new().page(paging.page).size(paging.size);
        if let Some(text) = self.get("sort_by") {
            filter = filter.sort(Sort::parse(text)?);
        }
        if let Some(text) = self.get("logical_operator") {
            filter = filter.logic(Logic::parse(text)?);
        }
        for (key, value) in &self.0 {
            if Condition::FIELDS.contains(&key.as_str()) {
                filter = filter.on(key, value)?;
            }
        }
        Ok(filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_may_repeat() {
        let query = Query::parse("name=a%20b&name=c+d&x&y=%e2%82%ac&z=%zz&&w=a=b").unwrap();
        assert_eq!(query.all("name").collect::<Vec<_>>(), ["a b", "c d"]);
        assert_eq!((query.get("x"), query.get("y"), query.get("z")), (Some(""), Some("€"), Some("%zz")));
        assert_eq!((query.get("w"), query.get("v")), (Some("a=b"), None));
    }

    #[test]
    fn what_the_client_sends_is_a_filter() {
        let text = "hydrate=True&sort_by=desc:created&logical_operator=or&page=2&size=5&id=startswith:X&name=contains:X&foo=1";
        let filter = Query::parse(text).unwrap().filter().unwrap();
        assert_eq!((filter.page, filter.size, filter.conditions.len()), (2, 5, 2));
        for wrong in
            ["page=0", "size=0", "size=10001", "page=x", "sort_by=values", "name=oneof:x", "private=maybe"]
        {
            assert!(Query::parse(wrong).unwrap().filter().is_err(), "{wrong}");
        }
    }

    #[test]
    fn there_are_so_many_pairs_and_no_more() {
        let pairs = |count: usize| Query::parse(&"a=b&".repeat(count)).map(|query| query.pairs().count());
        assert_eq!(pairs(MOST).unwrap(), MOST);
        let refused = pairs(MOST + 1).unwrap_err();
        assert_eq!((refused.kind(), refused.to_string().contains("256")), (ErrorKind::InvalidInput, true));
    }
}
