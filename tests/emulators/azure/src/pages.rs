//! Pages of lists.

use crate::refusal::{Refusal, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most that a page holds, and what it holds when nobody asks for fewer.
const MOST: usize = 25;

/// A page of what is sorted by these keys. The next one begins behind the last of it, whatever has gone by then.
pub(crate) fn cut(
    mut items: Vec<(String, Value)>,
    base: &str,
    path: &str,
    query: &BTreeMap<String, String>,
) -> Result<Value> {
    let size = match query.get("maxresults").map(|text| text.parse::<usize>()) {
        None => MOST,
        Some(Ok(size)) if (1..=MOST).contains(&size) => size,
        Some(_) => {
            let text = format!("The maxresults parameter must be between 1 and {MOST}.");
            return Err(Refusal::bad(text));
        }
    };
    if let Some(token) = query.get("$skiptoken") {
        let behind = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let behind = behind.ok_or_else(|| Refusal::bad("The skiptoken is not valid."))?;
        items.retain(|(key, _)| *key > behind);
    }
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    let is_more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| is_more).map(|(last, _)| {
        // Links have a port, even the usual one.
        let port =
            if base.rsplit_once(':').is_some_and(|(_, port)| !port.starts_with('/')) { "" } else { ":443" };
        let version = query.get("api-version").map_or("", String::as_str);
        let token = URL_SAFE_NO_PAD.encode(last);
        let link = form_urlencoded::Serializer::new(String::new())
            .append_pair("api-version", version)
            .append_pair("$skiptoken", &token)
            .append_pair("maxresults", &size.to_string())
            .finish();
        format!("{base}{port}{path}?{}", link.replace("%24", "$"))
    });
    let shown: Vec<_> = items.into_iter().map(|(_, shown)| shown).collect();
    Ok(json!({"value": shown, "nextLink": next}))
}
