//! Why there is no connection: by the types of what the libraries say, never by their texts, which hold names and URLs.

use rustls::CertificateError;
use std::{error::Error as StdError, io};
use strongroom_core::causes;

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hitch {
    /// Nobody knows the host's name.
    Name,
    /// Nobody listens there.
    Closed,
    /// What answers speaks no TLS.
    Plain,
    /// The certificate has ended, or does not begin yet.
    Expired,
    /// The certificate is another host's.
    OtherHost,
    /// Nobody whom we trust vouches for the certificate.
    Untrusted,
    /// Something else about TLS.
    Tls,
    /// Anything else.
    Network,
}

impl Hitch {
    /// That of a connection that did not come about.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        match causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidMessage(_)) => Self::Plain,
            Some(rustls::Error::InvalidCertificate(why)) => Self::of_certificate(why),
            Some(_) => Self::Tls,
            None if error.is_dns() => Self::Name,
            None if causes(error).any(is_closed) => Self::Closed,
            None => Self::Network,
        }
    }

    fn of_certificate(why: &CertificateError) -> Self {
        use CertificateError as Why;
        match why {
            Why::Expired | Why::ExpiredContext { .. } | Why::NotValidYet | Why::NotValidYetContext { .. } => {
                Self::Expired
            }
            Why::NotValidForName | Why::NotValidForNameContext { .. } => Self::OtherHost,
            _ => Self::Untrusted,
        }
    }

    /// What it is, and what to do about it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Name => "nobody knows its host; check `address`, and what resolves names here",
            Self::Closed => "nobody listens there; check `address`, the network, and whether the server runs",
            Self::Plain => "no TLS is spoken there; check `address`: does it begin with http://?",
            Self::Expired => "its certificate is not valid now; renew it, and check this host's clock",
            Self::OtherHost => {
                "its certificate is another host's; check `address`, and the names in the certificate"
            }
            Self::Untrusted => {
                "its certificate is not trusted; name its authority with `ca_path`, and check `address`"
            }
            Self::Tls => "TLS did not come about; check `address`, `ca_path` and `cert_path`",
            Self::Network => "it cannot be reached; check `address` and the network",
        }
    }
}

fn is_closed(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    #[tokio::test]
    async fn a_closed_port_and_one_without_tls_are_told_apart() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let plain = format!("https://{}/", listener.local_addr().unwrap());
        let answering = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut hello = [0; 16_384];
            let _ = client.read(&mut hello);
            let _ = client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
            // Until the client has gone: what is left unread would take the answer away.
            let _ = client.read(&mut hello);
        });
        let client = reqwest::Client::builder().tls_backend_rustls().no_proxy().tls_certs_only([]);
        let client = client.build().unwrap();
        for (url, expected) in [("http://127.0.0.1:9/", Hitch::Closed), (plain.as_str(), Hitch::Plain)] {
            let error = client.get(url).send().await.unwrap_err();
            assert!(error.is_connect(), "{error:?}");
            assert_eq!(Hitch::of(&error), expected, "{error:?}");
        }
        answering.join().unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told() {
        for (why, expected) in [
            (CertificateError::UnknownIssuer, Hitch::Untrusted),
            (CertificateError::NotValidForName, Hitch::OtherHost),
            (CertificateError::Expired, Hitch::Expired),
        ] {
            assert_eq!(Hitch::of_certificate(&why), expected);
        }
    }
}
