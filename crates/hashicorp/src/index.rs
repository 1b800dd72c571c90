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
use std::sync::{Mutex, PoisonError};

/// In answers and in requests.
const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
/// What a node does that has not come as far: have the active node answer, if it may.
const LAGGING: HeaderName = HeaderName::from_static("x-vault-inconsistent");
const FORWARD: HeaderValue = HeaderValue::from_static("forward-active-node");

/// Writes that no storage will ever have seen.
const FAR: u64 = 1 << 60;

/// What the server told; nothing if it is no cluster.
#[derive(Default)]
pub(crate) struct Index(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// One that no standby of the cluster has, and the cluster; nothing of a server that writes indices in another way.
    far: Option<(HeaderValue, String)>,
    /// The last of our own writes.
    own: Option<HeaderValue>,
}

impl Index {
    /// What a request has to name.
    pub(crate) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&known.far, &known.own) {
            (Some((far, _)), _) => vec![(INDEX, far.clone()), (LAGGING, FORWARD)],
            (None, Some(own)) => vec![(INDEX, own.clone())],
            (None, None) => Vec::new(),
        }
    }

    /// Notes what an answer told.
    pub(crate) fn note(&self, headers: &HeaderMap, wrote: bool) {
        let Some(told) = headers.get(INDEX) else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match read(told) {
            // Behind the address there may be another cluster one day.
            Some(Told { cluster, .. }) if known.far.as_ref().is_none_or(|(_, known)| *known != cluster) => {
                known.far = far(&cluster).map(|far| (far, cluster));
            }
            Some(_) => {}
            None if wrote => known.own = Some(told.clone()),
            None => {}
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

fn far(cluster: &str) -> Option<HeaderValue> {
    let far = Told { cluster: cluster.to_owned(), value: FAR.to_string() };
    HeaderValue::from_str(&STANDARD.encode(serde_json::to_vec(&far).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(index: &Index, text: &str, wrote: bool) -> Vec<(HeaderName, HeaderValue)> {
        index.note(&HeaderMap::from_iter([(INDEX, HeaderValue::from_str(text).unwrap())]), wrote);
        index.headers()
    }

    #[test]
    fn where_indices_can_be_read_the_active_node_of_that_cluster_is_asked_for() {
        let index = Index::default();
        let at = |cluster: &str, value: u64| {
            STANDARD.encode(format!(r#"{{"cluster":"{cluster}","value":"{value}"}}"#))
        };
        for cluster in ["one", "another"] {
            for wrote in [false, true] {
                let headers = noted(&index, &at(cluster, 9), wrote);
                assert_eq!(headers[1], (LAGGING, FORWARD));
                let told = read(&headers[0].1).unwrap();
                assert_eq!((told.cluster.as_str(), told.value), (cluster, FAR.to_string()));
            }
        }
        index.note(&HeaderMap::new(), true);
        assert_eq!(index.headers().len(), 2);
    }

    #[test]
    fn of_indices_that_nobody_can_read_the_last_of_our_own_is_named() {
        let index = Index::default();
        assert_eq!(noted(&index, "v1:read", false), []);
        for text in ["v1:one", "v1:another"] {
            assert_eq!(noted(&index, text, true), [(INDEX, HeaderValue::from_str(text).unwrap())]);
        }
    }
}
