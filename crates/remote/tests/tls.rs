//! Over TLS: who vouches for the server, and who does not.

mod site;

use secrecy::SecretString;
use site::Site;
use std::net::SocketAddr;
use strongroom_core::{Access, Context, ErrorKind, OwnerId, SecretFilter, SecretsStore as _};
use strongroom_remote::{Config, RemoteStore};
use tempfile::TempDir;
use uuid::Uuid;

/// A server with a certificate of its own making, and the files with it.
struct Secure {
    site: Site,
    directory: TempDir,
    key: SecretString,
}

impl Secure {
    async fn new() -> Self {
        Self::with(rcgen::IsCa::NoCa).await
    }

    async fn with(is_ca: rcgen::IsCa) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = is_ca;
        let made = params.self_signed(&signing_key).unwrap();
        let file = |name: &str, text: String| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let cert = file("cert.pem", made.pem());
        let key = file("key.pem", signing_key.serialize_pem());
        file("other.pem", rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem());
        let site = Site::with(&format!("tls_cert = '{cert}'\ntls_key = '{key}'")).await.unwrap();
        let (_, key) = site.account("program", &Access::full()).await.unwrap();
        Self { site, directory, key }
    }

    fn address(&self) -> SocketAddr {
        self.site.address
    }

    async fn list(&self, url: String, authority: Option<&str>) -> strongroom_core::Result<u64> {
        let mut config = Config::new(url);
        config.api_key = Some(self.key.clone());
        config.ca_file = authority.map(|name| self.directory.path().join(name));
        let cx = Context::full(OwnerId(Uuid::nil()), "test");
        Ok(RemoteStore::open(config)?.list(&cx, &SecretFilter::new()).await?.total)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_server_that_an_authority_vouches_for_is_spoken_to() {
    let secure = Secure::new().await;
    let port = secure.address().port();
    let by_name = format!("https://localhost:{port}");
    assert_eq!(secure.list(by_name.clone(), Some("cert.pem")).await.unwrap(), 0);
    for (url, authority) in [
        // Somebody else's authority, none but the system's, and a name that the certificate is not for.
        (by_name.clone(), Some("other.pem")),
        (by_name, None),
        (format!("https://127.0.0.1:{port}"), Some("cert.pem")),
    ] {
        let error = secure.list(url.clone(), authority).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{url} {authority:?}: {error}");
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(!error.to_string().contains("UnknownIssuer"), "{error}");
    }
    // Plain text to a port that speaks TLS, and the other way round, are no way in either.
    let error = secure.list(format!("http://localhost:{port}"), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let plain = Site::new().await.unwrap();
    let url = format!("https://localhost:{}", plain.address.port());
    let error = secure.list(url, Some("cert.pem")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authoritys_certificate_is_refused_in_words() {
    let secure = Secure::with(rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)).await;
    let url = format!("https://localhost:{}", secure.address().port());
    let error = secure.list(url, Some("cert.pem")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    let text = error.to_string();
    assert!(text.contains("basicConstraints=CA:FALSE") && !text.contains("CaUsedAsEndEntity"), "{text}");
}
