//! What those say no with who give tokens: Entra ID, and the metadata of hosts. By status and codes, never by texts,
//! which quote what was sent.
//!
//! The SDK reads none of it if a text has an escape of JSON, as the real ones have, or if there is no JSON at all, as of
//! a proxy on the way.

use crate::ours::Ours;
use serde::Deserialize;
use std::time::Duration;
use strongroom_core::{Error, ErrorKind, Retry};

/// An answer that gives no token.
pub(crate) struct Said<'a> {
    pub(crate) status: u16,
    /// What it says of the next time.
    pub(crate) after: Option<Duration>,
    pub(crate) body: &'a [u8],
}

impl Said<'_> {
    fn passing(&self, text: &'static str) -> Error {
        Error::new(ErrorKind::Unavailable, text).retryable(Retry::asked(self.after))
    }
}

/// Numbers, such as 7000215 for a wrong client secret: AADSTS7000215 in the documents of Entra ID.
#[derive(Default, Deserialize)]
struct Codes {
    #[serde(default)]
    error_codes: Vec<u32>,
}

/// Sorts an answer of Entra ID.
pub(crate) fn of_entra(said: &Said<'_>) -> Ours {
    let error = match said.status {
        408 | 429 | 500.. => said.passing("Azure's Entra ID gives no token now: try again"),
        _ => Error::new(
            ErrorKind::StoreRefused,
            "Azure does not accept our login: check tenant_id, client_id and what proves it, and their expiry",
        ),
    };
    let Codes { error_codes } = serde_json::from_slice(said.body).unwrap_or_default();
    let codes: Vec<_> = error_codes.iter().take(8).map(u32::to_string).collect();
    let error = if codes.is_empty() { error } else { error.with("AADSTS", codes.join(",")) };
    Ours::new(error.with("status", said.status))
}

/// Sorts an answer of a host's metadata.
pub(crate) fn of_metadata(said: &Said<'_>) -> Ours {
    const NOT_NOW: &str = "the metadata of the Azure host give no token now: try again";
    let error = match said.status {
        // They are being replaced, which takes about a minute.
        410 | 429 | 500.. => said.passing(NOT_NOW),
        // Either the same, or they are those of another cloud.
        404 => return Ours::new(said.passing(NOT_NOW).with("status", said.status)).absent(true),
        _ => Error::new(
            ErrorKind::StoreRefused,
            "the Azure host has no such identity: assign one to it, and check client_id if it is set",
        ),
    };
    Ours::new(error.with("status", said.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &[u8]) -> Said<'_> {
        Said { status, after: None, body }
    }

    #[test]
    fn codes_are_read_whatever_the_text_is() {
        let body = br#"{"error_codes":[7000215,50001],"error_description":"a \"canary\"\r\n"}"#;
        let error = of_entra(&said(401, body)).error;
        assert_eq!((error.kind(), error.retry()), (ErrorKind::StoreRefused, Retry::Never));
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("7000215,50001") && shown.contains("401"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
        for body in [&b"<html>canary"[..], b"", br#"{"error_codes":"canary"}"#] {
            let error = of_entra(&said(400, body)).error;
            assert_eq!(error.kind(), ErrorKind::StoreRefused);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (sorted, status, kind, absent) in [
            (of_entra as fn(&Said<'_>) -> Ours, 503, ErrorKind::Unavailable, false),
            (of_entra, 429, ErrorKind::Unavailable, false),
            (of_entra, 400, ErrorKind::StoreRefused, false),
            (of_metadata, 410, ErrorKind::Unavailable, false),
            (of_metadata, 404, ErrorKind::Unavailable, true),
            (of_metadata, 503, ErrorKind::Unavailable, false),
            (of_metadata, 400, ErrorKind::StoreRefused, false),
        ] {
            let ours = sorted(&Said { after: Some(Duration::from_secs(3)), ..said(status, b"") });
            assert_eq!((ours.error.kind(), ours.absent), (kind, absent), "{status}");
            let pause = Retry::After(Duration::from_secs(3));
            let retry = if kind == ErrorKind::Unavailable { pause } else { Retry::Never };
            assert_eq!(ours.error.retry(), retry, "{status}");
        }
    }
}
