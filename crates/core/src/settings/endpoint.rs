//! Where a service is reached, and whether others can read along on the way there.

use crate::{Error, ErrorKind, Result};
use std::net::IpAddr;

/// Whether a host is this machine: `localhost`, or an address of the loopback interface, in brackets or not.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Whether nobody can read what is sent to a URL of HTTP on the way: it is HTTPS, or leads nowhere but to this machine.
#[must_use]
pub fn is_private(url: &str) -> bool {
    url.starts_with("https://") || host(url).is_some_and(is_this_machine)
}

/// Checks the URL of a service that secrets and credentials are sent to. `key` is what the configuration calls it,
/// `example` one that would do. `allow_http` allows plain HTTP to other machines, too.
///
/// # Errors
/// [`ErrorKind::ConfigInvalid`] with the key and the remedy, and without the URL, which may have a password in it.
pub fn check_endpoint(key: &str, url: &str, example: &str, allow_http: bool) -> Result<()> {
    let invalid = |text: String| Err(Error::new(ErrorKind::ConfigInvalid, text));
    if host(url).is_none_or(str::is_empty) || url.contains(['@', '?', '#', ' ']) {
        return invalid(format!("{key}: give a URL such as {example}, without a user"));
    }
    if !allow_http && !is_private(url) {
        return invalid(format!("{key}: plain HTTP to another host; use https, or set allow_http = true"));
    }
    Ok(())
}

/// The host of a URL of HTTP, an address of IPv6 without its brackets; `None` if there is a user, behind whom the host
/// would be another one than it seems.
#[must_use]
pub fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '\\', '?', '#']).next().filter(|authority| !authority.contains('@'))?;
    match authority.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(address, _)| address),
        None => authority.split(':').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_few_names() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["", "example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "[::2]", "[::1"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_user_hides_no_host() {
        for url in
            ["http://127.0.0.1@example.com", "http://127.0.0.1:80@example.com", "http://localhost:x@[::2]/"]
        {
            assert!(!is_private(url), "{url}");
        }
        assert!(is_private("http://127.0.0.1:80/") && is_private("https://example.com"));
    }

    #[test]
    fn nothing_goes_to_another_host_in_the_clear() {
        for (endpoint, allow, fine) in [
            ("https://secrets.example.com", false, true),
            ("http://127.0.0.1:5000", false, true),
            ("http://localhost:5000/", false, true),
            ("http://[::1]:5000", false, true),
            ("http://10.0.0.1", false, false),
            ("http://10.0.0.1", true, true),
            ("http://127.0.0.1.example.com", false, false),
            ("http://localhost.example.com", false, false),
            ("http://user:password@127.0.0.1", true, false),
            ("http://127.0.0.1@example.com", false, false),
            ("http://[::1", true, false),
            ("ftp://127.0.0.1", true, false),
            ("127.0.0.1:5000", true, false),
            ("https://", true, false),
        ] {
            let checked = check_endpoint("endpoint", endpoint, "https://secrets.example.com", allow);
            assert_eq!(checked.is_ok(), fine, "{endpoint}");
            if let Err(error) = checked {
                let shown = error.to_string();
                assert!(shown.contains("endpoint") && !shown.contains("password"), "{shown}");
            }
        }
    }
}
