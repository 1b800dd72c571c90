//! How far the storage of a node has to be that answers us.
//!
//! In a cluster a node may answer that has not seen a write yet: OpenBao's standbys do unless that is configured otherwise,
//! and Vault Enterprise's performance standbys. They look at what they have also before they pass a write on. A request
//! that names an index is answered by a node that has come as far, or refused, or passed on to the active node if it asks
//! for that. On OpenBao ours name one that no standby has, so that the active node answers all, whoever of this deployment
//! wrote. Vault passes on only where that is configured: there they name the index of our own last write. See OpenBao's
//! "Eventual consistency" and Vault's "Eventual consistency in Vault replication".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, OnceLock, PoisonError};

/// In answers and in requests.
pub(crate) const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
/// What a node does that has not come as far: have the active node answer, if it may.
pub(crate) const LAGGING: HeaderName = HeaderName::from_static("x-vault-inconsistent");
pub(crate) const FORWARD: HeaderValue = HeaderValue::from_static("forward-active-node");

/// Writes that no storage will ever have seen.
const FAR: u64 = 1 << 60;

/// What the server told; nothing if it is no cluster.
#[derive(Default)]
pub(crate) struct Index {
    /// The highest of our own writes.
    own: Mutex<Option<HeaderValue>>,
    /// One that no standby has; nothing of a server that writes indices in another way.
    far: OnceLock<HeaderValue>,
}

impl Index {
    /// What a request names whose server does not pass it on.
    pub(crate) fn own(&self) -> Option<HeaderValue> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a request names that only the active node is to answer.
    pub(crate) fn far(&self) -> Option<HeaderValue> {
        self.far.get().cloned()
    }

    /// Notes what an answer told. Answers may come in another order than the writes.
    pub(crate) fn note(&self, headers: &HeaderMap, wrote: bool) {
        let Some(told) = headers.get(INDEX) else { return };
        if self.far.get().is_none()
            && let Some(far) = far(told)
        {
            let _ = self.far.set(far);
        }
        if !wrote {
            return;
        }
        let mut known = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let is_behind =
            |known: &HeaderValue| place(told).zip(place(known)).is_some_and(|(told, known)| told < known);
        if !known.as_ref().is_some_and(is_behind) {
            *known = Some(told.clone());
        }
    }
}

/// An index as OpenBao writes it.
#[derive(Deserialize, Serialize)]
struct Told {
    cluster: String,
    value: String,
}

fn read(index: &HeaderValue) -> Option<Told> {
    serde_json::from_slice(&STANDARD.decode(index.as_bytes()).ok()?).ok()
}

/// Its number; of others the last one counts.
fn place(index: &HeaderValue) -> Option<u64> {
    read(index)?.value.parse().ok()
}

fn far(index: &HeaderValue) -> Option<HeaderValue> {
    let far = Told { value: FAR.to_string(), ..read(index)? };
    HeaderValue::from_str(&STANDARD.encode(serde_json::to_vec(&far).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_index_counts_and_of_what_nobody_can_read_the_last() {
        let index = Index::default();
        let note = |text: &str| {
            let headers = HeaderMap::from_iter([(INDEX, HeaderValue::from_str(text).unwrap())]);
            index.note(&headers, true);
            index.own().unwrap().to_str().unwrap().to_owned()
        };
        let at = |value: u64| STANDARD.encode(format!(r#"{{"cluster":"c","value":"{value}"}}"#));
        assert_eq!(note(&at(9)), at(9));
        assert_eq!(note(&at(10)), at(10));
        assert_eq!(note(&at(9)), at(10));
        assert_eq!(note("v1:opaque"), "v1:opaque");
        assert_eq!(note("v1:another"), "v1:another");
        index.note(&HeaderMap::new(), true);
        let read = HeaderMap::from_iter([(INDEX, HeaderValue::from_str(&at(11)).unwrap())]);
        index.note(&read, false);
        assert_eq!(index.own().unwrap(), "v1:another");
        assert_eq!(place(&index.far().unwrap()), Some(FAR));
    }
}
