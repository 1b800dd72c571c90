//! Who a request is from where proxies pass requests on.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The client's address: the peer's, or what trusted proxies say, read from the end that they write.
pub(super) fn client(proxies: &[IpNet], peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let trusted = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    let mut address = peer?;
    if !trusted(&address) {
        return Some(address);
    }
    // What a client wrote stands in front of what a proxy adds, and may be no text: that hides nothing behind it.
    let lines = headers.get_all("x-forwarded-for").iter();
    let all: Vec<&[u8]> = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
    for element in all.into_iter().rev() {
        let Some(next) = read(element) else { break };
        address = next;
        if !trusted(&address) {
            break;
        }
    }
    Some(address)
}

/// An address as proxies write it: some add the port, and those that listen for both families may write an IPv4 address as
/// an IPv6 one, which no network of the configuration would have.
fn read(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// Whom a request is from with these lines of the header, one after the other.
    fn seen(sent: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        for line in sent.split(|byte| *byte == b'\n') {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap());
        client(&proxies, Some("10.0.0.1".parse().unwrap()), &headers).unwrap().to_string()
    }

    #[test]
    fn addresses_are_read_in_all_the_forms_that_proxies_write() {
        for (sent, from) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:4711", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            // One proxy behind another.
            ("198.51.100.1, 192.0.2.7, ::ffff:10.1.2.3", "192.0.2.7"),
            ("192.0.2.7, 10.1.2.3:80, [fd00::1]:80", "192.0.2.7"),
            ("[192.0.2.7", "10.0.0.1"),
            ("192.0.2.7:port", "10.0.0.1"),
            ("unknown", "10.0.0.1"),
        ] {
            assert_eq!(seen(sent.as_bytes()), from, "{sent}");
        }
    }

    #[test]
    fn what_is_no_text_hides_no_address_behind_it_and_leads_to_none_in_front_of_it() {
        let cases: [(&[u8], &str); 6] = [
            (b"\xE9, 192.0.2.7", "192.0.2.7"),
            (b"\xE9\n192.0.2.7", "192.0.2.7"),
            ("198.51.100.1, é, 192.0.2.7, 10.1.2.3".as_bytes(), "192.0.2.7"),
            (b"192.0.2.7, \xE9", "10.0.0.1"),
            (b"192.0.2.7\n\xE9, 10.1.2.3", "10.1.2.3"),
            (b"192.0.2.7\xE9", "10.0.0.1"),
        ];
        for (sent, from) in cases {
            assert_eq!(seen(sent), from, "{}", sent.escape_ascii());
        }
    }
}
