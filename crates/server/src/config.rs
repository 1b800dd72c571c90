//! `[server]`.

use crate::tls::Tls;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result, Settings};

/// `[server]`: how the server listens and what it accepts.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Where it listens. Default `127.0.0.1:8237`.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// The address that callers use, for links; default: none.
    pub public_url: Option<String>,
    /// `behind-proxy` allows plain HTTP on other addresses than loopback: a proxy that ends TLS stands in front.
    pub plaintext: Option<Plaintext>,
    /// PEM file with the certificate chain; read again when it changes.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with its private key.
    pub tls_key: Option<PathBuf>,
    /// Networks of proxies whose `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<String>,
    /// Names that `Host` may have, without ports. Default: any.
    pub allowed_hosts: Vec<String>,
    /// The largest body, in bytes; 1 KiB to 64 MiB. Default 2 MiB.
    pub max_body_bytes: usize,
    /// The most connections at a time; 1 to 100,000. Default 1,024.
    pub max_connections: usize,
    /// How long the body of a request may take to come, and then what is done for it, each, in milliseconds; 100 to
    /// 600,000. Default 25,000.
    pub request_timeout_ms: u64,
    /// For how long the server goes on as usual but for `/ready` after it was told to end, in milliseconds; up to 600,000.
    /// Default: 0 on loopback, 5,000 elsewhere, where somebody has to notice that it is not ready.
    pub unready_ms: Option<u64>,
    /// How long requests under way may go on after the server was told to end, in milliseconds; up to 600,000. Default
    /// 20,000.
    pub drain_ms: u64,
    /// How long an access token is good for, in seconds; 1 to 86,400. Default 3,600.
    pub token_lifetime_s: u64,
    /// `loopback` opens `/metrics` to callers on this machine: they need neither an account nor a token. Default: nobody.
    pub metrics: Option<Unguarded>,
    /// The bearer token that opens `/metrics`, beside those of admins and auditors. Default: none.
    pub metrics_token: Option<SecretString>,
    /// What the server calls itself. Default `strongroom`.
    pub name: String,
}

/// Why plain HTTP is no danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plaintext {
    /// A proxy that ends TLS stands in front.
    BehindProxy,
}

/// From where counts are nobody's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unguarded {
    /// This machine, on which no proxy passes requests of others on.
    Loopback,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8237)),
            public_url: None,
            plaintext: None,
            tls_cert: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            allowed_hosts: Vec::new(),
            max_body_bytes: 2 << 20,
            max_connections: 1024,
            request_timeout_ms: 25_000,
            unready_ms: None,
            drain_ms: 20_000,
            token_lifetime_s: 3600,
            metrics: None,
            metrics_token: None,
            name: "strongroom".into(),
        }
    }
}

/// With an example for whoever writes a name or no port.
fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    ServerConfig::address(&text)
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &ServerConfig::ADDRESS))
}

/// A network, and the IPv4 addresses in it, which may be written as IPv6 ones: callers' are not.
fn canonical(net: IpNet) -> Vec<IpNet> {
    let IpNet::V6(v6) = net else { return vec![net] };
    let mapped = Ipv6Net::new_assert(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96);
    if v6.contains(&mapped) && v6 != mapped {
        return vec![net, Ipv4Net::default().into()];
    }
    let length = v6.prefix_len().checked_sub(96);
    let v4 = v6
        .addr()
        .to_ipv4_mapped()
        .zip(length)
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    vec![v4.map_or(net, IpNet::V4)]
}

impl ServerConfig {
    /// What an address to listen on looks like.
    pub const ADDRESS: &'static str = "an IP address and a port, such as 127.0.0.1:8237 or [::1]:8237";

    /// Reads an address to listen on. `localhost`, the one name that is known without asking anybody, is `127.0.0.1`.
    #[must_use]
    pub fn address(text: &str) -> Option<SocketAddr> {
        match text.strip_prefix("localhost:") {
            Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
            None => text.parse().ok(),
        }
    }

    /// Reads the section.
    ///
    /// # Errors
    /// `ConfigInvalid`, naming the key and the remedy.
    pub fn read(settings: Settings) -> Result<Self> {
        let config: Self = settings.parse()?;
        let within = |key: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(invalid(format!("server.{key}: use a whole number from {least} to {most}")))
        };
        within("max_body_bytes", config.max_body_bytes as u64, 1 << 10, 64 << 20)?;
        within("max_connections", config.max_connections as u64, 1, 100_000)?;
        within("request_timeout_ms", config.request_timeout_ms, 100, 600_000)?;
        within("unready_ms", config.unready_ms.unwrap_or(0), 0, 600_000)?;
        within("drain_ms", config.drain_ms, 0, 600_000)?;
        within("token_lifetime_s", config.token_lifetime_s, 1, 86_400)?;
        if config.tls_cert.is_some() != config.tls_key.is_some() {
            return Err(invalid("server.tls_cert and server.tls_key: give both or none".into()));
        }
        if !config.listen.ip().is_loopback() && config.tls_cert.is_none() && config.plaintext.is_none() {
            let text = "server.listen: other machines can reach this address, and passwords would cross the network in \
                        plain text; set server.tls_cert and server.tls_key, or server.plaintext = \"behind-proxy\" if \
                        a proxy in front ends TLS";
            return Err(invalid(text.into()));
        }
        if let Some(url) = &config.public_url {
            let origin = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let authority = origin.map(|rest| rest.trim_end_matches('/')).unwrap_or_default();
            if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
                let text =
                    "server.public_url: use scheme, host and port alone, such as https://secrets.example.com";
                return Err(invalid(text.into()));
            }
        }
        if !config.allowed_hosts.iter().all(|host| is_host(host)) {
            let text = "server.allowed_hosts: use names or addresses alone, such as secrets.example.com, without scheme \
                        and port";
            return Err(invalid(text.into()));
        }
        config.proxies()?;
        Ok(config)
    }

    /// Reads the certificate and its key, if there are any, as the server will.
    ///
    /// # Errors
    /// `ConfigInvalid`, naming the file and the remedy.
    pub fn check_certificate(&self) -> Result<()> {
        self.tls().map(drop)
    }

    pub(crate) fn tls(&self) -> Result<Option<Tls>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Tls::load(cert, key).map(Some),
            _ => Ok(None),
        }
    }

    /// The networks of trusted proxies.
    pub(crate) fn proxies(&self) -> Result<Vec<IpNet>> {
        let parse = |text: &String| {
            let net = text.parse().or_else(|_| text.parse().map(|ip: std::net::IpAddr| IpNet::from(ip)));
            net.map(canonical).map_err(|_| {
                invalid("server.trusted_proxies: use networks like 10.0.0.0/8 or single addresses".into())
            })
        };
        let nets: Vec<Vec<IpNet>> = self.trusted_proxies.iter().map(parse).collect::<Result<_>>()?;
        Ok(nets.concat())
    }

    /// What the operator may not have meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.has_proxy() && self.trusted_proxies.is_empty() {
            warnings.push(
                "a proxy stands in front, and server.trusted_proxies is empty: all callers seem to have the proxy's \
                 address, in the audit trail and where failed logins are slowed down; name the proxy's network",
            );
        }
        if self.has_proxy() && self.metrics.is_some() {
            warnings.push(
                "a proxy stands in front, so server.metrics has no effect: whoever reads /metrics needs \
                 server.metrics_token, or is an admin or auditor",
            );
        }
        warnings
    }

    /// Whether the configuration says that a proxy stands in front.
    pub(crate) fn has_proxy(&self) -> bool {
        let ends_tls = self.tls_cert.is_none()
            && self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        self.plaintext.is_some() || !self.trusted_proxies.is_empty() || ends_tls
    }

    /// Whether browsers are told to use TLS alone with the server's host, on all of its ports.
    pub(crate) fn wants_tls_alone(&self) -> bool {
        self.tls_cert.is_some() && !self.listen.ip().is_loopback()
    }

    pub(crate) fn unready(&self) -> Duration {
        let usual = if self.listen.ip().is_loopback() { 0 } else { 5_000 };
        Duration::from_millis(self.unready_ms.unwrap_or(usual))
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}

/// Whether it is a host alone, as `Host` has it: an address of IPv6 is in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && !text.contains(['/', ' ', ':', '[', ']']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_host_is_a_host_alone() {
        for host in ["secrets.example.com", "localhost", "192.0.2.1", "[::1]", "x_y"] {
            assert!(is_host(host), "{host}");
        }
        for text in [
            "",
            "https://x",
            "x/",
            "x:8237",
            "x:",
            "x:99999",
            "192.0.2.1:80",
            "::1",
            "[::1]:80",
            "[x]",
            "a b",
        ] {
            assert!(!is_host(text), "{text}");
        }
    }

    #[test]
    fn an_address_to_listen_on_has_a_port_and_no_name_but_localhost() {
        for (text, read) in [
            ("127.0.0.1:8237", "127.0.0.1:8237"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:8237", "127.0.0.1:8237"),
        ] {
            assert_eq!(ServerConfig::address(text).map(|address| address.to_string()).as_deref(), Some(read));
        }
        for text in
            ["", "localhost", "127.0.0.1", "::1:80", "example.com:80", "localhost:", "localhost:99999"]
        {
            assert_eq!(ServerConfig::address(text), None, "{text}");
        }
    }

    #[test]
    fn networks_of_proxies_are_those_of_the_addresses_that_are_seen() {
        let written =
            ["10.0.0.0/8", "192.0.2.1", "::ffff:10.0.0.0/104", "::ffff:192.0.2.1", "fd00::/8", "::/0"];
        let config = ServerConfig { trusted_proxies: written.map(Into::into).to_vec(), ..Default::default() };
        let read: Vec<String> = config.proxies().unwrap().iter().map(ToString::to_string).collect();
        let meant =
            ["10.0.0.0/8", "192.0.2.1/32", "10.0.0.0/8", "192.0.2.1/32", "fd00::/8", "::/0", "0.0.0.0/0"];
        assert_eq!(read, meant);
    }
}
