//! The name that a caller knows the server under: `Host`.

use axum::http::{HeaderMap, header};
use strongroom_core::settings::is_this_machine;

/// Without its port; nothing if there is none.
pub(crate) fn name(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match host.rsplit_once(':') {
        // The colons of an address are no port's.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether it is a machine's own name for itself.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    is_this_machine(name(headers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_port_is_no_part_of_the_name() {
        for (host, expected, local) in [
            ("secrets.example", "secrets.example", false),
            ("secrets.example:8237", "secrets.example", false),
            ("localhost", "localhost", true),
            ("LOCALHOST:8237", "LOCALHOST", true),
            ("127.0.0.1:8237", "127.0.0.1", true),
            ("[::1]:8237", "[::1]", true),
            ("[::1]", "[::1]", true),
            ("localhost.example", "localhost.example", false),
            ("", "", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!((name(&headers), is_local(&headers)), (expected, local), "{host}");
        }
        assert_eq!(name(&HeaderMap::new()), "");
    }
}
